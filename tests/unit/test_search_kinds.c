/* Guards searches over every kind of method: bad trials are stopped early, by the figure that is searched by, and only the best
 * trial's models are left.
 *
 * timeout: 600 */
#include "support/kinds.h"

#include <ferry/search.h>

#include <dirent.h>
#include <string.h>

enum { TRIALS = 12 };

static void search_in(const fyt_kind *k, const char *dir, fy_study **study)
{
    fy_search_opts o = fy_search_defaults();
    char more[512];
    fy_search *s;
    fy_recipe *r;

    (void)snprintf(more, sizeof more,
                   "search:\n  trials: %d\n  sampler: random\n  pruner: median\n"
                   "  prune_from: 1\n  prune_after: 3\n  space: {%s}\n",
                   TRIALS, k->rate);
    r = fyt_kind_recipe(k, more);
    o.dir = dir;
    check_ok(fy_search_open(r, &o, &s));
    check_ok(fy_search_run(s));
    check_ok(fy_search_study(s, study));
    fy_search_close(s);
    fy_recipe_free(r);
}

static int count_models(const char *dir, int64_t trial)
{
    char name[64];
    DIR *d;
    int n = 0;

    (void)snprintf(name, sizeof name, "runs/%lld-0", (long long)trial);
    d = opendir(fyt_path(dir, name));
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d));)
        n += strstr(e->d_name, ".safetensors") != NULL;
    closedir(d);
    return n;
}

/* Its last figure is what it came to, and the best has more of them. */
static void check_pruned(const fy_study_table *t, const fy_trial *of)
{
    assert_true(of->n_points > 0);
    assert_true(of->value == of->points[of->n_points - 1].value);
    assert_true(of->n_points <= t->trials[t->best].n_points);
}

static void bad_trials_are_stopped_early(void **state)
{
    char here[512];
    const fy_study_table *t;
    fy_study *study;

    for (int k = 0; k < fyt_n_kinds; k++) {
        (void)snprintf(here, sizeof here, "%s/%s", (const char *)*state, fyt_kinds[k].name);
        search_in(&fyt_kinds[k], here, &study);
        t = fy_study_result(study);
        assert_int_equal(t->count[FY_TRIAL_DONE] + t->count[FY_TRIAL_PRUNED], TRIALS);
        assert_in_range(t->count[FY_TRIAL_PRUNED], 1, TRIALS - 2);
        for (int64_t i = 0; i < TRIALS; i++) {
            if (t->trials[i].state == FY_TRIAL_PRUNED)
                check_pruned(t, &t->trials[i]);
            if (i == t->best)
                assert_true(count_models(here, i) > 0);
            else
                assert_int_equal(count_models(here, i), 0);
        }
        fy_study_free(study);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
        bad_trials_are_stopped_early, fyt_tmpdir_setup, fyt_tmpdir_teardown) };

    return cmocka_run_group_tests_name("search_kinds", tests, NULL, NULL);
}
