/* compare_open.c: a comparison before its first run: the recipe of every arm, the figure, the seeds, the directory. What is
 * wrong with any of them is said here. */
#include "search/search.h"

#include <math.h>
#include <string.h>

fy_comparison_opts fy_comparison_defaults(void)
{
    return (fy_comparison_opts){ .runs_dir = "runs" };
}

fy_status fyi_compare_take(fy_comparison *c, int n, size_t size, void *out)
{
    void *p = fyi_arena_alloc(&c->arena, (size_t)n * size);

    memcpy(out, &p, sizeof p);
    return p != NULL ? FY_OK : fyi_enomem((size_t)n * size, "a comparison");
}

fy_status fyi_compare_keep(fy_comparison *c, const char *text, const char **out)
{
    *out = fyi_arena_dup(&c->arena, text, strlen(text) + 1);
    return *out != NULL ? FY_OK : fyi_enomem(strlen(text), "a comparison");
}

/* ---- arms ------------------------------------------------------------------------------------ */

#define HASH 65

static fy_status check_differs(const fy_comparison *c, char (*hashes)[HASH], int i)
{
    const fy_arm_row *rows = c->report.rows;

    FYI_FORWARD(fyi_recipe_sha256(&c->arms[i]->settings, hashes[i]));
    for (int k = 0; k < i; k++)
        if (strcmp(hashes[k], hashes[i]) == 0)
            return fyi_fail(FY_EINVAL,
                            "the arms '%s' and '%s' come to the same recipe, and every difference "
                            "between them to 0; take one of them out",
                            rows[k].label, rows[i].label);
    return FY_OK;
}

/* A run is named after its arm. */
static fy_status name_arm(fy_recipe *arm, const char *of, const char *name)
{
    char text[128];

    (void)snprintf(text, sizeof text, "%.60s-%s", of, name);
    FYI_FORWARD(fy_recipe_put(arm, "name", text));
    return fy_recipe_check(arm);
}

static fy_status open_arms(fy_comparison *c, const fy_recipe *r)
{
    const fy_comparison_table *t = &c->report;
    char(*hashes)[HASH];

    FYI_FORWARD(fyi_compare_take(c, t->n_rows, sizeof *c->arms, &c->arms));
    FYI_FORWARD(fyi_compare_take(c, t->n_rows, sizeof *hashes, &hashes));
    for (int i = 0; i < t->n_rows; i++) {
        FYI_FORWARD(fyi_recipe_arm(r, i / t->n_arms, i % t->n_arms, &c->arms[i]));
        FYI_FORWARD(check_differs(c, hashes, i));
        FYI_FORWARD(name_arm(c->arms[i], r->settings.run.name, t->rows[i].label));
    }
    return FY_OK;
}

/* ---- the figure ------------------------------------------------------------------------------ */

static const char *figure_of(const fy_recipe *arm)
{
    const fyi_kind *kind = arm->settings.method->kind;

    if (kind->figure_without.figure != NULL &&
        !arm->settings.sections[1 + kind->figure_without.side].is_open)
        return kind->figure_without.figure;
    return kind->figure;
}

static fy_status find_metric(const fy_comparison *c, const fyi_settings *s, const char **out)
{
    *out = s->compare.metric[0] != '\0' ? s->compare.metric : figure_of(c->arms[0]);
    if (*out == NULL)
        return fyi_fail(FY_EINVAL,
                        "nothing says which figure of the method '%s' is compared; set "
                        "compare.metric to a number of its result.json",
                        c->arms[0]->settings.method->name);
    for (int i = 1; i < c->report.n_rows && *out != s->compare.metric; i++)
        if (figure_of(c->arms[i]) == NULL || strcmp(figure_of(c->arms[i]), *out) != 0)
            return fyi_fail(FY_EINVAL,
                            "the arms '%s' and '%s' are judged by different figures; set "
                            "compare.metric to one that both report",
                            c->report.rows[0].label, c->report.rows[i].label);
    return FY_OK;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_higher_better(const fyi_compare_settings *s, const char *metric)
{
    static const char *const low[] = { "loss",  "error",   "nll",  "ece",
                                       "brier", "entropy", "risk", "seconds" };

    if (s->better != NULL)
        return strcmp(s->better, "higher") == 0;
    for (size_t i = 0; i < FYI_LEN(low); i++)
        if (ends_with(metric, low[i]))
            return false;
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static fy_status list_seeds(fy_comparison *c, const fyi_settings *s)
{
    const fyi_seeds *wanted = &s->compare.seeds;
    uint64_t *seeds;

    FYI_FORWARD(fyi_compare_take(c, wanted->n, sizeof *seeds, &seeds));
    for (int i = 0; i < wanted->n; i++)
        seeds[i] = wanted->v != NULL ? wanted->v[i] : s->run.seed.value + (uint64_t)i;
    c->report.seeds = seeds;
    c->report.n_seeds = wanted->n;
    return FY_OK;
}

static fy_status list_runs(fy_comparison *c, fy_arm_row *row)
{
    char dir[128];

    FYI_FORWARD(fyi_compare_take(c, c->report.n_seeds, sizeof *row->runs, &row->runs));
    for (int i = 0; i < c->report.n_seeds; i++) {
        fy_arm_run *run = &row->runs[i];

        (void)snprintf(dir, sizeof dir, "runs/%s-%llu", row->label,
                       (unsigned long long)c->report.seeds[i]);
        run->seed = c->report.seeds[i];
        run->value = NAN;
        FYI_FORWARD(fyi_compare_keep(c, dir, &run->dir));
    }
    return FY_OK;
}

static fy_status keep_changes(fy_comparison *c, const fyi_texts *from, const char *const **out,
                              int *n)
{
    const char **v;

    FYI_FORWARD(fyi_compare_take(c, from->n, sizeof *v, &v));
    for (int i = 0; i < from->n; i++)
        FYI_FORWARD(fyi_compare_keep(c, from->v[i], &v[i]));
    *out = v;
    *n = from->n;
    return FY_OK;
}

static fy_status name_row(fy_comparison *c, const char *arm, fy_arm_row *row)
{
    FYI_FORWARD(fyi_compare_keep(c, arm, &row->arm));
    row->label =
        row->shift == NULL ? row->arm : fyi_arena_printf(&c->arena, "%s.%s", row->shift, row->arm);
    return row->label != NULL ? FY_OK : fyi_enomem(strlen(arm), "a comparison");
}

static fy_status fill_row(fy_comparison *c, const char *shift, const fyi_arm *arm, fy_arm_row *row)
{
    *row = (fy_arm_row){ .shift = shift,
                         .mean = NAN,
                         .sd = NAN,
                         .mean_low = NAN,
                         .mean_high = NAN,
                         .diff = NAN,
                         .diff_sd = NAN,
                         .ci_low = NAN,
                         .ci_high = NAN,
                         .t = NAN,
                         .p = NAN,
                         .p_wilcoxon = NAN,
                         .p_holm = NAN,
                         .verdict = FY_VERDICT_UNTESTED };
    FYI_FORWARD(name_row(c, arm->name, row));
    FYI_FORWARD(keep_changes(c, &arm->changes, &row->changes, &row->n_changes));
    return list_runs(c, row);
}

static fy_status list_shifts(fy_comparison *c, const fyi_settings *s)
{
    const char **names;

    FYI_FORWARD(fyi_compare_take(c, s->n_shifts, sizeof *names, &names));
    for (int i = 0; i < s->n_shifts; i++)
        FYI_FORWARD(fyi_compare_keep(c, s->shifts[i].name, &names[i]));
    c->report.shifts = names;
    c->report.n_shifts = s->n_shifts;
    return FY_OK;
}

int fyi_shift_count(const fy_comparison *c)
{
    return FYI_MAX(c->report.n_shifts, 1);
}

static void find_baseline(fy_comparison *c)
{
    const fy_comparison_table *t = &c->report;

    c->baseline = -1;
    for (int i = 0; i < t->n_rows; i++)
        if (strcmp(t->rows[i].arm, t->baseline) == 0) {
            c->baseline = i % t->n_arms;
            t->rows[i].verdict = FY_VERDICT_BASELINE;
        }
}

const fy_arm_row *fyi_compare_base(const fy_comparison *c, int row)
{
    const int n = c->report.n_arms;

    return c->baseline < 0 ? NULL : &c->report.rows[row / n * n + c->baseline];
}

static fy_status list_rows(fy_comparison *c, const fyi_settings *s)
{
    fy_comparison_table *to = &c->report;

    to->n_arms = s->n_arms;
    to->n_rows = s->n_arms * fyi_shift_count(c);
    FYI_FORWARD(fyi_compare_take(c, to->n_rows, sizeof *to->rows, &to->rows));
    for (int i = 0; i < to->n_rows; i++)
        FYI_FORWARD(fill_row(c, to->n_shifts > 0 ? to->shifts[i / s->n_arms] : NULL,
                             &s->arms[i % s->n_arms], &to->rows[i]));
    find_baseline(c);
    return FY_OK;
}

static fy_status fill_report(fy_comparison *c, const fyi_settings *s)
{
    fy_comparison_table *to = &c->report;

    FYI_FORWARD(fyi_compare_keep(c, s->run.name, &to->name));
    FYI_FORWARD(fyi_compare_keep(c, s->compare.baseline, &to->baseline));
    to->level = s->compare.level;
    FYI_FORWARD(list_seeds(c, s));
    FYI_FORWARD(keep_changes(c, &s->compare.first, &to->first, &to->n_first));
    FYI_FORWARD(list_shifts(c, s));
    return list_rows(c, s);
}

static fy_status choose_metric(fy_comparison *c, const fyi_settings *s)
{
    const char *metric;

    FYI_FORWARD(find_metric(c, s, &metric));
    FYI_FORWARD(fyi_compare_keep(c, metric, &c->report.metric));
    c->report.higher_is_better = is_higher_better(&s->compare, metric);
    return FY_OK;
}

/* ---- the directory --------------------------------------------------------------------------- */

fy_status fyi_compare_set(fy_recipe *r, uint64_t seed)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    FYI_FORWARD(fy_recipe_put(r, "seed", text));
    return fy_recipe_check(r);
}

fy_status fyi_compare_set_seed(fy_comparison *c, int row, int i)
{
    FYI_FORWARD(fyi_first_place(c, row, i));
    return fyi_compare_set(c->arms[row], c->report.seeds[i]);
}

static fy_status check_comparison(const char *path, const char *dir)
{
    fy_recipe *then = NULL;
    fy_status st;

    FYI_FORWARD(fy_recipe_read(path, &then));
    st = fy_recipe_check(then);
    if (st == FY_OK && !fyi_compares(&then->settings))
        st = fyi_fail(FY_EINVAL, "'%s' holds a run, not a comparison; choose another directory",
                      dir);
    fy_recipe_free(then);
    return st;
}

fy_status fyi_compare_check_run(const fy_recipe *r, const char *dir)
{
    char recipe[FY_RUN_DIR_MAX];

    FYI_FORWARD(fyi_place_path(dir, "recipe.yaml", recipe, sizeof recipe));
    return fyi_path_exists(recipe) ? fyi_rundir_check_recipe(&r->settings, dir) : FY_OK;
}

static fy_status check_run(fy_comparison *c, int row, int i)
{
    char dir[FY_RUN_DIR_MAX];

    FYI_FORWARD(fyi_compare_set_seed(c, row, i));
    FYI_FORWARD(fyi_place_path(c->dir, c->report.rows[row].runs[i].dir, dir, sizeof dir));
    return fyi_compare_check_run(c->arms[row], dir);
}

/* All that was run must be what the recipe still says, before any of it is gone on with. */
static fy_status check_runs(fy_comparison *c)
{
    for (int i = 0; i < c->report.n_seeds; i++) {
        for (int shift = 0; shift < fyi_shift_count(c); shift++)
            FYI_FORWARD(fyi_first_check(c, shift, i));
        for (int row = 0; row < c->report.n_rows; row++)
            FYI_FORWARD(check_run(c, row, i));
    }
    return FY_OK;
}

/* Without a directory, the first that such a comparison makes is gone on with. */
static fy_status choose_dir(fy_comparison *c)
{
    char stem[160], first[FY_RUN_DIR_MAX];
    const char *dir = c->o.dir;

    (void)snprintf(stem, sizeof stem, "%s-compare", c->report.name);
    if (dir == NULL && c->o.resume) {
        FYI_FORWARD(fyi_place_path(c->o.runs_dir, stem, first, sizeof first));
        dir = first;
    }
    return fyi_place_make(&(fyi_place){ .what = "comparison",
                                        .stem = stem,
                                        .parent = c->o.runs_dir,
                                        .dir = dir,
                                        .go_on = "--resume --out",
                                        .resume = c->o.resume },
                          c->dir, sizeof c->dir);
}

static fy_status make_dir(fy_comparison *c, fy_recipe *r)
{
    char path[FY_RUN_DIR_MAX + 64];

    FYI_FORWARD(choose_dir(c));
    c->report.dir = c->dir;
    FYI_FORWARD(fyi_place_path(c->dir, "recipe.yaml", path, sizeof path));
    if (c->o.resume) {
        FYI_FORWARD(check_comparison(path, c->dir));
        FYI_FORWARD(check_runs(c));
    }
    return fy_recipe_write(r, path);
}

/* ---- opening --------------------------------------------------------------------------------- */

static fy_status name_firsts(const fy_comparison *c, const char *of)
{
    char name[FYI_MAX_ARM_NAME + sizeof "." FYI_FIRST];

    for (int i = 0; i < fyi_shift_count(c) && c->firsts[i] != NULL; i++) {
        (void)snprintf(name, sizeof name, "%s%s" FYI_FIRST,
                       c->report.n_shifts > 0 ? c->report.shifts[i] : "",
                       c->report.n_shifts > 0 ? "." : "");
        FYI_FORWARD(name_arm(c->firsts[i], of, name));
    }
    return FY_OK;
}

/* Where the layers below them are frozen, arms of a shift and a seed see the same rows. */
static fy_status share_features(fy_comparison *c)
{
    for (int i = 0; i < c->report.n_rows; i++)
        FYI_FORWARD(fyi_share_features(c->arms[i], c->dir));
    for (int i = 0; i < fyi_shift_count(c) && c->firsts[i] != NULL; i++)
        FYI_FORWARD(fyi_share_features(c->firsts[i], c->dir));
    return FY_OK;
}

static fy_status open(fy_comparison *c, fy_recipe *r)
{
    FYI_FORWARD(fy_recipe_check(r));
    if (!fyi_compares(&r->settings))
        return fyi_fail(FY_EINVAL,
                        "recipe %s has nothing to compare: it needs a section 'compare' with arms "
                        "and a baseline",
                        r->entries.path);
    FYI_FORWARD(fill_report(c, &r->settings));
    FYI_FORWARD(open_arms(c, r));
    FYI_FORWARD(choose_metric(c, &r->settings));
    FYI_FORWARD(fyi_first_open(c, r));
    FYI_FORWARD(name_firsts(c, r->settings.run.name));
    FYI_FORWARD(make_dir(c, r));
    FYI_FORWARD(share_features(c));
    return fy_lab_open(&c->lab);
}

fy_status fy_comparison_open(fy_recipe *r, const fy_comparison_opts *o, fy_comparison **out)
{
    fy_comparison *c = fyi_calloc(1, sizeof *c);
    fy_status st;

    *out = NULL;
    if (c == NULL)
        return fyi_enomem(sizeof *c, "a comparison");
    c->o = o != NULL ? *o : fy_comparison_defaults();
    st = open(c, r);
    if (st == FY_OK)
        *out = c;
    else
        fy_comparison_close(c);
    return st;
}

void fy_comparison_close(fy_comparison *c)
{
    if (c == NULL)
        return;
    for (int i = 0; c->arms != NULL && i < c->report.n_rows; i++)
        fy_recipe_free(c->arms[i]);
    for (int i = 0; c->firsts != NULL && i < fyi_shift_count(c); i++)
        fy_recipe_free(c->firsts[i]);
    fy_lab_close(c->lab);
    fyi_arena_release(&c->arena);
    fyi_free(c);
}

const fy_comparison_table *fy_comparison_result(const fy_comparison *c)
{
    return &c->report;
}
