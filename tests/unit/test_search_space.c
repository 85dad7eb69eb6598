/* Guards what a search turns: knobs take the values that they say and no others, a section `search` that is wrong is refused
 * before anything runs, and a trial's recipe is the recipe with its values, blind. */
#include "support/recipes.h"

#include "search/study.h"

#include <math.h>
#include <string.h>

#define BASE                                             \
    "method: finetune\nkernel_times: \"\"\nworkers: 0\n" \
    "train: {format: digits, n: 40, size: 12}\n"         \
    "val: {format: digits, n: 40, size: 12}\n"           \
    "test: {format: digits, n: 40, size: 12}\n"          \
    "model: {family: linear}\n"                          \
    "finetune: {train: all, epochs: 1, batch: 8}\n"
#define SEARCH(rest) BASE "search:\n  trials: 3\n" rest
#define SPACE "  space:\n    finetune.lr: log 1e-3 1\n"

/* ---- knobs ----------------------------------------------------------------------------------- */

static const struct turn {
    const char *name, *spec;
    int64_t levels;
    double place;
    const char *value;
} turns[] = {
    { "lin low", "lin 0 0.5", 0, 0, "0" },
    { "lin middle", "lin 0 0.5", 0, 0.5, "0.25" },
    { "lin levels", "lin 0 0.5 6", 6, 0.99, "0.5" },
    { "log middle", "log 1e-4 1", 0, 0.5, "0.01" },
    { "log levels", "log 1e-4 1 5", 5, 0.3, "0.001" },
    { "six digits", "lin 0 1", 0, 1.0 / 3, "0.333333" },
    { "int low", "int 1 8", 8, 0, "1" },
    { "int high", "int 1 8", 8, 0.999, "8" },
    { "int levels", "int 1 9 3", 3, 0.5, "5" },
    { "negative", "int -3 3", 7, 0.5, "0" },
    { "logint low", "logint 1 1024", 0, 0, "1" },
    { "logint high", "logint 1 1024", 0, 0.9999, "1024" },
    { "logint levels", "logint 1 1000 4", 4, 0.6, "100" },
};

static void a_place_is_a_value_and_back(void **state)
{
    const struct turn *c = *state;
    const fyi_entry e = { .key = "k", .items = (const char *[]){ c->spec }, .n_items = 1 };
    char room[FYI_KNOB_TEXT], again[FYI_KNOB_TEXT];
    fyi_knob k;
    double place;

    check_ok(fyi_knob_read(&e, "here", &k));
    assert_int_equal(k.levels, c->levels);
    assert_string_equal(fyi_knob_value(&k, c->place, room), c->value);
    assert_true(fyi_knob_place(&k, room, &place));
    assert_true(place >= 0 && place <= 1);
    assert_string_equal(fyi_knob_value(&k, place, again), room);
    assert_false(fyi_knob_place(&k, "1e9", &place));
    assert_false(fyi_knob_place(&k, "five", &place));
}

static void every_value_of_a_list_has_a_place(void **state)
{
    const fyi_entry e = { .key = "k",
                          .items = (const char *[]){ "sgd", "adam", "adamw" },
                          .n_items = 3,
                          .is_list = true };
    char room[FYI_KNOB_TEXT];
    fyi_knob k;
    double place;

    (void)state;
    check_ok(fyi_knob_read(&e, "here", &k));
    for (int i = 0; i < 3; i++) {
        assert_true(fyi_knob_place(&k, e.items[i], &place));
        assert_string_equal(fyi_knob_value(&k, place, room), e.items[i]);
    }
    assert_false(fyi_knob_place(&k, "adagrad", &place));
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const fyt_bad_recipe bad[] = {
    { "no_space", SEARCH(""), "'search.space' is missing" },
    { "unknown_key", SEARCH("  space: {finetune.rl: log 1 2}\n"),
      "x.yaml:11:11: unknown key 'finetune.rl'; did you mean 'finetune.lr'?" },
    { "no_range", SEARCH("  space: {finetune.lr: 0.1}\n"),
      "'search.space.finetune.lr' is '0.1', expected a list of values, or a range" },
    { "no_form", SEARCH("  space: {finetune.lr: exp 1 2}\n"), "expected a list of values, or a" },
    { "reversed", SEARCH("  space: {finetune.lr: log 1 1e-3}\n"),
      "but a range goes from a smaller number to a larger one" },
    { "log_of_0", SEARCH("  space: {finetune.lr: log 0 1}\n"),
      "but a logarithm needs numbers above 0" },
    { "half_a_whole", SEARCH("  space: {finetune.batch: int 1.5 4}\n"),
      "'int' and 'logint' go from a whole number to a whole number" },
    { "real_of_whole", SEARCH("  space: {finetune.batch: lin 1 4}\n"),
      "'finetune.batch' is a whole number; give its range by 'int' or 'logint'" },
    { "range_of_words", SEARCH("  space: {finetune.optim: lin 1 4}\n"),
      "'finetune.optim' is no number and has no range, but is sgd, adam" },
    { "wrong_choice", SEARCH("  space: {finetune.optim: [sgd, adm]}\n"),
      "'finetune.optim' is 'adm', expected sgd, adam, adamw or adagrad; did you mean 'adam'?" },
    { "out_of_range", SEARCH("  space: {finetune.batch: int 0 4}\n"),
      "'finetune.batch' is '0', expected a whole number from 1" },
    { "one_choice", SEARCH("  space: {finetune.batch: [8]}\n"), "has 1 value; a search needs" },
    { "twice", SEARCH("  space: {finetune.batch: [8, 8]}\n"), "has the value '8' twice" },
    { "many_levels", SEARCH("  space: {finetune.batch: int 1 4 5}\n"),
      "there are not so many different whole numbers in it" },
    { "close_levels", SEARCH("  space: {finetune.batch: logint 1 10 9}\n"),
      "there are not so many different whole numbers in it" },
    { "never_used", SEARCH("  space: {finetune.gamma: lin 0.1 0.9}\n"),
      "would not be used in any trial, since it needs finetune.schedule=step|multistep" },
    { "seed", SEARCH("  space: {seed: int 1 4}\n"), "set search.seeds" },
    { "machine", SEARCH("  space: {threads: int 1 4}\n"), "it changes no result" },
    { "test", SEARCH("  space: {test.n: int 10 40}\n"), "and by none of a test" },
    { "val", SEARCH("  space: {val.n: int 10 40}\n"), "judged by the same samples" },
    { "held_out",
      "method: finetune\ntrain: {format: digits}\nmodel: {family: linear}\n"
      "search: {space: {train.n: int 100 400}}\n",
      "'train.n' cannot be searched: all trials are judged by the same samples" },
    { "itself", SEARCH("  space: {search.startup: int 1 4}\n"), "cannot search itself" },
    { "test_metric", SEARCH("  metric: test_accuracy\n" SPACE),
      "made of no test and of no target labels; those of the method 'finetune' are val_accuracy, "
      "val_loss" },
    { "accuracy", SEARCH("  metric: accuracy\n" SPACE), "'search.metric' is 'accuracy'" },
    { "grid", SEARCH("  sampler: grid\n" SPACE), "of which a grid needs to know how many values" },
    { "large_grid", SEARCH("  sampler: grid\n  space: {finetune.batch: [8, 16]}\n"),
      "'search.trials' is 3, but the grid has 2 points" },
    { "startup", SEARCH("  sampler: random\n  startup: 3\n" SPACE),
      "'search.startup' would not be used, since it needs search.sampler=tpe" },
    { "brackets", SEARCH("  pruner: median\n  brackets: 3\n" SPACE),
      "needs search.pruner=hyperband" },
    { "both", SEARCH(SPACE) "compare: {baseline: a, arms: {a: [], b: [finetune.lr=1]}}\n",
      "a recipe is compared or searched" },
};

static void a_run_of_it_is_refused(void **state)
{
    fy_recipe *r = fyt_recipe(SEARCH(SPACE));
    fy_recipe_result result;

    (void)state;
    check_status(fy_recipe_run(r, NULL, &result), FY_EINVAL);
    check_sentence("searches 1 key, and a run has one value of each; 'ferry search' tries them");
    fy_recipe_free(r);
}

/* ---- no test --------------------------------------------------------------------------------- */

static const char *const methods[] = { "finetune", "distill", "adda", "joint", "hdnet" };
static const char *const sides[] = {
    "train: {format: digits}\n",
    "source: {format: digits}\ntarget: {format: digits, style: noisy}\n",
    "source: {format: digits}\ntarget: {format: digits, style: noisy}\n",
    "part_1: {format: facts, modality: 1}\npart_2: {format: facts, modality: 2}\n",
    ("part_1: {format: facts, modality: 1}\npart_2: {format: facts, modality: 2}\n"
     "domain: {of_source: 0.5}\n"),
};

/* Whatever a method writes into result.json that may be of a test. */
static const char *const of_tests[] = {
    "accuracy",
    "test_accuracy",
    "chosen",
    "last",
    "oracle",
    "source_only",
    "chosen_matched",
    "student.target",
    "student.source",
    "teacher.target",
    "finetuned.target",
    "fused",
    "branches.a.accuracy",
    "branch_weak",
    "probe_weak",
    "branches.a.probe",
    "target",
    "targets.a.fused",
    "gain",
    "finetuned",
};

static void no_figure_of_a_test_is_an_objective(void **state)
{
    (void)state;
    for (size_t m = 0; m < LEN(methods); m++)
        for (size_t i = 0; i < LEN(of_tests); i++) {
            char text[512];
            fy_recipe *r;

            (void)snprintf(text, sizeof text,
                           "method: %s\n%ssearch: {metric: %s, space: {precision: [f32, bf16]}}\n",
                           methods[m], sides[m], of_tests[i]);
            r = fyt_recipe(text);
            check_status(fy_recipe_check(r), FY_EINVAL);
            check_sentence("made of no test and of no target labels");
            fy_recipe_free(r);
        }
}

/* A test that cannot be read changes nothing, since nobody reads it. */
static void a_blind_run_opens_no_test(void **state)
{
    fy_recipe *r = fyt_recipe(BASE "seed: 3\n");
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    fy_recipe_result result;

    o.run_dir = fyt_path(*state, "run");
    check_ok(fy_recipe_set(r, "test.n="));
    check_ok(fy_recipe_set(r, "test.size="));
    check_ok(fy_recipe_set(r, "test.format=idx"));
    check_ok(fy_recipe_set(r, "test.images=nowhere/images"));
    check_ok(fy_recipe_set(r, "test.labels=nowhere/labels"));
    assert_int_not_equal(fy_recipe_run(r, &o, &result), FY_OK);
    check_sentence("nowhere");
    check_ok(fy_recipe_set(r, "blind=true"));
    check_ok(fy_recipe_run(r, &o, &result));
    assert_true(isnan(result.report.finetune.test_accuracy));
    assert_true(result.report.finetune.val_accuracy >= 0);
    assert_false(fyi_path_exists(fyt_path(*state, "run/data/test.json")));
    fy_recipe_free(r);
}

static void a_blind_adaptation_asks_no_target_label(void **state)
{
    static const char text[] =
        "method: adda\nkernel_times: \"\"\nworkers: 0\nblind: true\n"
        "source: {format: digits, n: 64}\nsource_test: {format: digits, n: 40}\n"
        "target: {format: digits, style: noisy, n: 64}\n"
        "target_eval: {format: idx, images: nowhere, labels: nowhere}\n"
        "model: {encoder: lenet}\nadda: {source_epochs: 1, steps: 2, evaluations: 1}\n";
    fy_recipe *r = fyt_recipe(text);
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    fy_recipe_result result;

    o.run_dir = fyt_path(*state, "run");
    check_ok(fy_recipe_run(r, &o, &result));
    assert_false(result.report.adapt.has_labels);
    assert_true(isnan(result.report.adapt.plain.chosen));
    assert_true(isfinite(result.report.adapt.signs.target.information));
    fy_recipe_free(r);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static void a_trial_is_a_recipe_of_its_own(void **state)
{
    fy_recipe *r =
        fyt_recipe(SEARCH("  space: {finetune.lr: log 1e-3 1, finetune.batch: [4, 8]}\n"));
    fy_recipe *trial;
    const char *const values[] = { "0.25", "4" };

    (void)state;
    check_ok(fy_recipe_check(r));
    check_ok(fyi_recipe_trial(r, values, 7, &trial));
    assert_string_equal(fy_recipe_get(trial, "finetune.lr"), "0.25");
    assert_string_equal(fy_recipe_get(trial, "finetune.batch"), "4");
    assert_string_equal(fy_recipe_get(trial, "seed"), "7");
    assert_string_equal(fy_recipe_get(trial, "blind"), "true");
    assert_null(fy_recipe_get(trial, "search.trials"));
    fy_recipe_free(trial);
    fy_recipe_free(r);
}

/* Momentum means nothing to Adam, and is left out of its trials. */
static void a_key_may_hang_on_another(void **state)
{
    fy_recipe *r = fyt_recipe(
        SEARCH("  space: {finetune.optim: [sgd, adam], finetune.momentum: lin 0 0.9}\n"));
    fy_recipe *trial;

    (void)state;
    check_ok(fy_recipe_check(r));
    check_ok(fyi_recipe_trial(r, (const char *const[]){ "adam", "0.5" }, 0, &trial));
    assert_null(fy_recipe_get(trial, "finetune.momentum"));
    fy_recipe_free(trial);
    check_ok(fyi_recipe_trial(r, (const char *const[]){ "sgd", "0.5" }, 0, &trial));
    assert_string_equal(fy_recipe_get(trial, "finetune.momentum"), "0.5");
    fy_recipe_free(trial);
    fy_recipe_free(r);
}

static void a_resolved_recipe_is_the_same_search(void **state)
{
    fy_recipe *r =
        fyt_recipe(SEARCH("  space: {finetune.lr: log 1e-3 1 4, finetune.batch: [4, 8]}\n"));
    fy_recipe *again;
    char first[512], second[512], a[65], b[65];

    (void)snprintf(first, sizeof first, "%s", fyt_path(*state, "a.yaml"));
    (void)snprintf(second, sizeof second, "%s", fyt_path(*state, "b.yaml"));
    check_ok(fy_recipe_write(r, first));
    check_ok(fy_recipe_read(first, &again));
    check_ok(fy_recipe_write(again, second));
    check_same_file(first, second);
    check_ok(fyi_recipe_sha256(&r->settings, a));
    check_ok(fy_recipe_set(again, "search.trials=9")); /* more of them is the same search */
    check_ok(fy_recipe_check(again));
    check_ok(fyi_recipe_sha256(&again->settings, b));
    assert_string_equal(a, b);
    fy_recipe_free(again);
    fy_recipe_free(r);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(every_value_of_a_list_has_a_place),
        cmocka_unit_test(a_run_of_it_is_refused),
        cmocka_unit_test(no_figure_of_a_test_is_an_objective),
        IN_DIR(a_blind_run_opens_no_test),
        IN_DIR(a_blind_adaptation_asks_no_target_label),
        cmocka_unit_test(a_trial_is_a_recipe_of_its_own),
        cmocka_unit_test(a_key_may_hang_on_another),
        IN_DIR(a_resolved_recipe_is_the_same_search),
    };
    struct CMUnitTest tests[LEN(turns) + LEN(bad) + LEN(fixed)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(turns); i++)
        tests[n++] = (struct CMUnitTest){ turns[i].name, a_place_is_a_value_and_back, NULL, NULL,
                                          (void *)&turns[i] };
    for (size_t i = 0; i < LEN(bad); i++)
        tests[n++] =
            (struct CMUnitTest){ bad[i].name, fyt_recipe_is_refused, NULL, NULL, (void *)&bad[i] };
    for (size_t i = 0; i < LEN(fixed); i++)
        tests[n++] = fixed[i];
    return cmocka_run_group_tests_name("search_space", tests, NULL, NULL);
}
