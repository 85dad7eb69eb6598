/* Guards light runs, whose models stay in memory until somebody wants them: wanted, they are the files of any other run, byte for
 * byte, also when the run was stopped and went on; unwanted, no file of them was ever there. For every kind of method.
 *
 * timeout: 600 */
#include "support/kinds.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

/* ---- runs ------------------------------------------------------------------------------------ */

typedef struct how {
    const char *out;
    bool is_light, keeps;
    int stop_at; /* this line of metrics; 0: none */
    bool resume;
} how;

typedef struct watching {
    const how *h;
    int n_lines, n_asked;
} watching;

static fy_status count_lines(void *arg, const char *stage, int64_t step, int n,
                             const char *const *names, const double *values)
{
    watching *w = arg;

    (void)stage, (void)step, (void)n, (void)names, (void)values;
    return ++w->n_lines == w->h->stop_at ? fyi_fail(FY_ECANCELED, "stopped here") : FY_OK;
}

static fy_status answer(void *arg, const char *result, size_t n, bool *keeps)
{
    watching *w = arg;

    assert_true(n > 2 && result[0] == '{');
    check_contains(result, "\"recipe_sha256\"");
    w->n_asked++;
    *keeps = w->h->keeps;
    return FY_OK;
}

/* A head on a network from that file. */
static void begin_with(fy_recipe *r, const char *weights)
{
    check_ok(fy_recipe_put(r, "model.weights", weights));
    check_ok(fy_recipe_put(r, "finetune.train", "head"));
    check_ok(fy_recipe_put(r, "seed", "7"));
}

/* The number of lines of metrics. */
static int run(const fyt_kind *k, const char *weights, const char *dir, const how *h)
{
    fy_recipe *r = fyt_kind_recipe(k, "");
    watching w = { .h = h };
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    fy_recipe_result result;

    if (weights)
        begin_with(r, weights);
    o.run_dir = fyt_path(dir, h->out);
    o.resume = h->resume;
    o.metrics = count_lines;
    o.keeps = h->is_light ? answer : NULL;
    o.metrics_arg = o.keeps_arg = &w;
    check_status(fy_recipe_run(r, &o, &result), h->stop_at > 0 ? FY_ECANCELED : FY_OK);
    assert_int_equal(w.n_asked, h->is_light && h->stop_at == 0);
    fy_recipe_free(r);
    return w.n_lines;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_model(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && strcmp(dot, ".safetensors") == 0 && strncmp(name, "checkpoint", 10) != 0;
}

/* Models in a run's directory; those of `like`, if given, are the same files. */
static int check_models(const char *dir, const char *out, const char *like)
{
    char at[512], other[512];
    DIR *d = opendir(fyt_path(dir, out));
    int n = 0;

    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));) {
        if (!is_model(e->d_name))
            continue;
        n++;
        (void)snprintf(at, sizeof at, "%s/%s/%s", dir, out, e->d_name);
        (void)snprintf(other, sizeof other, "%s/%s/%s", dir, like ? like : out, e->d_name);
        check_same_file(at, other);
    }
    closedir(d);
    return n;
}

static void check_same_run(const char *dir, const char *out, int n_models)
{
    char at[512], plain[512];

    assert_int_equal(check_models(dir, out, "plain"), n_models);
    (void)snprintf(at, sizeof at, "%s/%s/metrics.jsonl", dir, out);
    (void)snprintf(plain, sizeof plain, "%s/plain/metrics.jsonl", dir);
    check_same_file(at, plain);
}

static int64_t bytes_of(const char *dir, const char *name)
{
    struct stat info;

    assert_int_equal(stat(fyt_path(dir, name), &info), 0);
    return info.st_size;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Half-way, and before the last line. */
static void check_stopped(const fyt_kind *k, const char *weights, const char *dir, int n_lines,
                          int n_models)
{
    static const char *const names[] = { "first", "second" };

    for (int i = 0; i < 2; i++) {
        const int at = n_lines * (i + 1) / 2 - i;

        (void)run(k, weights, dir,
                  &(how){ .out = names[i], .is_light = true, .keeps = true, .stop_at = at });
        assert_int_equal(check_models(dir, names[i], NULL), 0);
        (void)run(k, weights, dir,
                  &(how){ .out = names[i], .is_light = true, .keeps = true, .resume = true });
        check_same_run(dir, names[i], n_models);
    }
}

static void check_light(const fyt_kind *k, const char *weights, const char *dir)
{
    const int n_lines = run(k, weights, dir, &(how){ .out = "plain" });
    const int n_models = check_models(dir, "plain", NULL);

    assert_true(n_lines > 3 && n_models > 0);
    (void)run(k, weights, dir, &(how){ .out = "light", .is_light = true, .keeps = true });
    check_same_run(dir, "light", n_models);
    (void)run(k, weights, dir, &(how){ .out = "unwanted", .is_light = true });
    assert_int_equal(check_models(dir, "unwanted", NULL), 0);
    check_stopped(k, weights, dir, n_lines, n_models);
}

static int i_kind;
static void models_are_those_of_any_other_run(void **state)
{
    check_light(&fyt_kinds[i_kind], NULL, *state);
}

/* Whoever resumes without asking to be asked gets them all the same. */
static void one_that_was_stopped_goes_on_as_any_other(void **state)
{
    const fyt_kind *k = &fyt_kinds[0];
    const int n_lines = run(k, NULL, *state, &(how){ .out = "plain" });

    (void)run(k, NULL, *state, &(how){ .out = "light", .is_light = true, .stop_at = n_lines - 1 });
    (void)run(k, NULL, *state, &(how){ .out = "light", .resume = true });
    check_same_run(*state, "light", check_models(*state, "plain", NULL));
}

/* What never moves is taken from where it came: from the file, too. */
static void a_checkpoint_has_what_moves(void **state)
{
    const fyt_kind *k = &fyt_kinds[0];
    char weights[512];

    (void)run(k, NULL, *state, &(how){ .out = "before" });
    (void)snprintf(weights, sizeof weights, "%s/before/best.safetensors", (const char *)*state);
    check_light(k, weights, *state);
    assert_true(bytes_of(*state, "plain/checkpoint.safetensors") > 1000000);
    assert_true(bytes_of(*state, "light/checkpoint.safetensors") < 100000);
    assert_true(bytes_of(*state, "second/checkpoint.safetensors") < 100000);
}

static int next_kind(void **state)
{
    i_kind++;
    return fyt_tmpdir_teardown(state);
}

int main(void)
{
    struct CMUnitTest tests[8];
    int n = 0;

    for (; n < fyt_n_kinds; n++)
        tests[n] = (struct CMUnitTest){ fyt_kinds[n].name, models_are_those_of_any_other_run,
                                        fyt_tmpdir_setup, next_kind, NULL };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test_setup_teardown(
        one_that_was_stopped_goes_on_as_any_other, fyt_tmpdir_setup, fyt_tmpdir_teardown);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test_setup_teardown(
        a_checkpoint_has_what_moves, fyt_tmpdir_setup, fyt_tmpdir_teardown);
    return _cmocka_run_group_tests("light", tests, (size_t)n, NULL, NULL);
}
