/* split.c: disjoint parts of a dataset by seed.
 *
 * Samples are shuffled (and lined up class by class when stratified) and dealt like cards: each
 * goes to the part that lacks most, so that every prefix, hence every class and the whole, is
 * within about one sample of the fractions. Whole groups go, largest first, where they bring the classes' shares nearest to
 * the fractions, in the sum of squares. */
#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fractions sum to 1; the last share is of the samples that no part gets, and may be 0. */
typedef struct deal {
    int n_shares;
    double frac[FY_MAX_PARTS + 1];
    int64_t count[FY_MAX_PARTS + 1];
    int64_t total;
} deal;

fy_split_opts fy_split_defaults(void)
{
    return (fy_split_opts){ .n_parts = 2, .frac = { 0.8, 0.2 }, .stratified = true };
}

static fy_status check_opts(const fy_dataset *d, const fy_split_opts *o)
{
    double sum = 0;

    if (o->n_parts < 1 || o->n_parts > FY_MAX_PARTS)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': cannot be split into %d parts; 1 .. %d are "
                        "possible",
                        d->name, o->n_parts, FY_MAX_PARTS);
    for (int p = 0; p < o->n_parts; p++) {
        if (!(o->frac[p] > 0) || !isfinite(o->frac[p]))
            return fyi_fail(FY_EINVAL,
                            "dataset '%s': part %d is to have a fraction of %g; it must be "
                            "positive",
                            d->name, p, o->frac[p]);
        sum += o->frac[p];
    }
    if (sum > 1.0 + 1e-9)
        return fyi_fail(FY_EINVAL, "dataset '%s': the parts' fractions sum to %g, more than 1",
                        d->name, sum);
    return o->stratified ? fyi_dataset_need_labels(d, "a stratified split") : FY_OK;
}

static deal new_deal(const fy_split_opts *o)
{
    deal s = { .n_shares = o->n_parts + 1 };
    double rest = 1.0;

    for (int p = 0; p < o->n_parts; p++) {
        s.frac[p] = o->frac[p];
        rest -= o->frac[p];
    }
    /* 0.7 + 0.2 + 0.1 falls short of 1 by rounding; nobody meant to leave that out. */
    s.frac[o->n_parts] = rest > 1e-9 ? rest : 0.0;
    return s;
}

/* The share that lacks most once `n` more samples are dealt. The first of equals. */
static int deal_to(deal *s, int64_t n)
{
    int best = 0;
    double most = -INFINITY;

    s->total += n;
    for (int p = 0; p < s->n_shares; p++) {
        const double lacks = s->frac[p] * (double)s->total - (double)s->count[p];

        if (s->frac[p] > 0 && lacks > most + 1e-9) {
            most = lacks;
            best = p;
        }
    }
    s->count[best] += n;
    return best;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Samples lined up group by group, and what the shares still lack. */
typedef struct deck {
    const fy_dataset *d;
    int n_parts, n_shares, n_classes, n_groups;
    int64_t *begin;  /* [n_groups + 1], where a group's samples begin in `member` */
    int64_t *member; /* [count] */
    int *order; /* [n_groups], the largest first, equals by seed; those without samples are left out */
    double *lacks;  /* [n_shares, n_classes], of the class's samples */
    double *weight; /* [n_classes], one over its samples */
    const double *frac;
    bool has_any[FY_MAX_PARTS + 1];
    fyi_arena arena;
} deck;

static fy_status new_deck(const fy_dataset *d, const fy_split_opts *o, const deal *s, deck *k)
{
    const size_t n = (size_t)d->n_groups;

    k->d = d;
    k->n_parts = o->n_parts;
    k->n_shares = s->n_shares;
    k->n_classes = o->stratified ? d->n_classes : 1;
    k->frac = s->frac;
    k->begin = fyi_arena_alloc(&k->arena, (n + 1) * sizeof *k->begin);
    k->member = fyi_arena_alloc(&k->arena, (size_t)d->n * sizeof *k->member);
    k->order = fyi_arena_alloc(&k->arena, n * sizeof *k->order);
    k->weight = fyi_arena_alloc(&k->arena, (size_t)k->n_classes * sizeof *k->weight);
    k->lacks =
        fyi_arena_alloc(&k->arena, (size_t)k->n_shares * (size_t)k->n_classes * sizeof *k->lacks);
    return k->begin != NULL && k->member != NULL && k->order != NULL && k->weight != NULL &&
                   k->lacks != NULL
               ? FY_OK
               : fyi_enomem((size_t)d->n * sizeof *k->member, "splitting by group");
}

static int class_of(const deck *k, int64_t i)
{
    return k->n_classes > 1 ? k->d->label[i] : 0;
}

/* Counting sort by group. */
static void line_up(deck *k)
{
    const fy_dataset *d = k->d;

    for (int64_t i = 0; i < d->n; i++)
        k->begin[d->group[i]]++;
    for (int g = 1; g <= d->n_groups; g++)
        k->begin[g] += k->begin[g - 1];
    for (int64_t i = d->n - 1; i >= 0; i--)
        k->member[--k->begin[d->group[i]]] = i;
}

typedef struct ranked {
    int64_t n, rank;
    int group;
} ranked;

static int larger_first(const void *a, const void *b)
{
    const ranked *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->rank > y->rank) - (x->rank < y->rank);
}

static fy_status put_in_order(deck *k, uint64_t seed)
{
    const int m = k->d->n_groups;
    fy_rng r = fy_rng_named(seed, "data.split");
    ranked *v = fyi_arena_alloc(&k->arena, (size_t)m * sizeof *v);
    int64_t *rank = fyi_arena_alloc(&k->arena, (size_t)m * sizeof *rank);

    if (v == NULL || rank == NULL)
        return fyi_enomem((size_t)m * sizeof *v, "splitting by group");
    for (int g = 0; g < m; g++)
        rank[g] = g;
    fy_rng_shuffle(&r, rank, (size_t)m);
    for (int g = 0; g < m; g++)
        v[g] = (ranked){ k->begin[g + 1] - k->begin[g], rank[g], g };
    qsort(v, (size_t)m, sizeof *v, larger_first);
    for (int g = 0; g < m && v[g].n > 0; g++)
        k->order[k->n_groups++] = v[g].group;
    return FY_OK;
}

static void set_lacks(deck *k)
{
    for (int64_t i = 0; i < k->d->n; i++)
        k->weight[class_of(k, i)]++;
    for (int c = 0; c < k->n_classes; c++) {
        k->weight[c] = k->weight[c] > 0 ? 1 / k->weight[c] : 0;
        for (int p = 0; p < k->n_shares; p++)
            k->lacks[p * k->n_classes + c] = k->frac[p];
    }
}

/* How much nearer to its fractions a share comes with a group: what the sum of squares over its classes falls by, but for
 * what is the same for all shares. */
static double gain(const deck *k, int group, int share)
{
    double sum = 0;

    for (int64_t j = k->begin[group]; j < k->begin[group + 1]; j++)
        sum += k->lacks[share * k->n_classes + class_of(k, k->member[j])];
    return sum;
}

static bool is_starved(const deck *k, int left)
{
    int n_empty = 0;

    for (int p = 0; p < k->n_parts; p++)
        n_empty += !k->has_any[p];
    return left <= n_empty;
}

/* The share that gains most; the first of equals. Groups that are left go to empty parts while there are more of those. */
static int share_of(const deck *k, int group, int left)
{
    const bool to_empty = is_starved(k, left);
    int best = 0;
    double most = -INFINITY;

    for (int p = 0; p < k->n_shares; p++) {
        const bool may = to_empty ? p < k->n_parts && !k->has_any[p] : k->frac[p] > 0;
        const double v = may ? gain(k, group, p) : -INFINITY;

        if (v > most + 1e-9) {
            most = v;
            best = p;
        }
    }
    return best;
}

static void deal_group(deck *k, int group, int to, int *share)
{
    k->has_any[to] = true;
    for (int64_t j = k->begin[group]; j < k->begin[group + 1]; j++) {
        const int c = class_of(k, k->member[j]);

        k->lacks[to * k->n_classes + c] -= k->weight[c];
        share[k->member[j]] = to;
    }
}

static fy_status deal_groups(deck *k, int *share)
{
    if (k->n_groups < k->n_parts)
        return fyi_fail(
            FY_EINVAL,
            "dataset '%s': its samples come from %d groups, among them '%.80s', too few "
            "for %d parts without a group in common; choose the parts by hand, or "
            "split across groups",
            k->d->name, k->n_groups, k->d->group_names[k->order[0]], k->n_parts);
    for (int i = 0; i < k->n_groups; i++)
        deal_group(k, k->order[i], share_of(k, k->order[i], k->n_groups - i), share);
    return FY_OK;
}

static fy_status share_by_group(const fy_dataset *d, const fy_split_opts *o, const deal *s,
                                int *share)
{
    deck k = { 0 };
    fy_status st;

    FY_TRY(new_deck(d, o, s, &k));
    line_up(&k);
    FY_TRY(put_in_order(&k, o->seed));
    set_lacks(&k);
    FY_TRY(deal_groups(&k, share));
done:
    fyi_arena_release(&k.arena);
    return st;
}

/* ---- samples --------------------------------------------------------------------------------- */

static fy_status share_by_sample(const fy_dataset *d, const fy_split_opts *o, deal *s, int64_t *pos,
                                 int *share)
{
    for (int64_t i = 0; i < d->n; i++)
        pos[i] = i;
    FYI_FORWARD(fyi_shuffle_samples(d, pos, d->n, o->stratified, o->seed, "data.split"));
    for (int64_t i = 0; i < d->n; i++)
        share[pos[i]] = deal_to(s, 1);
    return FY_OK;
}

static fy_status make_part(const fy_dataset *d, const fy_split_opts *o, const int *share, int part,
                           int64_t *pos, fy_dataset **out)
{
    int64_t n = 0;
    char how[96];

    for (int64_t i = 0; i < d->n; i++)
        if (share[i] == part)
            pos[n++] = i;
    if (n == 0)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': part %d of the split (fraction %g of %lld samples) "
                        "would be empty",
                        d->name, part, o->frac[part], (long long)d->n);
    (void)snprintf(how, sizeof how, "; part %d of %d (%g) by seed %llu", part, o->n_parts,
                   o->frac[part], (unsigned long long)o->seed);
    return fyi_dataset_pick(d, pos, n, how, out);
}

/* pos [count] scratch. */
static fy_status deal_out(const fy_dataset *d, const fy_split_opts *o, int64_t *pos, int *share)
{
    deal s;

    FYI_FORWARD(check_opts(d, o));
    s = new_deal(o);
    return d->group != NULL && !o->across_groups ? share_by_group(d, o, &s, share)
                                                 : share_by_sample(d, o, &s, pos, share);
}

fy_status fyi_dataset_shares(const fy_dataset *d, const fy_split_opts *o, int *share)
{
    int64_t *pos = fyi_calloc((size_t)d->n, sizeof *pos);
    const fy_status st = pos != NULL
                             ? deal_out(d, o, pos, share)
                             : fyi_enomem((size_t)d->n * sizeof *pos, "splitting a dataset");

    fyi_free(pos);
    return st;
}

fy_status fy_dataset_split(const fy_dataset *d, const fy_split_opts *o, fy_dataset *parts[])
{
    int64_t *pos = NULL;
    int *share = NULL;
    fy_status st;

    FYI_FORWARD(check_opts(d, o));
    memset(parts, 0, (size_t)o->n_parts * sizeof *parts);
    pos = fyi_calloc((size_t)d->n, sizeof *pos);
    share = fyi_calloc((size_t)d->n, sizeof *share);
    if (pos == NULL || share == NULL) {
        st = fyi_enomem((size_t)d->n * sizeof *pos, "splitting a dataset");
        goto done;
    }
    FY_TRY(deal_out(d, o, pos, share));
    for (int p = 0; p < o->n_parts; p++)
        FY_TRY(make_part(d, o, share, p, pos, &parts[p]));
    st = FY_OK;
done:
    for (int p = 0; st != FY_OK && p < o->n_parts; p++) {
        fy_dataset_free(parts[p]);
        parts[p] = NULL;
    }
    fyi_free(share);
    fyi_free(pos);
    return st;
}
