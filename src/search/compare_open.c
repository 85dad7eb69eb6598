/* compare_open.c: a comparison before its first run: the recipe of every arm, the figure, the seeds, the directory. What is
 * wrong with any of them is said here. */
#include "search/search.h"

#include <math.h>
#include <string.h>

fy_comparison_opts fy_comparison_defaults(void)
{
    return (fy_comparison_opts){ .runs_dir = "runs" };
}

static fy_status take(fy_comparison *c, int n, size_t size, void *out)
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

static fy_status check_differs(const fy_comparison *c, const fyi_settings *s, char (*hashes)[HASH],
                               int i)
{
    FYI_FORWARD(fyi_recipe_sha256(&c->arms[i]->settings, hashes[i]));
    for (int k = 0; k < i; k++)
        if (strcmp(hashes[k], hashes[i]) == 0)
            return fyi_fail(FY_EINVAL,
                            "the arms '%s' and '%s' come to the same recipe, and every difference "
                            "between them to 0; take one of them out",
                            s->arms[k].name, s->arms[i].name);
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
    const fyi_settings *s = &r->settings;
    char hashes[FYI_MAX_ARMS][HASH];

    FYI_FORWARD(take(c, s->n_arms, sizeof *c->arms, &c->arms));
    c->report.n_rows = s->n_arms;
    for (int i = 0; i < s->n_arms; i++) {
        FYI_FORWARD(fyi_recipe_arm(r, i, &c->arms[i]));
        FYI_FORWARD(check_differs(c, s, hashes, i));
        FYI_FORWARD(name_arm(c->arms[i], s->run.name, s->arms[i].name));
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

static fy_status choose_metric(const fy_comparison *c, const fyi_settings *s, const char **out)
{
    *out = s->compare.metric[0] != '\0' ? s->compare.metric : figure_of(c->arms[0]);
    if (*out == NULL)
        return fyi_fail(FY_EINVAL,
                        "nothing says which figure of the method '%s' is compared; set "
                        "compare.metric to a number of its result.json",
                        c->arms[0]->settings.method->name);
    for (int i = 1; i < s->n_arms && *out != s->compare.metric; i++)
        if (figure_of(c->arms[i]) == NULL || strcmp(figure_of(c->arms[i]), *out) != 0)
            return fyi_fail(FY_EINVAL,
                            "the arms '%s' and '%s' are judged by different figures; set "
                            "compare.metric to one that both report",
                            s->arms[0].name, s->arms[i].name);
    return FY_OK;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool is_higher_better(const fyi_compare_settings *s, const char *metric)
{
    static const char *const low[] = { "loss", "error", "nll", "ece", "brier", "seconds" };

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

    FYI_FORWARD(take(c, wanted->n, sizeof *seeds, &seeds));
    for (int i = 0; i < wanted->n; i++)
        seeds[i] = wanted->v != NULL ? wanted->v[i] : s->run.seed.value + (uint64_t)i;
    c->report.seeds = seeds;
    c->report.n_seeds = wanted->n;
    return FY_OK;
}

static fy_status list_runs(fy_comparison *c, fy_arm_row *row)
{
    char dir[128];

    FYI_FORWARD(take(c, c->report.n_seeds, sizeof *row->runs, &row->runs));
    for (int i = 0; i < c->report.n_seeds; i++) {
        fy_arm_run *run = &row->runs[i];

        (void)snprintf(dir, sizeof dir, "runs/%s-%llu", row->arm,
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

    FYI_FORWARD(take(c, from->n, sizeof *v, &v));
    for (int i = 0; i < from->n; i++)
        FYI_FORWARD(fyi_compare_keep(c, from->v[i], &v[i]));
    *out = v;
    *n = from->n;
    return FY_OK;
}

static fy_status fill_row(fy_comparison *c, const fyi_arm *arm, fy_arm_row *row)
{
    *row = (fy_arm_row){ .mean = NAN,
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
    FYI_FORWARD(fyi_compare_keep(c, arm->name, &row->arm));
    FYI_FORWARD(keep_changes(c, &arm->changes, &row->changes, &row->n_changes));
    return list_runs(c, row);
}

static fy_status fill_report(fy_comparison *c, fy_recipe *r)
{
    const fyi_settings *s = &r->settings;
    fy_comparison_table *to = &c->report;
    const char *metric;

    FYI_FORWARD(choose_metric(c, s, &metric));
    FYI_FORWARD(fyi_compare_keep(c, metric, &to->metric));
    FYI_FORWARD(fyi_compare_keep(c, s->run.name, &to->name));
    FYI_FORWARD(fyi_compare_keep(c, s->compare.baseline, &to->baseline));
    to->higher_is_better = is_higher_better(&s->compare, metric);
    to->level = s->compare.level;
    FYI_FORWARD(list_seeds(c, s));
    FYI_FORWARD(keep_changes(c, &s->compare.first, &to->first, &to->n_first));
    FYI_FORWARD(take(c, s->n_arms, sizeof *to->rows, &to->rows));
    for (int i = 0; i < s->n_arms; i++) {
        FYI_FORWARD(fill_row(c, &s->arms[i], &to->rows[i]));
        if (strcmp(to->rows[i].arm, to->baseline) == 0)
            c->baseline = i;
    }
    to->rows[c->baseline].verdict = FY_VERDICT_BASELINE;
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

fy_status fyi_compare_set_seed(fy_comparison *c, int arm, int i)
{
    FYI_FORWARD(fyi_first_place(c, arm, i));
    return fyi_compare_set(c->arms[arm], c->report.seeds[i]);
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

static fy_status check_run(fy_comparison *c, int arm, int i)
{
    char dir[FY_RUN_DIR_MAX];

    FYI_FORWARD(fyi_compare_set_seed(c, arm, i));
    FYI_FORWARD(fyi_place_path(c->dir, c->report.rows[arm].runs[i].dir, dir, sizeof dir));
    return fyi_compare_check_run(c->arms[arm], dir);
}

/* All that was run must be what the recipe still says, before any of it is gone on with. */
static fy_status check_runs(fy_comparison *c)
{
    for (int i = 0; i < c->report.n_seeds; i++) {
        FYI_FORWARD(fyi_first_check(c, i));
        for (int arm = 0; arm < c->report.n_rows; arm++)
            FYI_FORWARD(check_run(c, arm, i));
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

static fy_status open(fy_comparison *c, fy_recipe *r)
{
    FYI_FORWARD(fy_recipe_check(r));
    if (!fyi_compares(&r->settings))
        return fyi_fail(FY_EINVAL,
                        "recipe %s has nothing to compare: it needs a section 'compare' with arms "
                        "and a baseline",
                        r->entries.path);
    FYI_FORWARD(open_arms(c, r));
    FYI_FORWARD(fill_report(c, r));
    FYI_FORWARD(fyi_first_open(c, r));
    if (c->first != NULL)
        FYI_FORWARD(name_arm(c->first, r->settings.run.name, FYI_FIRST));
    FYI_FORWARD(make_dir(c, r));
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
    fy_recipe_free(c->first);
    fy_lab_close(c->lab);
    fyi_arena_release(&c->arena);
    fyi_free(c);
}

const fy_comparison_table *fy_comparison_result(const fy_comparison *c)
{
    return &c->report;
}
