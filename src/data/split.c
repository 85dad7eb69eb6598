/* split.c: disjoint parts of a dataset by seed.
 *
 * Samples are shuffled (and lined up class by class when stratified) and dealt like cards: each
 * goes to the part that lacks most, so that every prefix, hence every class and the whole, is
 * within about one sample of the fractions. Whole groups are dealt the same way, largest first. */
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

typedef struct group {
    int64_t id, n;
} group;

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
    if (o->stratified && o->group != NULL)
        return fyi_fail(FY_EINVAL,
                        "dataset '%s': a split by group cannot be stratified as well; "
                        "turn one off",
                        d->name);
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

static int compare_groups(const void *a, const void *b)
{
    const group *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static int larger_first(const void *a, const void *b)
{
    const group *x = a, *y = b;

    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : (x->id > y->id) - (x->id < y->id);
}

/* Distinct groups with their sizes, sorted by id; returns how many. groups [n] */
static int64_t count_groups(const int64_t *of, int64_t n, group *groups)
{
    int64_t m = 0;

    for (int64_t i = 0; i < n; i++)
        groups[i] = (group){ of[i], 1 };
    qsort(groups, (size_t)n, sizeof *groups, compare_groups);
    for (int64_t i = 0; i < n; i++)
        if (m > 0 && groups[m - 1].id == groups[i].id)
            groups[m - 1].n++;
        else
            groups[m++] = groups[i];
    return m;
}

/* Gives every group a random rank, deals by (size, rank), and leaves share numbers in `n`. */
static void deal_groups(deal *s, uint64_t seed, group *groups, int64_t m, int64_t *ids)
{
    fy_rng r = fy_rng_named(seed, "data.split");
    int64_t *rank = ids + m;

    for (int64_t k = 0; k < m; k++) {
        ids[k] = groups[k].id;
        rank[k] = k;
    }
    fy_rng_shuffle(&r, rank, (size_t)m);
    for (int64_t k = 0; k < m; k++)
        groups[k].id = rank[k];
    qsort(groups, (size_t)m, sizeof *groups, larger_first);
    for (int64_t k = 0; k < m; k++)
        groups[k].n = deal_to(s, groups[k].n);
    /* Back to the order of the ids: rank[k] was the k-th id's. */
    qsort(groups, (size_t)m, sizeof *groups, compare_groups);
    for (int64_t k = 0; k < m; k++)
        rank[k] = groups[rank[k]].n;
}

static int64_t find_id(const int64_t *ids, int64_t m, int64_t id)
{
    int64_t lo = 0, hi = m - 1;

    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;

        if (ids[mid] < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static fy_status share_by_group(const fy_dataset *d, const fy_split_opts *o, deal *s, int *share)
{
    group *groups = fyi_calloc((size_t)d->n, sizeof *groups);
    int64_t *ids = fyi_calloc((size_t)d->n * 2, sizeof *ids);
    fy_status st = FY_OK;
    int64_t m;

    if (groups == NULL || ids == NULL) {
        st = fyi_enomem((size_t)d->n * sizeof *groups, "splitting by group");
        goto done;
    }
    m = count_groups(o->group, d->n, groups);
    deal_groups(s, o->seed, groups, m, ids);
    for (int64_t i = 0; i < d->n; i++)
        share[i] = (int)ids[m + find_id(ids, m, o->group[i])];
done:
    fyi_free(ids);
    fyi_free(groups);
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

fy_status fy_dataset_split(const fy_dataset *d, const fy_split_opts *o, fy_dataset *parts[])
{
    int64_t *pos = NULL;
    int *share = NULL;
    deal s;
    fy_status st;

    FYI_FORWARD(check_opts(d, o));
    memset(parts, 0, (size_t)o->n_parts * sizeof *parts);
    s = new_deal(o);
    pos = fyi_calloc((size_t)d->n, sizeof *pos);
    share = fyi_calloc((size_t)d->n, sizeof *share);
    if (pos == NULL || share == NULL) {
        st = fyi_enomem((size_t)d->n * sizeof *pos, "splitting a dataset");
        goto done;
    }
    FY_TRY(o->group != NULL ? share_by_group(d, o, &s, share)
                            : share_by_sample(d, o, &s, pos, share));
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
