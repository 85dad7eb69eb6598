/* compare_json.c: a comparison's results.jsonl, a line per run, and compare.json, figures and tests. Neither has times in it:
 * stopped and resumed, they are the same. */
#include "search/search.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- results.jsonl --------------------------------------------------------------------------- */

static json_t *run_json(const fy_arm_run *run)
{
    json_t *root = json_pack("{s:o, s:s, s:o}", "seed", fyi_json_seed(run->seed), "run", run->dir,
                             "value", fyi_json_of(run->value));

    if (root != NULL && run->error != NULL)
        (void)json_object_set_new(root, "error", json_string(run->error));
    return root;
}

static void put_line(const fy_arm_row *row, const fy_arm_run *run, fyi_buf *out)
{
    json_t *of = json_pack("{s:s*, s:s}", "shift", row->shift, "arm", row->arm);
    json_t *rest = run_json(run);
    char *text = NULL;

    if (rest != NULL && run->cell != NULL)
        fyi_cell_put(run->cell, rest);
    if (of != NULL && rest != NULL && json_object_update(of, rest) == 0)
        text = json_dumps(of, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (text != NULL)
        fyi_buf_printf(out, "%s\n", text);
    out->failed |= text == NULL;
    free(text);
    json_decref(rest);
    json_decref(of);
}

fy_status fyi_compare_write_results(const fy_comparison_table *r)
{
    char path[FY_RUN_DIR_MAX + 64];
    fyi_buf out = { 0 };
    fy_status st;

    FYI_FORWARD(fyi_place_path(r->dir, "results.jsonl", path, sizeof path));
    for (int i = 0; i < r->n_seeds; i++)
        for (int arm = 0; arm < r->n_rows; arm++)
            if (r->rows[arm].runs[i].is_done)
                put_line(&r->rows[arm], &r->rows[arm].runs[i], &out);
    st = out.failed ? fyi_enomem(out.len, "results.jsonl") : fyi_file_write(path, out.p, out.len);
    fyi_buf_release(&out);
    return st;
}

/* ---- compare.json ---------------------------------------------------------------------------- */

/* clang-format off */
#define AT(member) offsetof(fy_arm_row, member)
static const struct { const char *name; size_t at; } reals[] = {
    { "mean", AT(mean) }, { "sd", AT(sd) }, { "mean_low", AT(mean_low) }, { "mean_high", AT(mean_high) },
    { "diff", AT(diff) }, { "diff_sd", AT(diff_sd) }, { "ci_low", AT(ci_low) }, { "ci_high", AT(ci_high) },
    { "t", AT(t) }, { "p", AT(p) }, { "p_wilcoxon", AT(p_wilcoxon) }, { "p_holm", AT(p_holm) },
};
#undef AT
/* clang-format on */

static json_t *changes_json(const char *const *changes, int n)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < n; i++)
        (void)json_array_append_new(list, json_string(changes[i]));
    return list;
}

static json_t *runs_json(const fy_comparison_table *r, const fy_arm_row *row)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < r->n_seeds; i++)
        (void)json_array_append_new(list, run_json(&row->runs[i]));
    return list;
}

static json_t *row_json(const fy_comparison_table *r, const fy_arm_row *row)
{
    json_t *root = json_pack("{s:s*, s:s, s:o, s:s, s:i, s:i, s:i}", "shift", row->shift, "arm",
                             row->arm, "changes", changes_json(row->changes, row->n_changes),
                             "verdict", fy_verdict_name(row->verdict), "n", row->n, "failed",
                             r->n_seeds - row->n, "pairs", row->n_pairs);

    for (size_t i = 0; root != NULL && i < FYI_LEN(reals); i++)
        (void)json_object_set_new(
            root, reals[i].name,
            fyi_json_of(*(const double *)(const void *)((const char *)row + reals[i].at)));
    if (root != NULL)
        (void)json_object_set_new(root, "runs", runs_json(r, row));
    return root;
}

static json_t *rows_json(const fy_comparison_table *r)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < r->n_rows; i++)
        (void)json_array_append_new(list, row_json(r, &r->rows[i]));
    return list;
}

static json_t *failed_json(const fy_comparison_table *r)
{
    int n = 0;

    for (int i = 0; i < r->n_rows; i++)
        n += r->n_seeds - r->rows[i].n;
    return json_integer(n);
}

static json_t *seeds_json(const fy_comparison_table *r)
{
    json_t *list = json_array();

    for (int i = 0; list != NULL && i < r->n_seeds; i++)
        (void)json_array_append_new(list, fyi_json_seed(r->seeds[i]));
    return list;
}

fy_status fyi_compare_write_report(const fy_comparison_table *r)
{
    json_t *root = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "name", r->name,
                             "baseline", r->baseline, "metric", r->metric, "better",
                             r->higher_is_better ? "higher" : "lower", "level", json_real(r->level),
                             "seeds", seeds_json(r), "failed", failed_json(r), "first",
                             changes_json(r->first, r->n_first), "rows", rows_json(r));

    if (root != NULL && r->n_shifts > 0)
        (void)json_object_set_new(root, "shifts", changes_json(r->shifts, r->n_shifts));
    if (root != NULL)
        fyi_cells_put(r, root);
    return fyi_json_write(root, r->dir, "compare.json");
}
