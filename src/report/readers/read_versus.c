/* read_versus.c: compare.json, a comparison as fy_comparison_run leaves it (src/search/compare_json.c has its form). */
#include "report/report.h"

#include "search/search.h"

#include <math.h>
#include <string.h>

#define FILE_NAME "compare.json"
#define MAX_BYTES ((size_t)64 << 20)
#define MAX_CHANGES 256

/* clang-format off */
#define AT(member) offsetof(fyi_versus_arm, member)
static const struct { const char *key; size_t at; } figures[] = {
    { "mean", AT(mean) }, { "sd", AT(sd) }, { "mean_low", AT(mean_low) }, { "mean_high", AT(mean_high) },
    { "diff", AT(diff) }, { "ci_low", AT(ci_low) }, { "ci_high", AT(ci_high) },
    { "p", AT(p) }, { "p_wilcoxon", AT(p_wilcoxon) }, { "p_holm", AT(p_holm) },
};
#undef AT
/* clang-format on */

static fy_verdict read_verdict(const json_t *row)
{
    const char *name = json_string_value(json_object_get(row, "verdict"));

    for (int v = FY_VERDICT_BASELINE; name != NULL && v <= FY_VERDICT_INCOMPLETE; v++)
        if (strcmp(name, fy_verdict_name((fy_verdict)v)) == 0)
            return (fy_verdict)v;
    return FY_VERDICT_UNTESTED;
}

static void read_changes(fyi_report *r, const json_t *list, fyi_versus_arm *arm)
{
    const size_t n = FYI_MIN(json_array_size(list), MAX_CHANGES);

    arm->changes = fyi_report_alloc(r, n, sizeof *arm->changes);
    for (size_t i = 0; arm->changes != NULL && i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text != NULL)
            arm->changes[arm->n_changes++] = fyi_report_dup(r, text);
    }
}

static void read_runs(fyi_report *r, const json_t *list, fyi_versus_arm *arm)
{
    arm->runs = fyi_report_alloc(r, r->versus.n_seeds, sizeof *arm->runs);
    for (size_t i = 0; arm->runs != NULL && i < r->versus.n_seeds; i++) {
        const json_t *run = json_array_get(list, i);

        arm->runs[i] = (fyi_versus_run){ fyi_json_number(run, "value"), fyi_read_run_dir(r, run),
                                         fyi_json_text(r, run, "error") };
    }
}

/* "<shift>.<arm>" */
static const char *read_label(fyi_report *r, const json_t *row)
{
    const char *shift = fyi_json_text(r, row, "shift"), *arm = fyi_json_text(r, row, "arm");
    const char *label = shift[0] != '\0' ? fyi_arena_printf(&r->arena, "%s.%s", shift, arm) : arm;

    r->no_memory |= label == NULL;
    return label != NULL ? label : "";
}

static void read_arm(fyi_report *r, const json_t *row, fyi_versus_arm *arm)
{
    arm->name = read_label(r, row);
    arm->verdict = read_verdict(row);
    arm->n = fyi_json_whole(row, "n");
    for (size_t i = 0; i < FYI_LEN(figures); i++)
        *(double *)(void *)((char *)arm + figures[i].at) = fyi_json_number(row, figures[i].key);
    read_changes(r, json_object_get(row, "changes"), arm);
    read_runs(r, json_object_get(row, "runs"), arm);
}

static void read_seeds(fyi_report *r, const json_t *list)
{
    fyi_versus *v = &r->versus;

    v->n_seeds = FYI_MIN(json_array_size(list), FYI_MAX_SEEDS);
    v->seeds = fyi_report_alloc(r, v->n_seeds, sizeof *v->seeds);
    for (size_t i = 0; v->seeds != NULL && i < v->n_seeds; i++)
        v->seeds[i] = fyi_read_seed(r, json_array_get(list, i));
}

/* Named as its runs are. */
static void read_first(fyi_report *r, const json_t *changes)
{
    r->versus.first.name = "first";
    read_changes(r, changes, &r->versus.first);
}

static void read_arms(fyi_report *r, const json_t *rows)
{
    fyi_versus *v = &r->versus;
    const size_t n = json_array_size(rows);
    double most = 0;

    if (n > FYI_MAX_ARMS)
        fyi_report_note(r, FILE_NAME ": of %zu arms the first %d are shown.", n, FYI_MAX_ARMS);
    v->arms = fyi_report_alloc(r, FYI_MIN(n, FYI_MAX_ARMS), sizeof *v->arms);
    while (v->arms != NULL && v->n_arms < FYI_MIN(n, FYI_MAX_ARMS)) {
        fyi_versus_arm *arm = &v->arms[v->n_arms];

        read_arm(r, json_array_get(rows, v->n_arms), arm);
        most = isfinite(arm->mean) ? FYI_MAX(most, fabs(arm->mean)) : most;
        v->n_arms++;
    }
    v->decimals = fyi_figure_decimals(most);
}

void fyi_read_versus(fyi_report *r)
{
    json_t *root = fyi_report_json(r, FILE_NAME, MAX_BYTES);
    const char *better;

    if (root == NULL)
        return;
    r->versus.is_there = true;
    r->versus.name = fyi_json_text(r, root, "name");
    r->versus.baseline = fyi_json_text(r, root, "baseline");
    r->versus.metric = fyi_json_text(r, root, "metric");
    r->versus.level = fyi_json_number(root, "level");
    better = json_string_value(json_object_get(root, "better"));
    r->versus.higher_is_better = better == NULL || strcmp(better, "lower") != 0;
    read_seeds(r, json_object_get(root, "seeds"));
    read_first(r, json_object_get(root, "first"));
    fyi_read_cells(r, root);
    r->versus.is_tested = r->cells.n == 0 || r->versus.baseline[0] != '\0';
    if (r->versus.is_tested)
        read_arms(r, json_object_get(root, "rows"));
    json_decref(root);
}
