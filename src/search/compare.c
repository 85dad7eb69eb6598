/* compare.c: every arm of a comparison on every seed, on every shift where there are some, and what their differences say.
 *
 * All arms are run with one seed before any is run with the next: what is wrong with an arm shows early, and whatever was
 * run when somebody stops it is paired. Of a seed all arms are run on one shift before the next, so that its data stay open. */
#include "search/search.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- one run --------------------------------------------------------------------------------- */

static fy_status read_value(fy_comparison *c, const char *dir, fy_arm_run *run)
{
    char text[256];

    FYI_FORWARD(fyi_figure_read(dir, c->report.metric, &run->value));
    if (isfinite(run->value))
        return FY_OK;
    run->value = NAN;
    (void)snprintf(text, sizeof text, "its result has no number for '%.150s'", c->report.metric);
    return fyi_compare_keep(c, text, &run->error);
}

/* What is over needs no checkpoint, and hundreds of them fill a disk; one that stays does no harm. */
static fy_status drop_checkpoint(const char *dir)
{
    char *path = fyi_path_join(dir, "checkpoint.safetensors");

    if (path == NULL)
        return fyi_enomem(strlen(dir), "a comparison");
    (void)unlink(path);
    fyi_free(path);
    return FY_OK;
}

fy_status fyi_compare_trial(fy_comparison *c, fy_recipe *r, const char *dir, fyi_trial *out)
{
    fy_recipe_run_opts o = fy_recipe_run_defaults();

    o.run_dir = dir;
    o.progress = c->o.progress;
    o.progress_arg = c->o.progress_arg;
    o.cancel = c->o.cancel;
    FYI_FORWARD(fyi_trial_run(c->lab, r, &o, out));
    if (out->has_failed)
        return FY_OK;
    FYI_FORWARD(drop_checkpoint(dir));
    return c->o.after_run == NULL ? FY_OK : c->o.after_run(c->o.after_run_arg, dir);
}

/* A run that failed is a cell as well, if it was an adaptation. */
static fy_status read_cell(fy_comparison *c, int row, const char *dir, fy_arm_run *run)
{
    const bool adapts = c->arms[row]->settings.method->kind->id == FY_KIND_ADAPT;
    bool is_there = false;
    fy_cell cell;

    if (run->error == NULL)
        FYI_FORWARD(fyi_cell_read(dir, &cell, &is_there));
    else if (adapts)
        FYI_FORWARD(fyi_cell_of_failed(dir, &cell, &is_there));
    run->cell = is_there ? fyi_arena_dup(&c->arena, &cell, sizeof cell) : NULL;
    return is_there && run->cell == NULL ? fyi_enomem(sizeof cell, "a comparison") : FY_OK;
}

static fy_status run_trial(fy_comparison *c, int row, fy_arm_run *run, bool *was_done)
{
    char dir[FY_RUN_DIR_MAX];
    fyi_trial trial;

    FYI_FORWARD(fyi_place_path(c->dir, run->dir, dir, sizeof dir));
    FYI_FORWARD(fyi_compare_trial(c, c->arms[row], dir, &trial));
    *was_done = trial.was_done;
    if (trial.has_failed)
        FYI_FORWARD(fyi_compare_keep(c, trial.error, &run->error));
    FYI_FORWARD(read_cell(c, row, dir, run));
    return trial.has_failed ? FY_OK : read_value(c, dir, run);
}

/* What it begins with is not there. */
static fy_status leave_out(fy_comparison *c, int row, int i, const fyi_first *first)
{
    fy_arm_run *run = &c->report.rows[row].runs[i];

    run->error = first->error;
    FYI_FORWARD(read_cell(c, row, first->dir, run));
    run->is_done = true;
    return fyi_compare_write_results(&c->report);
}

static fy_status run_one(fy_comparison *c, int row, int i)
{
    const fy_comparison_table *r = &c->report;
    fy_arm_run *run = &r->rows[row].runs[i];
    const char *label = r->rows[row].label;
    bool was_done = false;
    fy_status st;

    if (c->o.cancel != NULL && *c->o.cancel != 0)
        return fyi_fail(FY_ECANCELED, "stopped before the arm '%s' with seed %llu", label,
                        (unsigned long long)run->seed);
    run->error = NULL;
    fyi_note("the arm '%s' with seed %llu, %d of %d", label, (unsigned long long)run->seed,
             i * r->n_rows + row + 1, r->n_rows * r->n_seeds);
    FYI_FORWARD(fyi_compare_set_seed(c, row, i));
    st = run_trial(c, row, run, &was_done);
    if (st != FY_OK)
        return fyi_wrap(st, "in the arm '%s' with seed %llu", label, (unsigned long long)run->seed);
    if (run->error != NULL)
        fyi_warn("the arm '%s' with seed %llu failed: %s", label, (unsigned long long)run->seed,
                 run->error);
    run->is_done = true;
    FYI_FORWARD(fyi_samples_write(c, row, i));
    return was_done ? FY_OK : fyi_compare_write_results(r);
}

/* ---- what it comes to ------------------------------------------------------------------------ */

static void list_values(const fy_comparison_table *r, const fy_arm_row *row, double *v)
{
    for (int i = 0; i < r->n_seeds; i++)
        v[i] = row->runs[i].value;
}

static fy_status fill_row(const fy_comparison_table *r, const double *base, fy_arm_row *row)
{
    double v[FYI_MAX_SEEDS];
    fyi_spread s;
    fyi_paired d;

    list_values(r, row, v);
    s = fyi_spread_of(v, r->n_seeds, r->level);
    row->n = s.n;
    row->mean = s.mean;
    row->sd = s.sd;
    row->mean_low = s.low;
    row->mean_high = s.high;
    if (base == NULL || row->verdict == FY_VERDICT_BASELINE)
        return FY_OK;
    FYI_FORWARD(fyi_paired_compare(v, base, r->n_seeds, r->level, &d));
    row->n_pairs = d.diff.n;
    row->diff = d.diff.mean;
    row->diff_sd = d.diff.sd;
    row->ci_low = d.diff.low;
    row->ci_high = d.diff.high;
    row->t = d.t;
    row->p = d.p;
    row->p_wilcoxon = d.p_wilcoxon;
    return FY_OK;
}

static fy_status correct(const fy_comparison_table *r)
{
    double *p = fyi_calloc((size_t)r->n_rows * 2, sizeof *p), *corrected;
    fy_status st;

    if (p == NULL)
        return fyi_enomem((size_t)r->n_rows * 2 * sizeof *p, "a comparison");
    corrected = p + r->n_rows;
    for (int i = 0; i < r->n_rows; i++)
        p[i] = r->rows[i].p;
    st = fyi_holm(p, r->n_rows, corrected);
    for (int i = 0; st == FY_OK && i < r->n_rows; i++)
        r->rows[i].p_holm = corrected[i];
    fyi_free(p);
    return st;
}

static fy_verdict judge(const fy_comparison_table *r, const fy_arm_row *base, const fy_arm_row *row)
{
    if (base == NULL)
        return FY_VERDICT_UNTESTED;
    if (row == base)
        return FY_VERDICT_BASELINE;
    if (row->n < r->n_seeds || base->n < r->n_seeds)
        return FY_VERDICT_INCOMPLETE;
    if (row->diff == 0 && row->diff_sd == 0)
        return FY_VERDICT_EQUAL;
    if (isnan(row->p_holm))
        return FY_VERDICT_UNTESTED;
    if (row->p_holm > 1 - r->level)
        return FY_VERDICT_UNCLEAR;
    return (row->diff > 0) == r->higher_is_better ? FY_VERDICT_BETTER : FY_VERDICT_WORSE;
}

static fy_status hold_against_base(fy_comparison *c, int row)
{
    fy_comparison_table *r = &c->report;
    const fy_arm_row *against = fyi_compare_base(c, row);
    double base[FYI_MAX_SEEDS];

    if (against != NULL)
        list_values(r, against, base);
    return fill_row(r, against != NULL ? base : NULL, &r->rows[row]);
}

static fy_status summarise(fy_comparison *c)
{
    fy_comparison_table *r = &c->report;

    for (int i = 0; i < r->n_rows; i++)
        FYI_FORWARD(hold_against_base(c, i));
    FYI_FORWARD(correct(r));
    for (int i = 0; i < r->n_rows; i++)
        r->rows[i].verdict = judge(r, fyi_compare_base(c, i), &r->rows[i]);
    return FY_OK;
}

static fy_status run_seed(fy_comparison *c, int i)
{
    const int n = c->report.n_arms;
    fyi_first first;

    for (int shift = 0; shift < fyi_shift_count(c); shift++) {
        FYI_FORWARD(fyi_first_run(c, shift, i, &first));
        for (int row = shift * n; row < (shift + 1) * n; row++)
            FYI_FORWARD(first.error != NULL ? leave_out(c, row, i, &first) : run_one(c, row, i));
    }
    return FY_OK;
}

fy_status fy_comparison_run(fy_comparison *c)
{
    for (int i = 0; i < c->report.n_seeds; i++)
        FYI_FORWARD(run_seed(c, i));
    FYI_FORWARD(summarise(c));
    FYI_FORWARD(fyi_compare_write_results(&c->report));
    return fyi_compare_write_report(&c->report);
}

const char *fy_verdict_name(fy_verdict v)
{
    static const char *const names[] = { "baseline", "better",   "worse",     "unclear",
                                         "equal",    "untested", "incomplete" };

    return (size_t)v < FYI_LEN(names) ? names[v] : "?";
}
