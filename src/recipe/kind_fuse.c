/* kind_fuse.c: what methods for several modalities take and report: sides part_1, part_2 .. whose samples belong together, and
 * the figures of the whole and of every branch. */
#include "recipe/fuse.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- what keys alone cannot say -------------------------------------------------------------- */

static fy_status check_gaps(const fyi_settings *s, const fyi_entries *t, int n)
{
    for (int m = n; m < FY_MAX_MODALITIES; m++)
        for (int k = 0; k < FYI_SPLITS; k++)
            if (fyi_has_side(s, fyi_splits[k].side + m))
                return fyi_fail(FY_EINVAL,
                                "recipe %s: there is a data side '%s' and no '%s'; number the "
                                "modalities without a gap, each with a side to learn from",
                                t->path, fyi_side_names[fyi_splits[k].side + m],
                                fyi_side_names[FYI_PART + (k == 0 ? n : m)]);
    return FY_OK;
}

/* Samples to judge by have all parts, or there are none. */
static fy_status check_split(const fyi_settings *s, const fyi_entries *t, int k, int n)
{
    int with = -1, without = -1;

    for (int m = n - 1; m >= 0; m--)
        *(fyi_has_side(s, fyi_splits[k].side + m) ? &with : &without) = m;
    if (with < 0 || without < 0)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "recipe %s: there is a data side '%s' and no '%s'; %s samples have a part of "
                    "every modality: give all of them, or none",
                    t->path, fyi_side_names[fyi_splits[k].side + with],
                    fyi_side_names[fyi_splits[k].side + without], fyi_splits[k].what);
}

/* Sections of modalities that are not there. */
fy_status fyi_fuse_check_sections(const fyi_settings *s, const fyi_entries *t,
                                  const char *const *fronts)
{
    const int n = fyi_fuse_count(s);

    for (int m = n; m < FY_MAX_MODALITIES; m++)
        for (size_t i = 0; fronts[i] != NULL; i++) {
            char name[32];
            const fyi_section *section;

            (void)snprintf(name, sizeof name, "%s%d", fronts[i], m + 1);
            section = fyi_settings_section(s, name, strlen(name));
            if (section != NULL && section->is_open)
                return fyi_fail(FY_EINVAL,
                                "recipe %s: there are keys '%s.*' and no data side '%s'; the "
                                "modalities are part_1 to part_%d",
                                t->path, name, fyi_side_names[FYI_PART + m], n);
        }
    return FY_OK;
}

fy_status fyi_fuse_check_names(const fyi_settings *s, const fyi_entries *t)
{
    const int n = fyi_fuse_count(s);

    for (int m = 1; m < n; m++) {
        const char *name = fyi_fuse_options_of(s)->encoder[m].name;
        const int first = fyi_fuse_find(s, name);

        if (first != m)
            return fyi_fail(FY_EINVAL,
                            "recipe %s: 'encoder_%d.name' and 'encoder_%d.name' are both '%.80s'; "
                            "call the modalities otherwise",
                            t->path, first + 1, m + 1, name);
    }
    return FY_OK;
}

fy_status fyi_fuse_check_modality(const fyi_settings *s, const fyi_entries *t, const char *key,
                                  const char *name)
{
    const char *names[FY_MAX_MODALITIES + 1] = { NULL }, *near;
    const int n = fyi_fuse_count(s);

    if (name == NULL || *name == '\0' || fyi_fuse_find(s, name) >= 0)
        return FY_OK;
    for (int m = 0; m < n; m++)
        names[m] = fyi_fuse_options_of(s)->encoder[m].name;
    near = fyi_nearest(name, names);
    return fyi_fail(FY_EINVAL, "recipe %s: '%s' is '%.80s', which is no modality%s%s%s", t->path,
                    key, name, near ? "; did you mean '" : "; the first is '",
                    near ? near : names[0], near ? "'?" : "'");
}

static fy_status check_test(const fyi_settings *s, const fyi_entries *t)
{
    const fyi_pair_settings *o = &fyi_fuse_options_of(s)->pair;
    const bool has_own = fyi_has_side(s, FYI_PART_TEST);

    if (o->test > 0 && has_own)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'pair.test' would not be used, since there is a part_1_test; "
                        "leave one of them out",
                        t->path);
    if (o->drop_test > 0 && o->test == 0 && !has_own)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'pair.drop_test' would not be used, since there is no "
                        "part_1_test and no pair.test; leave it out",
                        t->path);
    if (o->test + s->run.holdout > 0.95)
        return fyi_fail(FY_EINVAL,
                        "recipe %s: 'pair.test' and 'holdout' leave %g of the samples to learn "
                        "from; make one of them smaller",
                        t->path, FYI_MAX(1 - o->test - s->run.holdout, 0.0));
    return FY_OK;
}

static fy_status check(const fyi_settings *s, const fyi_entries *t)
{
    static const char *const fronts[] = { "encoder_", "augment_", NULL };
    const int n = fyi_fuse_count(s);

    FYI_FORWARD(check_gaps(s, t, n));
    FYI_FORWARD(check_split(s, t, FYI_SPLIT_VAL, n));
    FYI_FORWARD(check_split(s, t, FYI_SPLIT_TEST, n));
    FYI_FORWARD(fyi_fuse_check_sections(s, t, fronts));
    FYI_FORWARD(fyi_fuse_check_names(s, t));
    FYI_FORWARD(fyi_fuse_check_modality(s, t, "pair.anchor", fyi_fuse_options_of(s)->pair.anchor));
    FYI_FORWARD(fyi_fuse_check_modality(s, t, "fuse.weak", fyi_fuse_options_of(s)->o.weak));
    return check_test(s, t);
}

void fyi_fuse_data_text(const fyi_settings *s, fyi_buf *out)
{
    const fyi_fuse_options *o = fyi_fuse_options_of(s);

    for (const fyi_key *k = fyi_pair_keys; k->key != NULL; k++) {
        fyi_key_text(k, &o->pair, out);
        fyi_buf_puts(out, "\n");
    }
    if (o->pair.seed.follows)
        fyi_buf_printf(out, "%llu\n", (unsigned long long)s->run.seed.value);
    for (int m = 0; m < fyi_fuse_count(s); m++)
        fyi_buf_printf(out, "%s\n", o->encoder[m].name);
}

/* ---- what the methods see ---------------------------------------------------------------------- */

static fy_status check_side(fyi_recipe_data *d, int m)
{
    const int train = FYI_PART + m, val = FYI_PART_VAL + m, test = FYI_PART_TEST + m;
    const int judging[] = { val, test };

    FYI_FORWARD(fyi_fuse_need_labels(d, train));
    FYI_FORWARD(fyi_data_keep_apart(d, val, test));
    for (size_t i = 0; i < FYI_LEN(judging); i++) {
        FYI_FORWARD(fyi_fuse_need_labels(d, judging[i]));
        FYI_FORWARD(fyi_data_compare_names(d, train, judging[i]));
        FYI_FORWARD(fyi_data_compare(d, train, judging[i]));
        FYI_FORWARD(fyi_data_keep_apart(d, train, judging[i]));
    }
    return FY_OK;
}

/* Replaces *parts by what is left of them. */
static fy_status drop(const fyi_settings *s, int k, double share, fy_parts **parts)
{
    const uint64_t seed =
        fyi_seed_value(s, &fyi_fuse_options_of(s)->pair.seed, fyi_side_names[fyi_splits[k].side]);
    fy_parts *left;

    if (share == 0)
        return FY_OK;
    FYI_FORWARD(fy_parts_drop(*parts, share, seed, &left));
    fy_parts_free(*parts);
    *parts = left;
    return FY_OK;
}

static fy_status view(const fyi_settings *s, fyi_recipe_data *d)
{
    const fyi_pair_settings *o = &fyi_fuse_options_of(s)->pair;
    const double shares[FYI_SPLITS] = {
        [FYI_SPLIT_TRAIN] = o->drop, [FYI_SPLIT_TEST] = o->drop_test
    };

    for (int m = 0; m < fyi_fuse_count(s); m++)
        FYI_FORWARD(check_side(d, m));
    for (int k = 0; k < FYI_SPLITS; k++) {
        if (d->side[fyi_splits[k].side] == NULL)
            continue;
        FYI_FORWARD(fyi_fuse_pair(s, d, k, &d->parts[k]));
        FYI_FORWARD(drop(s, k, shares[k], &d->parts[k]));
        if (k != FYI_SPLIT_TRAIN)
            fyi_data_look_at_count(d, fyi_splits[k].side, fy_parts_count(d->parts[k]));
    }
    d->view.fuse = (fy_fuse_data){ .train = d->parts[FYI_SPLIT_TRAIN],
                                   .val = d->parts[FYI_SPLIT_VAL],
                                   .test = d->parts[FYI_SPLIT_TEST] };
    return FY_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

/* clang-format off */
#define AT(member) offsetof(fy_fuse_branch, member)
static const struct { const char *name; size_t at; } figures[] = {
    { "accuracy", AT(accuracy) }, { "val", AT(val) }, { "probe", AT(probe) },
    { "shapley", AT(shapley) }, { "unique", AT(unique) }, { "beta", AT(beta) },
};
#undef AT
#define AT(member) offsetof(fy_fuse_report, member)
static const struct { const char *name; size_t at; } wholes[] = {
    { "epochs", AT(epochs) }, { "best_epoch", AT(best_epoch) }, { "moved", AT(moved) },
};
#undef AT
/* clang-format on */

static json_t *branch_json(const fy_fuse_branch *b)
{
    json_t *root = json_object();

    for (size_t i = 0; i < FYI_LEN(figures); i++)
        (void)json_object_set_new(
            root, figures[i].name,
            fyi_json_of(*(const double *)(const void *)((const char *)b + figures[i].at)));
    return root;
}

static void put(const fyi_recipe_data *d, const fy_recipe_result *r, json_t *root)
{
    const fy_fuse_report *f = &r->report.fuse;
    const fy_parts *names = d->parts[FYI_SPLIT_TRAIN];
    json_t *branches = json_object();

    (void)json_object_set_new(root, "fused", fyi_json_of(f->fused));
    (void)json_object_set_new(root, "fused_val", fyi_json_of(f->fused_val));
    for (int m = 0; m < f->n; m++)
        (void)json_object_set_new(branches, fy_parts_name(names, m), branch_json(&f->branches[m]));
    (void)json_object_set_new(root, "branches", branches);
    (void)json_object_set_new(root, "weak", json_string(fy_parts_name(names, f->weak)));
    (void)json_object_set_new(root, "branch_weak", fyi_json_of(f->branches[f->weak].accuracy));
    (void)json_object_set_new(root, "probe_weak", fyi_json_of(f->branches[f->weak].probe));
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        (void)json_object_set_new(
            root, wholes[i].name,
            json_integer(*(const int64_t *)(const void *)((const char *)f + wholes[i].at)));
    (void)json_object_set_new(root, "train_count", json_integer(fy_parts_count(names)));
}

static void take_branch(const json_t *from, fy_fuse_branch *b)
{
    for (size_t i = 0; i < FYI_LEN(figures); i++)
        *(double *)(void *)((char *)b + figures[i].at) = fyi_json_at(from, figures[i].name);
}

/* Branches come in the order in which they were put. */
static void take(const json_t *root, fy_recipe_result *r)
{
    fy_fuse_report *f = &r->report.fuse;
    const char *weak = json_string_value(json_object_get(root, "weak")), *name;
    json_t *branch;

    f->fused = fyi_json_at(root, "fused");
    f->fused_val = fyi_json_at(root, "fused_val");
    json_object_foreach(json_object_get(root, "branches"), name, branch)
    {
        if (f->n == FY_MAX_MODALITIES)
            break;
        if (weak != NULL && strcmp(name, weak) == 0)
            f->weak = f->n;
        take_branch(branch, &f->branches[f->n++]);
    }
    for (size_t i = 0; i < FYI_LEN(wholes); i++)
        *(int64_t *)(void *)((char *)f + wholes[i].at) =
            json_integer_value(json_object_get(root, wholes[i].name));
}

static const fyi_search_figure searched[] = {
    { "fused_val", "*", "val.fused", false, FYI_SIDES },
    { "branches.*.val", "*", "val.*", false, FYI_SIDES },
    { .path = NULL },
};

/* clang-format off */
#define EACH(X) X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7)
#define HELD_OUT(m) { FYI_PART + (m), FYI_PART_VAL + (m) }
#define VAL_FOLLOWS(m) { FYI_PART_VAL + (m), FYI_PART + (m) }
#define TEST_FOLLOWS(m) { FYI_PART_TEST + (m), FYI_PART + (m) }
/* clang-format on */
const fyi_kind fyi_kind_fuse = {
    .id = FY_KIND_FUSE,
    .name = "fuse",
    .figure = "fused",
    .needs = FYI_SIDE(FYI_PART) | FYI_SIDE(FYI_PART + 1),
    .takes = FYI_SIDE(FYI_PART_TARGET) - FYI_SIDE(FYI_PART), /* all parts */
    .held_out = { EACH (HELD_OUT) },
    .n_held_out = FY_MAX_MODALITIES,
    .follows = { EACH (VAL_FOLLOWS), EACH (TEST_FOLLOWS) },
    .n_follows = 2 * FY_MAX_MODALITIES,
    .check = check,
    .data_text = fyi_fuse_data_text,
    .part = fyi_fuse_part,
    .tests = ((FYI_SIDE(FY_MAX_MODALITIES) - 1) << FYI_PART_TEST),
    .searched = searched,
    .view = view,
    .put = put,
    .take = take,
};
