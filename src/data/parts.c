/* parts.c: which samples of several datasets belong together. For each modality a list of its samples' positions, -1 where
 * the part is missing; a dataset over the same source then has them in that order. */
#include "data/data.h"

#include <ferry/parts.h>

#include <stdlib.h>
#include <string.h>

struct fy_parts {
    fyi_arena arena;
    int n; /* modalities */
    int64_t count;
    const char *name[FY_MAX_MODALITIES];
    fy_dataset *d[FY_MAX_MODALITIES];
    float *there[FY_MAX_MODALITIES]; /* [count] */
};

/* What is being paired: at[m][i] is the position in modality m's dataset of its part of sample i. */
typedef struct pairing {
    const fy_dataset *const *d;
    const char *const *names;
    int n;
    const fy_parts_opts *o;
    int64_t count;
    int64_t *at[FY_MAX_MODALITIES];
    fyi_arena arena;
} pairing;

fy_parts_opts fy_parts_defaults(void)
{
    return (fy_parts_opts){ .by = FY_PAIR_NUMBER, .anchor = -1 };
}

static fy_status take_lists(pairing *p, int64_t most)
{
    for (int m = 0; m < p->n; m++) {
        p->at[m] = fyi_arena_alloc(&p->arena, (size_t)most * sizeof *p->at[m]);
        if (p->at[m] == NULL)
            return fyi_enomem((size_t)most * sizeof *p->at[m], "pairing samples");
    }
    return FY_OK;
}

/* ---- what the datasets must have in common --------------------------------------------------- */

static bool has_same_classes(const fy_dataset *a, const fy_dataset *b)
{
    const int n = fy_dataset_classes(a);
    bool same = n == fy_dataset_classes(b);

    for (int c = 0; same && c < n; c++)
        same = strcmp(fy_dataset_class_name(a, c), fy_dataset_class_name(b, c)) == 0;
    return same;
}

static fy_status check_classes(const pairing *p, int m)
{
    const fy_dataset *a = p->d[0], *b = p->d[m];

    if (has_same_classes(a, b))
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "modalities '%s' and '%s': '%s' has %d classes and '%s' %d, or they have other names; "
        "parts of one sample are of one class",
        p->names[0], p->names[m], a->name, a->n_classes, b->name, b->n_classes);
}

static fy_status check(const pairing *p)
{
    if (p->n < 1 || p->n > FY_MAX_MODALITIES)
        return fyi_fail(FY_EINVAL, "%d modalities; expected 1 to %d", p->n, FY_MAX_MODALITIES);
    if (p->o->anchor < -1 || p->o->anchor >= p->n)
        return fyi_fail(FY_EINVAL, "modality %d is to be the anchor; there are 0 to %d",
                        p->o->anchor, p->n - 1);
    for (int m = 1; m < p->n; m++) {
        FYI_FORWARD(check_classes(p, m));
        for (int k = 0; k < m; k++)
            if (strcmp(p->names[k], p->names[m]) == 0)
                return fyi_fail(FY_EINVAL, "two modalities are called '%s'", p->names[m]);
    }
    return FY_OK;
}

/* The parts of sample i that are there, held against the first of them. */
static fy_status check_sample(const pairing *p, int64_t i)
{
    int first = -1;

    for (int m = 0; m < p->n; m++) {
        const fy_dataset *a, *b = p->d[m];
        const int64_t at = p->at[m][i];
        int64_t with;

        if (at < 0)
            continue;
        first = first < 0 ? m : first;
        a = p->d[first];
        with = p->at[first][i];
        if (a->label != NULL && b->label != NULL && a->label[with] != b->label[at])
            return fyi_fail(
                FY_EINVAL,
                "sample %lld of modality '%s' is of class '%s', and '%s' has '%s' for it; "
                "what belongs together is of one class",
                (long long)at, p->names[m], b->class_names[b->label[at]], p->names[first],
                a->class_names[a->label[with]]);
    }
    return FY_OK;
}

/* ---- three ways ------------------------------------------------------------------------------ */

static fy_status pair_numbers(pairing *p)
{
    p->count = p->d[0]->n;
    for (int m = 1; m < p->n; m++)
        if (p->d[m]->n != p->count)
            return fyi_fail(FY_EINVAL,
                            "modality '%s' has %lld samples and '%s' %lld; to be paired by number "
                            "they are as many",
                            p->names[0], (long long)p->count, p->names[m], (long long)p->d[m]->n);
    FYI_FORWARD(take_lists(p, p->count));
    for (int m = 0; m < p->n; m++)
        for (int64_t i = 0; i < p->count; i++)
            p->at[m][i] = i;
    return FY_OK;
}

typedef struct keyed {
    const char *key;
    size_t chars;
    int modality;
    int64_t at;
} keyed;

static int compare_keys(const keyed *a, const keyed *b)
{
    const size_t n = FYI_MIN(a->chars, b->chars);
    const int order = memcmp(a->key, b->key, n);

    return order != 0 ? order : (a->chars > b->chars) - (a->chars < b->chars);
}

static int by_key(const void *x, const void *y)
{
    const keyed *a = x, *b = y;
    const int order = compare_keys(a, b);

    return order != 0 ? order : a->modality - b->modality;
}

/* The key that a sample came with, or its name. */
static fy_status key_of(const pairing *p, int m, int64_t i, keyed *out)
{
    const char *key = fy_dataset_key(p->d[m], i), *name = fy_dataset_sample_name(p->d[m], i);

    if (key == NULL && name == NULL)
        return fyi_fail(FY_EINVAL,
                        "modality '%s': the samples of '%s' have no names to pair them by; pair by "
                        "number or by label",
                        p->names[m], p->d[m]->name);
    if (key != NULL) {
        *out = (keyed){ key, strlen(key), m, i };
        return FY_OK;
    }
    name = fyi_base_name(name);
    *out = (keyed){ name, strcspn(name, "."), m, i };
    return FY_OK;
}

static fy_status list_keys(const pairing *p, keyed *all)
{
    int64_t n = 0;

    for (int m = 0; m < p->n; m++)
        for (int64_t i = 0; i < p->d[m]->n; i++)
            FYI_FORWARD(key_of(p, m, i, &all[n++]));
    qsort(all, (size_t)n, sizeof *all, by_key);
    for (int64_t i = 1; i < n; i++)
        if (by_key(&all[i - 1], &all[i]) == 0)
            return fyi_fail(FY_EINVAL, "modality '%s' has two samples called '%.*s'",
                            p->names[all[i].modality], (int)FYI_MIN(all[i].chars, (size_t)200),
                            all[i].key);
    return FY_OK;
}

/* The parts of one key become a sample, if it is complete or need not be. */
static void add_sample(pairing *p, const keyed *of, int64_t n)
{
    if (n < p->n && !p->o->keep_incomplete)
        return;
    for (int m = 0; m < p->n; m++)
        p->at[m][p->count] = -1;
    for (int64_t i = 0; i < n; i++)
        p->at[of[i].modality][p->count] = of[i].at;
    p->count++;
}

static fy_status pair_keys(pairing *p)
{
    int64_t n = 0;
    keyed *all;

    for (int m = 0; m < p->n; m++)
        n += p->d[m]->n;
    all = fyi_arena_alloc(&p->arena, (size_t)n * sizeof *all);
    if (all == NULL)
        return fyi_enomem((size_t)n * sizeof *all, "pairing samples");
    FYI_FORWARD(take_lists(p, n));
    FYI_FORWARD(list_keys(p, all));
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && compare_keys(&all[i], &all[end]) == 0;)
            end++;
        add_sample(p, all + i, end - i);
    }
    if (p->count == 0)
        return fyi_fail(
            FY_EINVAL,
            "no sample has all %d parts: '%.*s' is the first name that there is, and not in every "
            "modality",
            p->n, (int)FYI_MIN(all[0].chars, (size_t)200), all[0].key);
    return FY_OK;
}

static int anchor_of(const pairing *p)
{
    int fewest = 0;

    if (p->o->anchor >= 0)
        return p->o->anchor;
    for (int m = 0; m < p->n; m++)
        if (fy_dataset_groups(p->d[m]) > 0)
            return m;
    for (int m = 1; m < p->n; m++)
        fewest = p->d[m]->n < p->d[fewest]->n ? m : fewest;
    return fewest;
}

/* Modality m's samples in a random order, class by class, dealt to the anchor's: the k-th of a class gets the k-th of that
 * class, from the first again after the last. */
static fy_status deal_class(pairing *p, int anchor, int m, int64_t *pos)
{
    const fy_dataset *d = p->d[m], *to = p->d[anchor];
    int64_t *first = fyi_arena_alloc(&p->arena, ((size_t)d->n_classes + 1) * sizeof *first);
    int64_t *used = fyi_arena_alloc(&p->arena, (size_t)d->n_classes * sizeof *used);
    char stream[96];

    if (first == NULL || used == NULL)
        return fyi_enomem((size_t)d->n_classes * sizeof *first, "pairing samples");
    for (int64_t i = 0; i < d->n; i++)
        pos[i] = i;
    (void)snprintf(stream, sizeof stream, "data.pair.%.64s", p->names[m]);
    FYI_FORWARD(fyi_shuffle_samples(d, pos, d->n, true, p->o->seed, stream));
    memset(used, 0, (size_t)d->n_classes * sizeof *used);
    for (int64_t i = 0, c = 0; c <= d->n_classes; c++) {
        first[c] = i;
        while (i < d->n && d->label[pos[i]] == c)
            i++;
    }
    for (int64_t i = 0; i < p->count; i++) {
        const int32_t c = to->label[i];
        const int64_t n = first[c + 1] - first[c];

        if (n == 0)
            return fyi_fail(FY_EINVAL,
                            "modality '%s' has no sample of class '%s', and '%s' has some",
                            p->names[m], d->class_names[c], p->names[anchor]);
        p->at[m][i] = pos[first[c] + used[c]++ % n];
    }
    return FY_OK;
}

static fy_status pair_labels(pairing *p)
{
    const int anchor = anchor_of(p);
    int64_t most = 0, *pos;

    for (int m = 0; m < p->n; m++) {
        FYI_FORWARD(fyi_dataset_need_labels(p->d[m], "pairing by label"));
        most = FYI_MAX(most, p->d[m]->n);
    }
    p->count = p->d[anchor]->n;
    FYI_FORWARD(take_lists(p, p->count));
    pos = fyi_arena_alloc(&p->arena, (size_t)most * sizeof *pos);
    if (pos == NULL)
        return fyi_enomem((size_t)most * sizeof *pos, "pairing samples");
    for (int64_t i = 0; i < p->count; i++)
        p->at[anchor][i] = i;
    for (int m = 0; m < p->n; m++)
        if (m != anchor)
            FYI_FORWARD(deal_class(p, anchor, m, pos));
    return FY_OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Labels and groups of samples: those of their first part that is there and has some. */
typedef struct facts {
    int32_t *label, *group; /* [count] */
    int labelled, grouped;  /* a modality that has them; -1: none */
} facts;

static fy_status find_facts(pairing *p, facts *f)
{
    f->label = fyi_arena_alloc(&p->arena, (size_t)p->count * sizeof *f->label);
    f->group = fyi_arena_alloc(&p->arena, (size_t)p->count * sizeof *f->group);
    f->labelled = f->grouped = -1;
    if (f->label == NULL || f->group == NULL)
        return fyi_enomem((size_t)p->count * sizeof *f->label, "pairing samples");
    for (int m = p->n - 1; m >= 0; m--) {
        f->labelled = p->d[m]->label != NULL ? m : f->labelled;
        f->grouped = fy_dataset_groups(p->d[m]) > 0 ? m : f->grouped;
    }
    for (int64_t i = 0; i < p->count; i++)
        for (int m = p->n - 1; m >= 0; m--)
            if (p->at[m][i] >= 0 && p->d[m]->label != NULL)
                f->label[i] = p->d[m]->label[p->at[m][i]];
    for (int64_t i = 0; i < p->count; i++) {
        const int64_t at = f->grouped < 0 ? -1 : p->at[f->grouped][i];

        f->group[i] = at < 0 ? -1 : fy_dataset_group(p->d[f->grouped], at);
    }
    return FY_OK;
}

/* Every sample of known group where there are groups: a part without may be anybody's. */
static bool knows_all_groups(const pairing *p, const facts *f)
{
    for (int64_t i = 0; f->grouped >= 0 && i < p->count; i++)
        if (f->group[i] < 0)
            return false;
    return f->grouped >= 0;
}

/* Position of the first part of modality m that is there; 0 if none is. */
static int64_t first_there(const pairing *p, int m)
{
    int64_t i = 0;

    while (i < p->count && p->at[m][i] < 0)
        i++;
    return i < p->count ? p->at[m][i] : 0;
}

/* Where a part is missing, that of the next sample that has it stands in, so that all of them together look like the data and not
 * like one sample many times, to norms over batches as well. */
static void take_samples(const pairing *p, int m, int64_t *index, float *there)
{
    int64_t next = first_there(p, m);

    for (int64_t i = p->count - 1; i >= 0; i--) {
        there[i] = p->at[m][i] >= 0;
        next = there[i] > 0 ? p->at[m][i] : next;
        index[i] = fyi_dataset_source_number(p->d[m], next);
    }
}

static fy_status make_dataset(const pairing *p, const facts *f, int m, fy_parts *out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(p->d[m]);
    int64_t *index = fyi_arena_alloc(&out->arena, (size_t)p->count * sizeof *index);
    const fy_dataset *grouped = knows_all_groups(p, f) ? p->d[f->grouped] : NULL;

    out->there[m] = fyi_arena_alloc(&out->arena, (size_t)p->count * sizeof *out->there[m]);
    out->name[m] = fyi_arena_printf(&out->arena, "%s", p->names[m]);
    if (index == NULL || out->there[m] == NULL || out->name[m] == NULL)
        return fyi_enomem((size_t)p->count * sizeof *index, "paired samples");
    take_samples(p, m, index, out->there[m]);
    spec.n = p->count;
    spec.index = index;
    spec.label = f->labelled < 0 ? NULL : f->label;
    spec.group = grouped != NULL ? f->group : NULL;
    spec.n_groups = grouped != NULL ? grouped->n_groups : 0;
    spec.group_names = grouped != NULL ? grouped->group_names : NULL;
    return fyi_dataset_new(&spec, &out->d[m]);
}

static fy_status make(pairing *p, fy_parts **out)
{
    fy_parts *made = fyi_calloc(1, sizeof *made);
    facts f;
    fy_status st;

    if (made == NULL)
        return fyi_enomem(sizeof *made, "paired samples");
    made->n = p->n;
    made->count = p->count;
    FY_TRY(find_facts(p, &f));
    for (int m = 0; m < p->n; m++)
        FY_TRY(make_dataset(p, &f, m, made));
    *out = made;
    return FY_OK;
done:
    fy_parts_free(made);
    return st;
}

static fy_status pair(pairing *p, fy_parts **out)
{
    static fy_status (*const ways[])(pairing *) = {
        [FY_PAIR_NUMBER] = pair_numbers, [FY_PAIR_KEY] = pair_keys, [FY_PAIR_LABEL] = pair_labels
    };

    FYI_FORWARD(check(p));
    if ((size_t)p->o->by >= FYI_LEN(ways))
        return fyi_fail(FY_EINVAL, "there is no way %d to pair samples", (int)p->o->by);
    FYI_FORWARD(ways[p->o->by](p));
    for (int64_t i = 0; i < p->count; i++)
        FYI_FORWARD(check_sample(p, i));
    return make(p, out);
}

fy_status fy_parts_open(const fy_dataset *const *d, const char *const *names, int n,
                        const fy_parts_opts *o, fy_parts **out)
{
    const fy_parts_opts defaults = fy_parts_defaults();
    pairing p = { .d = d, .names = names, .n = n, .o = o != NULL ? o : &defaults };
    fy_status st;

    *out = NULL;
    st = pair(&p, out);
    fyi_arena_release(&p.arena);
    return st;
}

void fy_parts_free(fy_parts *p)
{
    if (p == NULL)
        return;
    for (int m = 0; m < p->n; m++)
        fy_dataset_free(p->d[m]);
    fyi_arena_release(&p->arena);
    fyi_free(p);
}

/* ---- parts that go missing ------------------------------------------------------------------- */

/* One part of sample i stays, which one by chance among those that are there. */
static void drop_some(const pairing *p, int64_t i, double share, const fy_rng *r)
{
    fy_rng own = fy_rng_child(r, (uint64_t)i);
    int kept = -1, n = 0;

    for (int m = 0; m < p->n; m++)
        if (p->at[m][i] >= 0 && fy_rng_below(&own, (uint64_t)++n) == 0)
            kept = m;
    for (int m = 0; m < p->n; m++)
        if (m != kept && fy_rng_uniform(&own) < (float)share)
            p->at[m][i] = -1;
}

fy_status fy_parts_drop(const fy_parts *from, double share, uint64_t seed, fy_parts **out)
{
    const fy_parts_opts o = fy_parts_defaults();
    const fy_rng r = fy_rng_named(seed, "data.drop");
    pairing p = {
        .d = (const fy_dataset *const *)from->d, .names = from->name, .n = from->n, .o = &o
    };
    fy_status st;

    *out = NULL;
    if (!(share >= 0 && share < 1))
        return fyi_fail(FY_EINVAL,
                        "a share of %g of the parts is to be left out; expected 0 to below 1",
                        share);
    p.count = from->count;
    FY_TRY(take_lists(&p, p.count));
    for (int m = 0; m < p.n; m++)
        for (int64_t i = 0; i < p.count; i++)
            p.at[m][i] = from->there[m][i] > 0 ? i : -1;
    for (int64_t i = 0; i < p.count; i++)
        drop_some(&p, i, share, &r);
    st = make(&p, out);
done:
    fyi_arena_release(&p.arena);
    return st;
}

/* ---- some of them, and those without labels -------------------------------------------------------- */

static fy_status take_positions(pairing *p, const fy_parts *from, const int64_t *index, int64_t n)
{
    p->count = n;
    FYI_FORWARD(take_lists(p, n));
    for (int64_t i = 0; i < n; i++) {
        if (index[i] < 0 || index[i] >= from->count)
            return fyi_fail(FY_EINVAL, "sample %lld of %lld samples of several parts is wanted",
                            (long long)index[i], (long long)from->count);
        for (int m = 0; m < p->n; m++)
            p->at[m][i] = from->there[m][index[i]] > 0 ? index[i] : -1;
    }
    return FY_OK;
}

fy_status fy_parts_subset(const fy_parts *from, const int64_t *index, int64_t n, fy_parts **out)
{
    const fy_parts_opts o = fy_parts_defaults();
    pairing p = {
        .d = (const fy_dataset *const *)from->d, .names = from->name, .n = from->n, .o = &o
    };
    fy_status st;

    *out = NULL;
    if (n < 1)
        return fyi_fail(FY_EINVAL, "a set of %lld samples of several parts; expected 1 or more",
                        (long long)n);
    FY_TRY(take_positions(&p, from, index, n));
    st = make(&p, out);
done:
    fyi_arena_release(&p.arena);
    return st;
}

static fy_status unlabel_into(const fy_parts *from, fy_parts *out)
{
    const size_t bytes = (size_t)from->count * sizeof *from->there[0];

    out->n = from->n;
    out->count = from->count;
    for (int m = 0; m < from->n; m++) {
        out->name[m] = fyi_arena_printf(&out->arena, "%s", from->name[m]);
        out->there[m] = fyi_arena_alloc(&out->arena, bytes);
        if (out->name[m] == NULL || out->there[m] == NULL)
            return fyi_enomem(bytes, "samples without labels");
        memcpy(out->there[m], from->there[m], bytes);
        FYI_FORWARD(fy_dataset_unlabel(from->d[m], &out->d[m]));
    }
    return FY_OK;
}

fy_status fy_parts_unlabel(const fy_parts *from, fy_parts **out)
{
    fy_parts *made = fyi_calloc(1, sizeof *made);
    fy_status st;

    *out = NULL;
    if (made == NULL)
        return fyi_enomem(sizeof *made, "samples without labels");
    st = unlabel_into(from, made);
    if (st == FY_OK)
        *out = made;
    else
        fy_parts_free(made);
    return st;
}

/* ---- looking --------------------------------------------------------------------------------- */

int fy_parts_modalities(const fy_parts *p)
{
    return p->n;
}

int64_t fy_parts_count(const fy_parts *p)
{
    return p->count;
}

const char *fy_parts_name(const fy_parts *p, int m)
{
    return m >= 0 && m < p->n ? p->name[m] : NULL;
}

const fy_dataset *fy_parts_dataset(const fy_parts *p, int m)
{
    return m >= 0 && m < p->n ? p->d[m] : NULL;
}

const float *fy_parts_there(const fy_parts *p, int m)
{
    return m >= 0 && m < p->n ? p->there[m] : NULL;
}
