/* cell_json.c: the cells of a comparison of adaptations as JSON, and what they come to: for all of them, for every method and for every
 * shift, what the rule hands back, the last step, the oracle, and every validator by itself. */
#include "search/search.h"

#include <ferry/choose.h>

#include <jansson.h>
#include <math.h>
#include <string.h>

/* ---- one cell -------------------------------------------------------------------------------- */

/* clang-format off */
#define AT(member) offsetof(fy_cell, member)
static const struct { const char *name; size_t at; } figures[] = {
    { "source_only", AT(source_only) }, { "chosen", AT(chosen) }, { "last", AT(last) }, { "oracle", AT(oracle) },
}, steps[] = {
    { "chosen_step", AT(chosen_step) }, { "last_step", AT(last_step) }, { "oracle_step", AT(oracle_step) },
};
#undef AT
/* clang-format on */

static const void *member(const fy_cell *c, size_t at)
{
    return (const char *)c + at;
}

static json_t *step_json(int64_t step)
{
    return step >= 0 ? json_integer(step) : json_null();
}

/* {"entropy": {"step": 100, "accuracy": 0.9}} of those that chose. */
static json_t *alone_json(const fy_cell *c)
{
    json_t *root = json_object();

    for (int v = 0; root != NULL && fy_validators()[v] != NULL; v++)
        if (c->alone_step[v] >= 0)
            (void)json_object_set_new(root, fy_validators()[v],
                                      json_pack("{s:o, s:o}", "step", step_json(c->alone_step[v]),
                                                "accuracy", fyi_json_of(c->alone[v])));
    return root;
}

void fyi_cell_put(const fy_cell *c, json_t *to)
{
    for (size_t i = 0; i < FYI_LEN(figures); i++)
        (void)json_object_set_new(to, figures[i].name,
                                  fyi_json_of(*(const double *)member(c, figures[i].at)));
    for (size_t i = 0; i < FYI_LEN(steps); i++)
        (void)json_object_set_new(to, steps[i].name,
                                  step_json(*(const int64_t *)member(c, steps[i].at)));
    (void)json_object_set_new(to, "fell_back", json_boolean(c->fell_back));
    (void)json_object_set_new(to, "alone", alone_json(c));
}

/* ---- all of them ----------------------------------------------------------------------------- */

static json_t *cell_json(const fy_arm_row *row, const fy_arm_run *run)
{
    json_t *root = json_pack("{s:s*, s:s, s:o, s:s, s:s*}", "shift", row->shift, "arm", row->arm,
                             "seed", fyi_json_seed(run->seed), "run", run->dir, "error",
                             run->cell->has_failed ? run->error : NULL);

    if (root != NULL)
        fyi_cell_put(run->cell, root);
    return root;
}

static json_t *cells_json(const fy_comparison_table *t)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < t->n_seeds; i++)
        for (int row = 0; row < t->n_rows; row++)
            if (t->rows[row].runs[i].cell != NULL)
                (void)json_array_append_new(list, cell_json(&t->rows[row], &t->rows[row].runs[i]));
    return list;
}

static void put_harm(const fy_harm *h, json_t *to)
{
    (void)json_object_set_new(to, "n", json_integer(h->n));
    (void)json_object_set_new(to, "failed", json_integer(h->failed));
    (void)json_object_set_new(to, "harm_rate", fyi_json_of(h->harm_rate));
    (void)json_object_set_new(to, "collapse_rate", fyi_json_of(h->collapse_rate));
    (void)json_object_set_new(to, "kept_rate", fyi_json_of(h->kept_rate));
    (void)json_object_set_new(to, "accuracy", fyi_json_of(h->accuracy));
    (void)json_object_set_new(to, "gain", fyi_json_of(h->gain));
    (void)json_object_set_new(to, "oracle_gap", fyi_json_of(h->oracle_gap));
}

/* {"chosen": {"harm_rate": ..}, ..} of all who choose; without those who never know. */
static json_t *choosers_json(const fy_comparison_table *t, const char *shift, const char *arm)
{
    json_t *root = json_object();

    for (const char *const *by = fy_choosers(); root != NULL && *by != NULL; by++) {
        const fy_harm h = fy_comparison_harm(t, shift, arm, *by);
        json_t *one = json_object();

        if (h.n + h.failed > 0)
            (void)json_object_set(root, *by, one);
        put_harm(&h, one);
        json_decref(one);
    }
    return root;
}

static json_t *validators_json(const json_t *choosers)
{
    json_t *root = json_object();

    for (const char *const *v = fy_validators(); *v != NULL; v++)
        if (json_object_get(choosers, *v) != NULL)
            (void)json_object_set(root, *v, json_object_get(choosers, *v));
    return root;
}

static json_t *arms_json(const fy_comparison_table *t)
{
    json_t *root = json_object();

    for (int i = 0; root != NULL && i < t->n_arms; i++)
        (void)json_object_set_new(root, t->rows[i].arm, choosers_json(t, NULL, t->rows[i].arm));
    return root;
}

static json_t *shifts_json(const fy_comparison_table *t)
{
    json_t *root = json_object();

    for (int i = 0; root != NULL && i < t->n_shifts; i++)
        (void)json_object_set_new(root, t->shifts[i], choosers_json(t, t->shifts[i], NULL));
    return root;
}

void fyi_cells_put(const fy_comparison_table *t, json_t *root)
{
    const fy_harm h = fy_comparison_harm(t, NULL, NULL, "chosen");
    const fy_harm oracle = fy_comparison_harm(t, NULL, NULL, "oracle");
    json_t *all = choosers_json(t, NULL, NULL);

    if (h.n + h.failed > 0) {
        put_harm(&h, root);
        (void)json_object_set_new(root, "oracle_gain", fyi_json_of(oracle.gain));
        (void)json_object_set_new(root, "per_validator", validators_json(all));
        (void)json_object_set_new(root, "per_method", arms_json(t));
        (void)json_object_set_new(root, "per_shift", shifts_json(t));
        (void)json_object_set(root, "overall", all);
        (void)json_object_set_new(root, "cells", cells_json(t));
    }
    json_decref(all);
}
