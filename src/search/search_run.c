/* search_run.c: a worker takes a trial, runs it with every seed, says what it came to, and takes the next.
 *
 * When all trials are begun it waits for those of other workers, and takes over what a dead one leaves. */
#include "search/search_run.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define WAIT_S 1
#define FAILURES_THAT_END 5

/* A trial that is this worker's. */
typedef struct trial {
    fy_search *s;
    int64_t number;
    fyi_arena arena;
    const char **values;
    fyi_ending ending;
    int i;          /* of its runs, the one that goes on */
    double sum;     /* of the figures of those before it */
    double last;    /* its newest point */
    bool is_pruned; /* its first run was told to stop */
} trial;

/* ---- taking one ------------------------------------------------------------------------------ */

static fy_status keep_values(trial *t, const fy_study_table *of, int64_t number)
{
    for (int i = 0; i < of->n_keys; i++) {
        const char *value = of->trials[number].values[i];

        t->values[i] = fyi_arena_dup(&t->arena, value, strlen(value) + 1);
        if (t->values[i] == NULL)
            return fyi_enomem(strlen(value), "a trial");
    }
    t->number = number;
    return FY_OK;
}

static fy_status begin_next(trial *t, const fy_study *of)
{
    FYI_FORWARD(fyi_study_draw(of, &t->arena, t->values));
    t->number = of->table.n_trials;
    return fyi_store_add_trial(&t->s->store, of, t->values);
}

/* One that was left, or the next; t->number -1: all are begun, and others run *n_running of them. */
static fy_status choose(trial *t, const fy_study *of, int64_t *n_running)
{
    int64_t left;

    t->number = -1;
    t->values = fyi_arena_alloc(&t->arena, (size_t)of->table.n_keys * sizeof *t->values);
    if (t->values == NULL)
        return fyi_enomem(0, "a trial");
    *n_running = of->table.count[FY_TRIAL_RUNNING];
    FYI_FORWARD(fyi_store_take_over(&t->s->store, of, &left));
    if (left >= 0) {
        fyi_note("trial %lld was left by a worker that is gone, and goes on", (long long)left);
        return keep_values(t, &of->table, left);
    }
    return of->table.n_trials < fyi_search_budget(&t->s->recipe->settings) ? begin_next(t, of)
                                                                           : FY_OK;
}

static fy_status take(trial *t, int64_t *n_running)
{
    fy_study *of = NULL;
    fy_status st;

    FYI_FORWARD(fyi_store_begin(&t->s->store));
    st = fyi_store_read_within(&t->s->store, &of);
    if (st == FY_OK)
        st = choose(t, of, n_running);
    fy_study_free(of);
    return fyi_store_end(&t->s->store, st);
}

/* ---- stopping it early ----------------------------------------------------------------------- */

/* The name that metrics.jsonl has for the figure: "val.*" with what stands for * in "branches.*.val". */
static void name_series(const fyi_search_figure *f, const char *metric, char *name, size_t size)
{
    const size_t front = strcspn(f->path, "*"), at = strcspn(f->name, "*");
    const size_t back = strlen(f->path) - front, len = strlen(metric);

    if (back == 0)
        (void)snprintf(name, size, "%s", f->name);
    else
        (void)snprintf(name, size, "%.*s%.*s%s", (int)at, f->name, (int)(len - front - (back - 1)),
                       metric + front, f->name + at + 1);
}

static fy_status judge(trial *t, const char *stage, int64_t step, double value)
{
    const fy_trial_point p = { .stage = stage, .step = step, .value = value };
    fy_study *of = NULL;

    FYI_FORWARD(fyi_store_add_point(&t->s->store, t->number, &p));
    t->last = value;
    FYI_FORWARD(fyi_store_read(&t->s->store, &of));
    const fy_status st = fyi_study_prunes(of, t->number, &t->is_pruned);
    fy_study_free(of);
    FYI_FORWARD(st);
    return t->is_pruned ? fyi_fail(FY_ECANCELED, "trial %lld is stopped: others were better by now",
                                   (long long)t->number)
                        : FY_OK;
}

/* A fy_metrics_fn. What was before the first step says nothing about the settings. */
static fy_status listen(void *arg, const char *stage, int64_t step, int n, const char *const *names,
                        const double *values)
{
    trial *t = arg;
    const char *metric;
    const fyi_search_figure *f;
    char name[FYI_RECIPE_MAX_KEY];

    FYI_FORWARD(fyi_search_metric(&t->s->recipe->settings, &metric, &f));
    name_series(f, metric, name, sizeof name);
    for (int i = 0; i < n && step > 0 && fy_glob(f->stage, stage); i++)
        if (strcmp(names[i], name) == 0)
            return judge(t, stage, step, values[i]);
    return FY_OK;
}

/* ---- its models ------------------------------------------------------------------------------ */

/* A fy_keeps_fn. As long as another run follows, nobody knows. */
static fy_status keeps(void *arg, const char *result, size_t n, bool *out)
{
    const trial *t = arg;
    const int n_seeds = t->s->recipe->settings.search.seeds.n;
    const fyi_search_figure *which;
    const char *metric;
    fy_study *of;
    double value;

    *out = true;
    FYI_FORWARD(fyi_search_metric(&t->s->recipe->settings, &metric, &which));
    if (t->i + 1 < n_seeds ||
        fyi_figure_parse("result.json", result, n, metric, &value) != FY_OK) /* said later */
        return FY_OK;
    FYI_FORWARD(fyi_store_read(&t->s->store, &of));
    *out = fyi_study_leads(of, t->number, (t->sum + value) / n_seeds);
    fy_study_free(of);
    return FY_OK;
}

static fy_status tidy(const fy_search *s, int64_t newest)
{
    fy_study *of;

    FYI_FORWARD(fyi_store_read(&s->store, &of));
    fyi_search_tidy(s, &of->table, newest);
    fy_study_free(of);
    return FY_OK;
}

/* ---- its runs -------------------------------------------------------------------------------- */

static fy_status name_run(fy_recipe *r, int64_t number)
{
    char name[128];

    (void)snprintf(name, sizeof name, "%.60s-%lld", r->settings.run.name, (long long)number);
    FYI_FORWARD(fy_recipe_put(r, "name", name));
    return fy_recipe_check(r);
}

/* Settings that do not go together are the trial's failure, not the search's. */
static bool is_the_trials(fy_status st)
{
    return st == FY_EINVAL || st == FY_ESHAPE || st == FY_ENAN || st == FY_ENOMEM ||
           st == FY_ENOKERNEL;
}

static fy_status fail(trial *t, const char *sentence)
{
    t->ending = (fyi_ending){ .state = FY_TRIAL_FAILED, .value = NAN };
    t->ending.error = fyi_arena_dup(&t->arena, sentence, strlen(sentence) + 1);
    return t->ending.error != NULL ? FY_OK : fyi_enomem(strlen(sentence), "a trial");
}

static fy_status read_value(trial *t, const char *dir, double *value)
{
    const fyi_search_figure *which;
    const char *metric;
    char text[160];

    FYI_FORWARD(fyi_search_metric(&t->s->recipe->settings, &metric, &which));
    FYI_FORWARD(fyi_figure_read(dir, metric, value));
    if (isfinite(*value))
        return FY_OK;
    (void)snprintf(text, sizeof text, "its result has no number for '%.100s'", metric);
    return fail(t, text);
}

static fy_recipe_run_opts run_opts(trial *t, const char *dir)
{
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    const bool is_judged =
        t->i == 0 && fyi_pruner_find(t->s->recipe->settings.search.pruner) != NULL;

    o.run_dir = dir;
    o.progress = t->s->o.progress;
    o.progress_arg = t->s->o.progress_arg;
    o.cancel = t->s->o.cancel;
    o.metrics = is_judged ? listen : NULL;
    o.metrics_arg = t;
    o.keeps = keeps;
    o.keeps_arg = t;
    return o;
}

static fy_status run_in(trial *t, fy_recipe *r, const char *dir, double *value)
{
    const fy_recipe_run_opts o = run_opts(t, dir);
    fyi_trial ran;
    fy_status st;

    FYI_FORWARD(fyi_compare_check_run(r, dir));
    st = fyi_trial_run(t->s->lab, r, &o, &ran);
    if (t->is_pruned && st == FY_ECANCELED) {
        t->ending = (fyi_ending){ .state = FY_TRIAL_PRUNED, .value = t->last };
        return FY_OK;
    }
    if (ran.has_failed || is_the_trials(st))
        return fail(t, fy_last_error());
    FYI_FORWARD(st);
    return read_value(t, dir, value);
}

/* With the t->i-th seed. */
static fy_status run_seed(trial *t, double *value)
{
    const fyi_settings *of = &t->s->recipe->settings;
    const uint64_t seed = fyi_seeds_at(&of->search.seeds, of->run.seed.value, t->i);
    char dir[FY_RUN_DIR_MAX];
    fy_recipe *r;
    fy_status st;

    FYI_FORWARD(fyi_search_run_dir(t->s, t->number, seed, dir, sizeof dir));
    st = fyi_recipe_trial(t->s->recipe, t->values, seed, &r);
    if (st != FY_OK)
        return is_the_trials(st) ? fail(t, fy_last_error()) : st;
    st = name_run(r, t->number);
    if (st == FY_OK)
        st = run_in(t, r, dir, value);
    fy_recipe_free(r);
    return st;
}

/* All seeds, or as far as it comes. */
static fy_status run_trial(trial *t)
{
    const int n = t->s->recipe->settings.search.seeds.n;
    double value = NAN;

    t->ending = (fyi_ending){ .state = FY_TRIAL_RUNNING, .value = NAN };
    for (t->i = 0; t->i < n && t->ending.state == FY_TRIAL_RUNNING; t->i++) {
        FYI_FORWARD(run_seed(t, &value));
        t->sum += value;
    }
    if (t->ending.state == FY_TRIAL_RUNNING)
        t->ending = (fyi_ending){ .state = FY_TRIAL_DONE, .value = t->sum / n };
    return FY_OK;
}

/* ---- saying so ------------------------------------------------------------------------------- */

static void announce(const trial *t)
{
    const fyi_settings *of = &t->s->recipe->settings;
    fyi_buf text = { 0 };

    for (int i = 0; i < of->n_knobs; i++)
        fyi_buf_printf(&text, " %s=%s", of->knobs[i].key, t->values[i]);
    fyi_note("trial %lld, of %lld:%s", (long long)t->number, (long long)fyi_search_budget(of),
             text.p != NULL ? text.p : "");
    fyi_buf_release(&text);
}

static void say_end(const trial *t)
{
    const fyi_ending *e = &t->ending;

    if (e->state == FY_TRIAL_FAILED)
        fyi_warn("trial %lld failed: %s", (long long)t->number, e->error);
    else
        fyi_note("trial %lld is %s: %.6g", (long long)t->number, fy_trial_state_name(e->state),
                 e->value);
}

static fy_status end(const trial *t)
{
    bool is_mine;

    FYI_FORWARD(fyi_store_end_trial(&t->s->store, t->number, &t->ending, &is_mine));
    if (is_mine)
        say_end(t);
    else
        fyi_warn("trial %lld was taken over by another worker while this one ran it; its result "
                 "counts",
                 (long long)t->number);
    return is_mine ? tidy(t->s, t->number) : FY_OK;
}

/* Settings that never work are a mistake that no number of trials mends. */
static fy_status check_failures(const trial *t)
{
    fy_study *of;
    fy_status st = FY_OK;

    if (t->ending.state != FY_TRIAL_FAILED)
        return FY_OK;
    FYI_FORWARD(fyi_store_read(&t->s->store, &of));
    if (of->table.count[FY_TRIAL_FAILED] >= FAILURES_THAT_END &&
        of->table.count[FY_TRIAL_DONE] + of->table.count[FY_TRIAL_PRUNED] == 0)
        st = fyi_fail(FY_EINVAL, "all of the first %lld trials failed; the last one: %s",
                      (long long)of->table.count[FY_TRIAL_FAILED], t->ending.error);
    fy_study_free(of);
    return st;
}

static fy_status run_taken(trial *t)
{
    announce(t);
    FYI_FORWARD(run_trial(t));
    FYI_FORWARD(end(t));
    return check_failures(t);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static fy_status check_cancel(const fy_search *s)
{
    if (s->o.cancel != NULL && *s->o.cancel != 0)
        return fyi_fail(FY_ECANCELED, "stopped between two trials");
    return FY_OK;
}

static fy_status wait_for_others(const fy_search *s, int64_t n, bool *has_said)
{
    const struct timespec nap = { .tv_nsec = 100 * 1000 * 1000 };

    if (!*has_said)
        fyi_note("all trials are begun; waiting for %lld of other workers", (long long)n);
    *has_said = true;
    for (int i = 0; i < 10 * WAIT_S; i++) {
        FYI_FORWARD(check_cancel(s));
        (void)nanosleep(&nap, NULL);
    }
    return FY_OK;
}

/* *n_running: those of others, when there is nothing left to begin. */
static fy_status run_next(fy_search *s, bool *has_run, int64_t *n_running)
{
    trial t = { .s = s };
    fy_status st;

    FYI_FORWARD(check_cancel(s));
    st = take(&t, n_running);
    *has_run = st == FY_OK && t.values != NULL && t.number >= 0;
    if (*has_run)
        st = run_taken(&t);
    fyi_arena_release(&t.arena);
    return st;
}

static fy_status run_all(fy_search *s)
{
    bool has_run = true, has_said = false;
    int64_t n_running = 0;

    while (has_run || n_running > 0) {
        FYI_FORWARD(run_next(s, &has_run, &n_running));
        if (!has_run && n_running > 0)
            FYI_FORWARD(wait_for_others(s, n_running, &has_said));
    }
    return FY_OK;
}

fy_status fy_search_run(fy_search *s)
{
    fy_study *of;
    fy_status st;

    FYI_FORWARD(run_all(s));
    FYI_FORWARD(fy_search_study(s, &of));
    fyi_search_tidy(s, &of->table, -1);
    st = fyi_search_write(&of->table, s->dir);
    fy_study_free(of);
    return st;
}
