/* Guards studies: every trial is taken once and ended once, whatever number of workers there are and however they die; a
 * study of another recipe, and a file that is none, are refused; the same seed leaves the same trials.
 *
 * timeout: 120 */
#include "support/recipes.h"

#include "search/study.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECIPE                                                                \
    "name: x\nmethod: finetune\nkernel_times: \"\"\nworkers: 0\nthreads: 1\n" \
    "train: {format: digits, n: 40, size: 12}\n"                              \
    "val: {format: digits, n: 40, size: 12}\n"                                \
    "model: {family: linear}\n"                                               \
    "finetune: {train: all, epochs: 3, batch: 8}\n"                           \
    "search:\n  trials: 6\n  space: {finetune.lr: log 1e-3 1, finetune.batch: [4, 8]}\n"

static const fyi_study_id id = { "x", "0123456789abcdef", RECIPE };

static fyi_store join(const char *where)
{
    fyi_store s;

    check_ok(fyi_store_join(&s, where, &id));
    return s;
}

/* Draws and takes the next; its number. */
static int64_t take(const fyi_store *s)
{
    fyi_arena arena = { 0 };
    const char *values[2];
    fy_study *of;
    int64_t number;

    check_ok(fyi_store_begin(s));
    check_ok(fyi_store_read_within(s, &of));
    number = of->table.n_trials;
    check_ok(fyi_study_draw(of, &arena, values));
    check_ok(fyi_store_end(s, fyi_store_add_trial(s, of, values)));
    fy_study_free(of);
    fyi_arena_release(&arena);
    return number;
}

static int64_t take_over(const fyi_store *s)
{
    fy_study *of;
    int64_t number;

    check_ok(fyi_store_begin(s));
    check_ok(fyi_store_read_within(s, &of));
    check_ok(fyi_store_end(s, fyi_store_take_over(s, of, &number)));
    fy_study_free(of);
    return number;
}

static bool end(const fyi_store *s, int64_t number, double value)
{
    bool is_mine;

    check_ok(fyi_store_end_trial(s, number, &(fyi_ending){ FY_TRIAL_DONE, value, NULL }, &is_mine));
    return is_mine;
}

/* ---- workers --------------------------------------------------------------------------------- */

static void what_a_dead_worker_leaves_is_taken_over(void **state)
{
    char where[512];
    fyi_store a, b;
    fy_study *of;

    (void)snprintf(where, sizeof where, "%s", fyt_path(*state, "s.db"));
    a = join(where);
    b = join(where);
    assert_int_equal(take(&a), 0);
    assert_int_equal(take(&b), 1);
    assert_int_equal(take_over(&b), 1); /* its own, which it has lost sight of; not the other's */
    assert_true(end(&b, 1, 0.5));
    assert_int_equal(take_over(&b), -1);
    fyi_store_close(&a);
    assert_int_equal(take_over(&b), 0);
    assert_true(end(&b, 0, 0.25));
    assert_false(end(&b, 0, 0.75)); /* it has ended */
    check_ok(fy_study_read(where, NULL, &of));
    assert_int_equal(fy_study_result(of)->n_trials, 2);
    assert_int_equal(fy_study_result(of)->best, 1);
    assert_true(fy_study_result(of)->trials[0].value == 0.25);
    fy_study_free(of);
    fyi_store_close(&b);
}

static void a_worker_that_lost_its_trial_changes_nothing(void **state)
{
    char where[512];
    fyi_store a, b;
    fy_study *of;

    (void)snprintf(where, sizeof where, "%s", fyt_path(*state, "s.db"));
    a = join(where);
    b = join(where);
    assert_int_equal(take(&a), 0);
    check_ok(fyi_store_read(&b, &of));
    check_ok(fyi_store_begin(&b));
    b.worker = a.worker; /* as if a's lock had fallen, with its connection, say */
    int64_t number;
    check_ok(fyi_store_end(&b, fyi_store_take_over(&b, of, &number)));
    b.worker = a.worker + 1;
    check_ok(fyi_store_begin(&b));
    check_ok(b.db->kind->run(b.db, &(fyi_sql){ .text = "UPDATE ferry_trials SET worker = 2" }));
    check_ok(fyi_store_end(&b, FY_OK));
    assert_false(end(&a, 0, 0.1));
    assert_true(end(&b, 0, 0.2));
    fy_study_free(of);
    fyi_store_close(&a);
    fyi_store_close(&b);
}

enum { WORKERS = 4, EACH = 10, KILLED = 3 };

/* Takes trials and ends them, or is killed before the end of one of them. */
static void work(const char *where, int who)
{
    fyi_store s = join(where);

    for (int i = 0; i < EACH; i++) {
        const int64_t number = take(&s);

        if (who == 0 && i == KILLED)
            (void)kill(getpid(), SIGKILL);
        assert_true(end(&s, number, (double)number));
    }
    _exit(0);
}

static void processes_share_a_study(void **state)
{
    char where[512];
    pid_t child[WORKERS];
    fyi_store s;
    fy_study *of;

    (void)snprintf(where, sizeof where, "%s", fyt_path(*state, "s.db"));
    for (int i = 0; i < WORKERS; i++) {
        child[i] = fork();
        if (child[i] == 0)
            work(where, i);
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;

        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_int_equal(
            i == 0 ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0, 1);
    }
    s = join(where);
    check_ok(fyi_store_read(&s, &of));
    assert_int_equal(of->table.n_trials, (WORKERS - 1) * EACH + KILLED + 1);
    assert_int_equal(of->table.count[FY_TRIAL_RUNNING], 1);
    for (int64_t i = 0; i < of->table.n_trials; i++)
        assert_true(of->table.trials[i].state == FY_TRIAL_RUNNING ||
                    of->table.trials[i].value == (double)i);
    fy_study_free(of);
    assert_true(take_over(&s) >= 0);
    assert_int_equal(take_over(&s) >= 0, 1); /* its own now */
    fyi_store_close(&s);
}

/* ---- points ---------------------------------------------------------------------------------- */

static void a_point_told_twice_is_one(void **state)
{
    fyi_store s = join(fyt_path(*state, "s.db"));
    fy_study *of;

    assert_int_equal(take(&s), 0);
    for (int step = 10; step <= 30; step += 10)
        check_ok(fyi_store_add_point(&s, 0, &(fy_trial_point){ "all", step, 0.1 }));
    check_ok(fyi_store_add_point(&s, 0, &(fy_trial_point){ "all", 20, 0.7 }));
    check_ok(fyi_store_add_point(&s, 0, &(fy_trial_point){ "all", 40, NAN }));
    check_ok(fyi_store_read(&s, &of));
    assert_int_equal(of->table.trials[0].n_points, 4);
    assert_true(of->table.trials[0].points[1].value == 0.7);
    assert_int_equal(of->table.trials[0].points[3].step, 40);
    assert_true(isnan(of->table.trials[0].points[3].value));
    fy_study_free(of);
    fyi_store_close(&s);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void another_recipe_is_refused(void **state)
{
    const fyi_study_id changed = { "x", "fedcba9876543210", RECIPE };
    const fyi_study_id other = { "y", "0123456789abcdef", RECIPE };
    char where[512];
    fyi_store s;

    (void)snprintf(where, sizeof where, "%s", fyt_path(*state, "s.db"));
    s = join(where);
    fyi_store_close(&s);
    check_status(fyi_store_join(&s, where, &changed), FY_EINVAL);
    check_sentence("is of another recipe 'x', or of this one before it was changed");
    fyi_store_close(&s);
    check_status(fyi_store_join(&s, where, &other), FY_EINVAL);
    check_sentence("is of the recipe 'x' and this one is 'y'");
    fyi_store_close(&s);
    check_status(fyi_store_look(&s, where, "z"), FY_EIO);
    fyi_store_close(&s);
}

static void what_is_no_study_is_refused(void **state)
{
    char where[512];
    fyi_store s;
    fy_study *of;

    (void)snprintf(where, sizeof where, "%s", fyt_path(*state, "s.db"));
    check_status(fy_study_read(where, NULL, &of), FY_EIO);
    check_sentence("there is no study");
    check_ok(fyi_file_write(where, "no database, but a text of some length", 38));
    check_status(fy_study_read(where, NULL, &of), FY_EFORMAT);
    check_sentence("is no study, or it is damaged");
    check_status(fyi_store_join(&s, where, &id), FY_EFORMAT);
    fyi_store_close(&s);
    assert_null(of);
}

static const struct damage {
    const char *name, *sql, *sentence;
} damages[] = {
    { "state", "UPDATE ferry_trials SET state = 'done?'", "a row that no search writes" },
    { "number", "UPDATE ferry_trials SET number = 7", "is not the next" },
    { "no value", "UPDATE ferry_trials SET state = 'done', value = NULL", "has no value" },
    { "text for a number", "UPDATE ferry_trials SET worker = 'me'", "a row that no search writes" },
    { "other key", "UPDATE ferry_settings SET key = 'finetune.rl' WHERE key = 'finetune.lr'",
      "a key that the recipe does not search" },
    { "lost setting", "DELETE FROM ferry_settings WHERE key = 'finetune.lr'",
      "has no value for a key" },
    { "control", "UPDATE ferry_settings SET value = 'a' || char(10) || 'b: c'",
      "a value that is no plain text" },
    { "foreign setting", "INSERT INTO ferry_settings VALUES ('x', 3, 'finetune.lr', '1')",
      "never began" },
    { "recipe", "UPDATE ferry_studies SET recipe = 'method: finetune'", "reading the recipe" },
    { "version", "UPDATE ferry_studies SET version = 2", "is of version 2" },
};

static void damage_is_found(void **state)
{
    for (size_t i = 0; i < LEN(damages); i++) {
        char where[512];
        fyi_store s;
        fy_study *of;

        (void)snprintf(where, sizeof where, "%s/%zu.db", (const char *)*state, i);
        s = join(where);
        assert_int_equal(take(&s), 0);
        check_ok(s.db->kind->run(s.db, &(fyi_sql){ .text = damages[i].sql }));
        fyi_store_close(&s);
        assert_int_not_equal(fy_study_read(where, NULL, &of), FY_OK);
        check_sentence(damages[i].sentence);
    }
}

/* ---- whole searches -------------------------------------------------------------------------- */

static void search_in(const char *text, const char *dir)
{
    fy_search_opts o = fy_search_defaults();
    fy_recipe *r = fyt_recipe(text);
    fy_search *s;

    o.dir = dir;
    check_ok(fy_search_open(r, &o, &s));
    fy_recipe_free(r);
    check_ok(fy_search_run(s));
    fy_search_close(s);
}

static void the_same_seed_is_the_same_study(void **state)
{
    char a[512], b[512];
    fy_study *of;

    (void)snprintf(a, sizeof a, "%s", fyt_path(*state, "a"));
    (void)snprintf(b, sizeof b, "%s", fyt_path(*state, "b"));
    search_in(RECIPE, a);
    search_in(RECIPE, b);
    check_same_in(a, b, "study.db");
    check_ok(fy_study_read(a, NULL, &of));
    assert_int_equal(fy_study_result(of)->count[FY_TRIAL_DONE], 6);
    assert_true(fy_study_result(of)->trials[fy_study_result(of)->best].value >= 0);
    fy_study_free(of);
    search_in(RECIPE, a); /* nothing is left to do */
    check_ok(fy_study_read(a, "x", &of));
    assert_int_equal(fy_study_result(of)->n_trials, 6);
    fy_study_free(of);
}

#define HARD                                                                                 \
    "name: x\nmethod: finetune\nkernel_times: \"\"\nworkers: 0\nthreads: 1\n"                \
    "train: {format: digits, n: 64, size: 12}\n"                                             \
    "val: {format: digits, n: 40, size: 12}\nmodel: {family: linear}\n"                      \
    "finetune: {train: all, epochs: 4}\n"                                                    \
    "search:\n  sampler: grid\n  metric: val_loss\n  pruner: halving\n  prune_factor: 2\n  " \
    "seeds: 2\n"

/* Slow ones are behind after every epoch; a batch of more than all samples is no setting. */
static void trials_are_stopped_and_fail_by_themselves(void **state)
{
    const fy_study_table *t;
    char dir[512];
    fy_study *of;

    (void)snprintf(dir, sizeof dir, "%s", fyt_path(*state, "s"));
    search_in(HARD "  space: {finetune.batch: [8, 100], finetune.lr: [0.3, 0.1, 1e-5, 1e-6]}\n",
              dir);
    check_ok(fy_study_read(dir, NULL, &of));
    t = fy_study_result(of);
    assert_int_equal(t->n_trials, 8);
    assert_int_equal(t->count[FY_TRIAL_FAILED], 4);
    assert_true(t->count[FY_TRIAL_PRUNED] >= 2);
    assert_int_equal(t->trials[2].state, FY_TRIAL_PRUNED);
    assert_int_equal(t->trials[2].n_points, 1);
    assert_non_null(t->trials[4].error);
    assert_true(fyi_path_exists(fyt_path(dir, "runs/0-1/result.json")));
    assert_false(fyi_path_exists(fyt_path(dir, "runs/2-1")));
    fy_study_free(of);
}

static void settings_that_never_work_end_the_search(void **state)
{
    fy_search_opts o = fy_search_defaults();
    fy_recipe *r = fyt_recipe(HARD "  space: {finetune.batch: int 100 200}\n  trials: 50\n");
    fy_search *s;

    o.dir = fyt_path(*state, "s");
    check_ok(fy_search_open(r, &o, &s));
    check_status(fy_search_run(s), FY_EINVAL);
    check_sentence("all of the first 5 trials failed; the last one: ");
    fy_search_close(s);
    fy_recipe_free(r);
}

static void the_best_becomes_a_recipe(void **state)
{
    char dir[512];
    fy_study *of;
    fy_recipe *best, *other;

    (void)snprintf(dir, sizeof dir, "%s", fyt_path(*state, "s"));
    search_in(RECIPE, dir);
    check_ok(fy_study_read(dir, NULL, &of));
    check_ok(fy_study_recipe(of, -1, &best));
    assert_string_equal(fy_recipe_get(best, "finetune.lr"),
                        fy_study_result(of)->trials[fy_study_result(of)->best].values[0]);
    assert_string_equal(fy_recipe_get(best, "blind"), "false");
    assert_string_equal(fy_recipe_name(best), "x");
    check_status(fy_study_recipe(of, 6, &other), FY_EINVAL);
    check_sentence("has 6 trials, and none of the number 6");
    assert_null(other);
    fy_recipe_free(best);
    fy_study_free(of);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_DIR(what_a_dead_worker_leaves_is_taken_over),
        IN_DIR(a_worker_that_lost_its_trial_changes_nothing),
        IN_DIR(processes_share_a_study),
        IN_DIR(a_point_told_twice_is_one),
        IN_DIR(another_recipe_is_refused),
        IN_DIR(what_is_no_study_is_refused),
        IN_DIR(damage_is_found),
        IN_DIR(the_same_seed_is_the_same_study),
        IN_DIR(trials_are_stopped_and_fail_by_themselves),
        IN_DIR(settings_that_never_work_end_the_search),
        IN_DIR(the_best_becomes_a_recipe),
    };

    return cmocka_run_group_tests_name("search_study", tests, NULL, NULL);
}
