/* pairing.c: the samples of several sides as samples of several parts, and what of them is held out.
 *
 *   by number, by key   parts are paired, whole samples held out, and each split paired again
 *   by label            each modality is split by itself, and paired within each split: no part is in two of them */
#include "recipe/fuse.h"

#include "data/data.h"

#include <stdlib.h>
#include <string.h>

const fyi_split fyi_splits[FYI_SPLITS] = { { FYI_PART, "training" },
                                           { FYI_PART_VAL, "validation" },
                                           { FYI_PART_TEST, "test" } };

bool fyi_fuse_is_by(const fyi_settings *s, const char *way)
{
    return strcmp(fyi_fuse_options_of(s)->pair.by, way) == 0;
}

int fyi_fuse_count(const fyi_settings *s)
{
    int n = 0;

    while (n < FY_MAX_MODALITIES && fyi_has_side(s, FYI_PART + n))
        n++;
    return n;
}

int fyi_fuse_find(const fyi_settings *s, const char *name)
{
    for (int m = 0; m < fyi_fuse_count(s); m++)
        if (strcmp(fyi_fuse_options_of(s)->encoder[m].name, name) == 0)
            return m;
    return -1;
}

fy_status fyi_fuse_need_labels(const fyi_recipe_data *d, int i)
{
    return fyi_data_need_labels(d, i, "models learn from them and are judged by them");
}

/* ---- pairing --------------------------------------------------------------------------------- */

fy_status fyi_fuse_pair_sides(const fyi_settings *s, const fy_dataset *const *sides,
                              const char *name, fy_parts **out)
{
    const fyi_fuse_options *given = fyi_fuse_options_of(s);
    const char *names[FY_MAX_MODALITIES];
    const int n = fyi_fuse_count(s);
    const fy_parts_opts o = { .by = fyi_fuse_is_by(s, "number") ? FY_PAIR_NUMBER
                                    : fyi_fuse_is_by(s, "key")  ? FY_PAIR_KEY
                                                                : FY_PAIR_LABEL,
                              .keep_incomplete = given->pair.keep_incomplete,
                              .anchor = fyi_fuse_find(s, given->pair.anchor),
                              .seed = fyi_seed_value(s, &given->pair.seed, name) };

    for (int m = 0; m < n; m++)
        names[m] = given->encoder[m].name;
    return fy_parts_open(sides, names, n, &o, out);
}

fy_status fyi_fuse_pair(const fyi_settings *s, const fyi_recipe_data *d, int split, fy_parts **out)
{
    const fy_dataset *sides[FY_MAX_MODALITIES];
    fy_status st;

    for (int m = 0; m < fyi_fuse_count(s); m++)
        sides[m] = d->side[fyi_splits[split].side + m];
    st = fyi_fuse_pair_sides(s, sides, fyi_side_names[fyi_splits[split].side], out);
    return st == FY_OK ? FY_OK
                       : fyi_wrap(st, "while pairing the %s samples", fyi_splits[split].what);
}

/* ---- whole samples held out ------------------------------------------------------------------ */

/* A sample of a side by its number in the source. */
typedef struct numbered {
    int64_t origin, at;
} numbered;

static int by_origin(const void *a, const void *b)
{
    const numbered *x = a, *y = b;

    return (x->origin > y->origin) - (x->origin < y->origin);
}

static int by_place(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* Where in the side the part of each paired sample stands; -1 where it is missing. */
static fy_status find_places(const fy_dataset *side, const fy_parts *p, int m, int64_t *at)
{
    const fy_dataset *paired = fy_parts_dataset(p, m);
    const int64_t n = fy_dataset_count(side);
    numbered *all = fyi_calloc((size_t)n, sizeof *all);

    if (all == NULL)
        return fyi_enomem((size_t)n * sizeof *all, "holding samples out");
    for (int64_t i = 0; i < n; i++)
        all[i] = (numbered){ fy_dataset_origin(side, i), i };
    qsort(all, (size_t)n, sizeof *all, by_origin);
    for (int64_t i = 0; i < fy_parts_count(p); i++) {
        const numbered wanted = { fy_dataset_origin(paired, i), 0 };
        const numbered *found = bsearch(&wanted, all, (size_t)n, sizeof *all, by_origin);

        at[i] = fy_parts_there(p, m)[i] > 0 && found != NULL ? found->at : -1;
    }
    fyi_free(all);
    return FY_OK;
}

/* What sides are to be divided into: of each part of the split its place among `splits`. */
typedef struct division {
    fy_split_opts o;
    int split[FYI_SPLITS];
} division;

static void add_part(division *v, int split, double frac)
{
    v->split[v->o.n_parts] = split;
    v->o.frac[v->o.n_parts++] = frac;
}

/* Training samples, and what is judged by and has no sides of its own. */
static division divide(const fyi_settings *s, const fyi_recipe_data *d)
{
    const double val = d->side[FYI_PART_VAL] == NULL ? s->run.holdout : 0;
    const double test = fyi_fuse_options_of(s)->pair.test;
    division v = { .o = fy_split_defaults() };

    v.o.n_parts = 0;
    v.o.seed = s->run.seed.value;
    add_part(&v, FYI_SPLIT_TRAIN, 1 - val - test);
    if (val > 0)
        add_part(&v, FYI_SPLIT_VAL, val);
    if (test > 0)
        add_part(&v, FYI_SPLIT_TEST, test);
    return v;
}

/* Gives each split its samples of a modality; frees the side that they were. */
static void give_parts(const division *v, fyi_recipe_data *d, int m, fy_dataset *const *parts)
{
    fy_dataset_free(d->side[FYI_PART + m]);
    for (int p = 0; p < v->o.n_parts; p++)
        d->side[fyi_splits[v->split[p]].side + m] = parts[p];
}

/* What a division of all modalities' samples at once is made of. */
typedef struct parting {
    division to;
    fy_parts *whole;
    int *share;  /* [count], part of the division */
    int64_t *at; /* [count] scratch, places in one side */
    int64_t *of; /* [count] scratch, those of one share */
} parting;

static void release_parting(parting *p)
{
    fyi_free(p->of);
    fyi_free(p->at);
    fyi_free(p->share);
    fy_parts_free(p->whole);
}

static fy_status take_memory(parting *p)
{
    const size_t n = (size_t)fy_parts_count(p->whole);

    p->share = fyi_calloc(n, sizeof *p->share);
    p->at = fyi_calloc(n, sizeof *p->at);
    p->of = fyi_calloc(n, sizeof *p->of);
    return p->share != NULL && p->at != NULL && p->of != NULL
               ? FY_OK
               : fyi_enomem(n * sizeof *p->at, "holding samples out");
}

/* The side's samples of one share, in the side's order. */
static fy_status take_share(const parting *p, const fy_dataset *side, int share, fy_dataset **out)
{
    int64_t n = 0;

    for (int64_t i = 0; i < fy_parts_count(p->whole); i++)
        if (p->share[i] == share && p->at[i] >= 0)
            p->of[n++] = p->at[i];
    qsort(p->of, (size_t)n, sizeof *p->of, by_place);
    if (n == 0)
        return fyi_fail(FY_EINVAL, "no sample of '%s' is left for %s", fy_dataset_name(side),
                        fyi_splits[p->to.split[share]].what);
    return fy_dataset_subset(side, p->of, n, out);
}

static fy_status part_side(const parting *p, fyi_recipe_data *d, int m)
{
    const fy_dataset *side = d->side[FYI_PART + m];
    fy_dataset *parts[FYI_SPLITS] = { NULL };
    fy_status st;

    FYI_FORWARD(find_places(side, p->whole, m, p->at));
    for (int k = 0; k < p->to.o.n_parts; k++)
        FY_TRY(take_share(p, side, k, &parts[k]));
    give_parts(&p->to, d, m, parts);
    return FY_OK;
done:
    for (int k = 0; k < FYI_SPLITS; k++)
        fy_dataset_free(parts[k]);
    return st;
}

static fy_status part_samples(const fyi_settings *s, fyi_recipe_data *d, parting *p)
{
    const int n = fyi_fuse_count(s);

    for (int m = 0; m < n; m++)
        p->to.o.across_groups = p->to.o.across_groups || s->side[FYI_PART + m].across_groups;
    FYI_FORWARD(take_memory(p));
    FYI_FORWARD(fyi_dataset_shares(fy_parts_dataset(p->whole, 0), &p->to.o, p->share));
    for (int m = 0; m < n; m++)
        FYI_FORWARD(part_side(p, d, m));
    return FY_OK;
}

/* By label there is nothing that belongs together. */
static fy_status part_sides(const fyi_settings *s, fyi_recipe_data *d, division *v)
{
    for (int m = 0; m < fyi_fuse_count(s); m++) {
        fy_dataset *parts[FY_MAX_PARTS] = { NULL };

        v->o.across_groups = s->side[FYI_PART + m].across_groups;
        FYI_FORWARD(fy_dataset_split(d->side[FYI_PART + m], &v->o, parts));
        give_parts(v, d, m, parts);
    }
    return FY_OK;
}

fy_status fyi_fuse_part(const fyi_settings *s, fyi_recipe_data *d)
{
    parting p = { .to = divide(s, d) };
    fy_status st;

    if (p.to.o.n_parts == 1)
        return FY_OK;
    for (int m = 0; m < fyi_fuse_count(s); m++)
        FYI_FORWARD(fyi_fuse_need_labels(d, FYI_PART + m));
    if (!fyi_fuse_is_by(s, "label"))
        FYI_FORWARD(fyi_fuse_pair(s, d, FYI_SPLIT_TRAIN, &p.whole));
    st = p.whole == NULL ? part_sides(s, d, &p.to) : part_samples(s, d, &p);
    release_parting(&p);
    return st == FY_OK
               ? FY_OK
               : fyi_wrap(st, "while keeping samples from training, instead of which the data "
                              "sides 'part_1_val', 'part_2_val' .. can be given");
}
