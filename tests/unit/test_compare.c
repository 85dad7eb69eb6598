/* Guards comparisons: what is wrong with a section `compare` or with an arm is said before anything runs; arms differ in
 * what they change and share their seeds; failed runs are rows; what is done is not done again, and what was run by
 * another recipe is not taken.
 *
 * timeout: 120 */
#include "support/recipes.h"

#include "search/search.h"

#include <math.h>
#include <string.h>

#define BASE                                             \
    "method: finetune\nkernel_times: \"\"\nworkers: 0\n" \
    "train: {format: digits, n: 40, size: 12}\n"         \
    "val: {format: digits, n: 40, size: 12}\n"           \
    "model: {family: linear}\n"                          \
    "finetune: {train: all, epochs: 1, batch: 8}\n"
#define COMPARE(rest) BASE "compare:\n  baseline: a\n  seeds: 2\n" rest
#define ARMS "  arms:\n    a: []\n    b: [finetune.lr=0.3]\n"

/* ---- what is refused ------------------------------------------------------------------------- */

static const fyt_bad_recipe bad_sections[] = {
    { "no_baseline", BASE "compare: {arms: {a: [], b: [seed=1]}}\n",
      "'compare.baseline' is missing" },
    { "one_arm", COMPARE("  arms: {a: []}\n"), "'compare.arms' has 1 arm, at least two" },
    { "no_arms", COMPARE(""), "'compare.arms' has 0 arms" },
    { "other_baseline", COMPARE("  arms: {ab: [], c: [finetune.lr=1]}\n"),
      "'compare.baseline' is 'a', expected one of the arms" },
    { "unknown_key", COMPARE("  metrics: loss\n" ARMS),
      "x.yaml:11:3: unknown key 'compare.metrics'; did you mean 'compare.metric'?" },
    { "other_section", BASE "comapre: {seeds: 3}\n",
      "unknown key 'comapre.seeds'; did you mean 'compare.seeds'?" },
    { "section_as_value", BASE "compare: 3\n", "'compare' holds keys of its own" },
    { "no_seeds", BASE "compare: {baseline: a, seeds: 0, arms: {a: [], b: [seed=1]}}\n",
      "'compare.seeds' is '0', expected how many, 1 to 256, or a list of seeds" },
    { "seed_twice", BASE "compare: {baseline: a, seeds: [3, 4, 3]}\n", "'compare.seeds' is '3'" },
    { "empty_seeds", BASE "compare: {baseline: a, seeds: []}\n", "'compare.seeds' is '[]'" },
    { "last_seed", "seed: 18446744073709551615\n" COMPARE(ARMS),
      "there are not so many; list them" },
    { "level", COMPARE("  level: 95\n" ARMS),
      "'compare.level' is '95', expected a number from 0.5" },
    { "better", COMPARE("  better: lowr\n" ARMS), "did you mean 'lower'?" },
    { "no_assignment", COMPARE("  arms: {a: [], b: [fast]}\n"),
      "'compare.arms.b' is 'fast', expected a list of settings" },
    { "map_as_arm", COMPARE("  arms:\n    a: []\n    b: {finetune.lr: 1}\n"),
      "x.yaml:13:9: an arm is a list of settings and its name has no '.'; write b: "
      "[finetune.lr=...]" },
    { "no_arm_on_shifts", BASE "compare: {shifts: {s: []}}\n", "at least one is run on the shifts" },
    { "shift_as_map", COMPARE(ARMS "  shifts: {s: {train.style: noisy}}\n"),
      "a shift is a list of settings and its name has no '.'; write s: [train.style=...]" },
    { "no_baseline_on_shifts", BASE "compare: {baseline: c, shifts: {s: []}, arms: {a: []}}\n",
      "'compare.baseline' is 'c', expected one of the arms" },
    { "long_arm", COMPARE("  arms: {a: [], b234567890123456789012345678901234: []}\n"),
      "needs a name of at most 32" },
};

static const fyt_bad_recipe bad_arms[] = {
    { "arm_key", COMPARE("  arms: {a: [], b: [finetune.rl=0.3]}\n"),
      "while reading the arm 'b': setting 'finetune.rl=0.3': unknown key 'finetune.rl'; did you "
      "mean 'finetune.lr'?" },
    { "arm_value", COMPARE("  arms: {a: [], b: [finetune.lr=fast]}\n"),
      "while reading the arm 'b': setting 'finetune.lr=fast': 'finetune.lr' is 'fast'" },
    { "arm_seed", COMPARE("  arms: {a: [], b: [seed=3]}\n"),
      "all arms are run with the same seeds" },
    { "arm_compare", COMPARE("  arms: {a: [], b: [compare.seeds=3]}\n"),
      "cannot compare comparisons" },
    { "same", COMPARE("  arms: {a: [], b: [threads=2]}\n"),
      "the arms 'a' and 'b' come to the same recipe" },
    { "first_unused", COMPARE("  first: [finetune.lr=1]\n" ARMS),
      "no arm makes use of 'compare.first'" },
    { "first_missing", COMPARE("  arms: {a: [], b: ['model.weights={first}/best.safetensors']}\n"),
      "'model.weights' has '{first}', but there is no 'compare.first'" },
    { "first_arm", COMPARE("  first: [finetune.lr=1]\n  arms: {a: [], first: [finetune.lr=2]}\n"),
      "an arm of the name 'first'" },
    { "first_key",
      COMPARE("  first: [finetune.rl=1]\n"
              "  arms: {a: [], b: ['model.weights={first}/x']}\n"),
      "while reading 'compare.first': setting 'finetune.rl=1'" },
    { "late_recipe", COMPARE("  arms: {a: [], b: [finetune.lr=1, recipe=y.yaml]}\n"),
      "the recipe that an arm begins with comes first" },
    { "no_recipe", COMPARE("  arms: {a: [], b: [recipe=nowhere.yaml]}\n"), "nowhere.yaml" },
    { "shift_key", COMPARE(ARMS "  shifts: {s: [], t: [train.stile=noisy]}\n"),
      "while reading the arm 'a' on the shift 't': setting 'train.stile=noisy': unknown key" },
    { "shift_recipe", COMPARE(ARMS "  shifts: {s: [recipe=y.yaml]}\n"),
      "the recipe that an arm begins with comes first" },
    { "same_shifts", COMPARE(ARMS "  shifts: {s: [], t: [threads=2]}\n"),
      "the arms 's.a' and 't.a' come to the same recipe" },
    { "nothing_to_compare", BASE, "it needs a section 'compare'" },
};

static void says_what_is_wrong_with_an_arm(void **state)
{
    const fyt_bad_recipe *c = *state;
    fy_recipe *r = fyt_recipe(c->text);
    fy_comparison *made = (void *)1;
    fy_comparison_opts o = fy_comparison_defaults();

    o.dir = "never-made";
    assert_int_not_equal(fy_comparison_open(r, &o, &made), FY_OK);
    check_sentence(c->sentence);
    assert_null(made);
    assert_false(fyi_path_exists("never-made"));
    fy_recipe_free(r);
}

static void a_run_of_it_is_refused(void **state)
{
    fy_recipe *r = fyt_recipe(COMPARE(ARMS));
    fy_recipe_result result;

    (void)state;
    check_status(fy_recipe_run(r, NULL, &result), FY_EINVAL);
    check_sentence("compares 2 arms, and a run is of one; 'ferry compare' runs them all");
    fy_recipe_free(r);
}

/* ---- arms ------------------------------------------------------------------------------------ */

static void check_same_arms(const fy_recipe *r, const fy_recipe *again)
{
    char hash[2][65];
    fy_recipe *arm;

    assert_int_equal(r->settings.n_arms, again->settings.n_arms);
    for (int i = 0; i < r->settings.n_arms; i++) {
        for (int k = 0; k < 2; k++) {
            check_ok(fyi_recipe_arm(k == 0 ? r : again, 0, i, &arm));
            check_ok(fyi_recipe_sha256(&arm->settings, hash[k]));
            fy_recipe_free(arm);
        }
        assert_string_equal(hash[0], hash[1]);
    }
}

/* Written, read and written again it is the same, and so are its arms. */
static fy_recipe *reread(fy_recipe *r, const char *dir)
{
    char first[512], second[512];
    fy_recipe *again;

    (void)snprintf(first, sizeof first, "%s", fyt_path(dir, "a.yaml"));
    (void)snprintf(second, sizeof second, "%s", fyt_path(dir, "b.yaml"));
    check_ok(fy_recipe_write(r, first));
    check_ok(fy_recipe_read(first, &again));
    check_ok(fy_recipe_write(again, second));
    check_same_file(first, second);
    check_same_arms(r, again);
    return again;
}

static void a_written_recipe_is_the_same_comparison(void **state)
{
    fy_recipe *r = fyt_recipe(
                  COMPARE("  arms: {a: [], b-2: ['train.classes=[1, 2]', \"val.classes=[1, "
                          "2]\", kernel_times=q\"\\]}\n")),
              *again = reread(r, *state);

    assert_string_equal(fy_recipe_get(again, "compare.seeds"), "2");
    fy_recipe_free(again);
    fy_recipe_free(r);
}

/* A critic that the recipe's own method has none of, and a rate that each arm's method decides. */
static void what_only_an_arm_reads_is_written(void **state)
{
    static const char text[] =
        "method: shot\nsource: {format: digits}\ntarget: {format: digits, style: noisy}\n"
        "model: {encoder: digits_bn, critic_hidden: 20}\nmcd: {encoder_steps: 3}\n"
        "compare: {baseline: a, arms: {a: [], b: [method=dann], c: [method=mcd]}}\n";
    fy_recipe *r = fyt_recipe(text), *again, *arm;

    check_ok(fy_recipe_set(r, "compare.seeds=3"));
    again = reread(r, *state);
    check_ok(fyi_recipe_arm(again, 0, 1, &arm));
    assert_string_equal(fy_recipe_get(arm, "model.critic_hidden"), "20");
    assert_null(fy_recipe_get(again, "model.critic_hidden"));
    fy_recipe_free(arm);
    fy_recipe_free(again);
    fy_recipe_free(r);
}

/* They hold for arms with recipes of their own, turn parts of the file off, and go before what a later one says. */
static void overrides_stay_overrides(void **state)
{
    char other[512], text[1024];
    fy_recipe *r, *again, *arm;

    (void)snprintf(other, sizeof other, "%s", fyt_path(*state, "other.yaml"));
    check_ok(fyi_file_write(other, BASE, strlen(BASE)));
    (void)snprintf(text, sizeof text, "%s  arms:\n    a: []\n    b: [recipe=%s, finetune.lr=0.5]\n",
                   COMPARE(""), other);
    r = fyt_recipe(text);
    check_ok(fy_recipe_set(r, "finetune.batch=4"));
    check_ok(fy_recipe_set(r, "train.n="));
    check_ok(fy_recipe_set(r, "train.n=90"));
    check_ok(fy_recipe_set(r, "train.classes=[0, 1, 2]"));
    check_ok(fy_recipe_put(r, "kernel_times", "-"));
    check_ok(fy_recipe_set(r, "compare.seeds="));
    check_ok(fy_recipe_set(r, "val.size="));
    again = reread(r, *state);
    check_ok(fyi_recipe_arm(again, 0, 1, &arm));
    assert_string_equal(fy_recipe_get(arm, "finetune.batch"), "4");
    fy_recipe_free(arm);
    check_ok(fy_recipe_set(again, "finetune.batch=5"));
    check_ok(fyi_recipe_arm(again, 0, 1, &arm));
    assert_string_equal(fy_recipe_get(arm, "finetune.batch"), "5");
    fy_recipe_free(arm);
    fy_recipe_free(again);
    fy_recipe_free(r);
}

/* The file's settings of the method that is not used go; the command line's must fit. */
static void an_arm_can_have_another_method(void **state)
{
    static const char text[] =
        "method: adda\nsource: {format: digits}\ntarget: {format: digits, style: noisy}\n"
        "model: {encoder: lenet}\nadda: {critic_lr: 0.1}\n"
        "compare: {baseline: a, arms: {a: [], b: [method=finetune]}}\n";
    fy_recipe *r = fyt_recipe(text), *arm;

    (void)state;
    check_ok(fy_recipe_check(r));
    check_status(fyi_recipe_arm(r, 0, 1, &arm), FY_EINVAL);
    check_sentence("while reading the arm 'b': recipe x.yaml: the method 'finetune' has no use for "
                   "the data side 'source'");
    fy_recipe_free(r);
}

static void overrides_are_of_the_file(void **state)
{
    static const char none[] = COMPARE("  overrides: [finetune.lr]\n" ARMS),
                      there[] = COMPARE("  overrides: [train.n=]\n" ARMS);
    fy_recipe *r;

    (void)state;
    check_status(fy_recipe_parse("x.yaml", none, sizeof none - 1, &r), FY_EINVAL);
    check_sentence("x.yaml:11:3: 'compare.overrides' is 'finetune.lr', expected a key of an arm "
                   "that this file sets");
    check_status(fy_recipe_parse("x.yaml", there, sizeof there - 1, &r), FY_EINVAL);
    check_sentence("expected 'key=' only of a key that this file does not set");
    r = fyt_recipe(COMPARE(ARMS));
    check_ok(fy_recipe_set(r, "compare.overrides=[train.n]"));
    check_status(fy_recipe_check(r), FY_EINVAL);
    check_sentence("is an override without another word; leave it out");
    fy_recipe_free(r);
}

static void put_file(const char *path, const char *text)
{
    check_ok(fyi_file_write(path, text, strlen(text)));
}

static void an_arm_can_be_a_recipe_beside_this_one(void **state)
{
    char path[512];
    fy_recipe *r, *arm;

    (void)snprintf(path, sizeof path, "%s", fyt_path(*state, "base.yaml"));
    put_file(path, COMPARE("  arms: {a: [], b: [recipe=other.yaml, finetune.lr=0.3]}\n"));
    put_file(fyt_path(*state, "other.yaml"), BASE "seed: 7\nholdout: 0.3\nval: {n: 3}\n");
    check_ok(fy_recipe_read(path, &r));
    check_ok(fy_recipe_set(r, "train.n=30"));
    check_ok(fy_recipe_check(r));
    check_status(fyi_recipe_arm(r, 0, 1, &arm), FY_EFORMAT); /* val is there twice */
    put_file(fyt_path(*state, "other.yaml"), BASE "seed: 7\n");
    check_ok(fyi_recipe_arm(r, 0, 1, &arm));
    assert_string_equal(fy_recipe_get(arm, "finetune.lr"), "0.3");
    assert_string_equal(fy_recipe_get(arm, "train.n"), "30");
    fy_recipe_free(arm);
    put_file(fyt_path(*state, "other.yaml"), COMPARE(ARMS));
    check_status(fyi_recipe_arm(r, 0, 1, &arm), FY_EINVAL);
    check_sentence("compares arms of its own and cannot be one");
    fy_recipe_free(r);
}

static const char *const shipped[] = {
    "recipes/compare-demo.yaml",         "recipes/kd-mnist.yaml",
    "recipes/kd-mnist-usps.yaml",        "recipes/kd-cifar.yaml",
    "recipes/protocol-digits.yaml",      "recipes/protocol-drawn.yaml",
    "recipes/protocol-fsdd.yaml",        "recipes/protocol-pacs.yaml",
    "recipes/protocol-digits-full.yaml",
};

static void shipped_arms_are_right(void **state)
{
    fy_recipe *r, *arm, *again;
    void *dir = NULL;

    check_ok(fy_recipe_read(fyt_source_path(*state), &r));
    check_ok(fy_recipe_check(r));
    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    again = reread(r, dir);
    fy_recipe_free(again);
    assert_int_equal(fyt_tmpdir_teardown(&dir), 0);
    assert_true(r->settings.n_arms >= 2);
    for (int shift = 0; shift < r->settings.n_shifts || shift == 0; shift++) {
        check_ok(fyi_recipe_first(r, shift, &arm));
        fy_recipe_free(arm);
        for (int i = 0; i < r->settings.n_arms; i++) {
            check_ok(fyi_recipe_arm(r, shift, i, &arm));
            fy_recipe_free(arm);
        }
    }
    fy_recipe_free(r);
}

/* ---- running --------------------------------------------------------------------------------- */

static fy_comparison_opts opts_in(const char *dir, bool resume)
{
    fy_comparison_opts o = fy_comparison_defaults();

    o.dir = dir;
    o.resume = resume;
    return o;
}

static fy_comparison *opened(const char *text, const char *dir, bool resume, const char *set)
{
    fy_recipe *r = fyt_recipe(text);
    const fy_comparison_opts o = opts_in(dir, resume);
    fy_comparison *c;

    if (set != NULL)
        check_ok(fy_recipe_set(r, set));
    check_ok(fy_comparison_open(r, &o, &c));
    fy_recipe_free(r);
    return c;
}

static void is_close(double actual, double expected)
{
    check_close_f64(&actual, &expected, 1, 1e-12, 1e-14);
}

static void arms_are_held_against_the_baseline(void **state)
{
    fy_comparison *c =
        opened(COMPARE("  metric: val_loss\n" ARMS "    c: [finetune.lr=0.3, finetune.epochs=2]\n"),
               fyt_path(*state, "c"), false, "compare.seeds=[5, 3]");
    const fy_comparison_table *t = fy_comparison_result(c);

    assert_int_equal(t->n_rows, 3);
    assert_true(isnan(t->rows[1].mean) && !t->rows[1].runs[0].is_done);
    check_ok(fy_comparison_run(c));
    assert_false(t->higher_is_better);
    assert_int_equal(t->rows[0].verdict, FY_VERDICT_BASELINE);
    for (int i = 0; i < 3; i++) {
        const fy_arm_row *row = &t->rows[i];

        assert_int_equal(row->n, 2);
        assert_true(row->mean_low < row->mean && row->mean < row->mean_high);
        is_close(row->mean, (row->runs[0].value + row->runs[1].value) / 2);
        if (i == 0)
            continue;
        is_close(row->diff, row->mean - t->rows[0].mean);
        assert_true(row->ci_low < row->diff && row->diff < row->ci_high);
        assert_true(row->p_holm >= row->p && row->p_wilcoxon == 0.5);
    }
    fy_comparison_close(c);
}

/* Made once for each seed; only those that name it read it. */
static void arms_find_the_run_before_them(void **state)
{
    fy_comparison *c =
        opened(COMPARE("  first: [finetune.epochs=2]\n"
                       "  arms: {a: [], b: ['model.weights={first}/best.safetensors']}\n"),
               fyt_path(*state, "c"), false, NULL);
    char *text;
    size_t n;

    check_ok(fy_comparison_run(c));
    assert_true(fyi_path_exists(fyt_path(*state, "c/runs/first-0/best.safetensors")));
    check_ok(fyi_file_read(fyt_path(*state, "c/runs/b-1/recipe.yaml"), 1 << 20, &text, &n));
    check_contains(text, "/c/runs/first-1/best.safetensors");
    fyi_free(text);
    check_ok(fyi_file_read(fyt_path(*state, "c/runs/a-1/recipe.yaml"), 1 << 20, &text, &n));
    assert_null(strstr(text, "runs/first-1"));
    fyi_free(text);
    fy_comparison_close(c);
    c = opened(COMPARE("  first: [finetune.epochs=2]\n"
                       "  arms: {a: [], b: ['model.weights={first}/best.safetensors']}\n"),
               fyt_path(*state, "c"), true, "compare.seeds=3");
    check_ok(fy_comparison_run(c));
    assert_true(fyi_path_exists(fyt_path(*state, "c/runs/first-2/best.safetensors")));
    fy_comparison_close(c);
}

/* Both arms on both, each row against the baseline on the same data. */
static void arms_are_run_on_every_shift(void **state)
{
    static const char *const labels[] = { "clean.a", "clean.b", "noisy.a", "noisy.b" };
    fy_comparison *c =
        opened(COMPARE("  first: [finetune.epochs=2]\n"
                       "  arms: {a: [], b: ['model.weights={first}/best.safetensors']}\n"
                       "  shifts: {clean: [], noisy: [train.style=noisy, val.style=noisy]}\n"),
               fyt_path(*state, "c"), false, NULL);
    const fy_comparison_table *t = fy_comparison_result(c);
    char *text;
    size_t n;

    assert_int_equal(t->n_rows, 4);
    assert_int_equal(t->n_shifts, 2);
    check_ok(fy_comparison_run(c));
    for (int i = 0; i < 4; i++) {
        assert_string_equal(t->rows[i].label, labels[i]);
        assert_string_equal(t->rows[i].shift, t->shifts[i / 2]);
        if (i % 2 == 1)
            is_close(t->rows[i].diff, t->rows[i].mean - t->rows[i - 1].mean);
        else
            assert_int_equal(t->rows[i].verdict, FY_VERDICT_BASELINE);
    }
    assert_string_equal(t->rows[3].runs[1].dir, "runs/noisy.b-1");
    check_ok(fyi_file_read(fyt_path(*state, "c/runs/noisy.b-1/recipe.yaml"), 1 << 20, &text, &n));
    check_contains(text, "/c/runs/noisy.first-1/best.safetensors");
    check_contains(text, "style: noisy");
    fyi_free(text);
    check_ok(fyi_file_read(fyt_path(*state, "c/samples/noisy-1.json"), 1 << 20, &text, &n));
    check_contains(text, "\"view_sha256\"");
    check_contains(text, "\"indices\"");
    fyi_free(text);
    fy_comparison_close(c);
}

static void shifts_need_no_baseline(void **state)
{
    fy_comparison *c = opened(BASE "compare:\n  seeds: 2\n  arms: {a: []}\n"
                                   "  shifts: {s: [], t: [train.style=noisy]}\n",
                              fyt_path(*state, "c"), false, NULL);
    const fy_comparison_table *t = fy_comparison_result(c);

    check_ok(fy_comparison_run(c));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(t->rows[i].verdict, FY_VERDICT_UNTESTED);
        assert_true(isnan(t->rows[i].diff) && isfinite(t->rows[i].mean));
        assert_null(t->rows[i].runs[0].cell); /* nothing was adapted */
    }
    assert_int_equal(fy_comparison_harm(t, NULL, NULL, "chosen").n, 0);
    fy_comparison_close(c);
}

/* Weights that grow without end. */
#define DIVERGES "    b: [finetune.lr=1e6, finetune.weight_decay=1e6, finetune.optim=sgd]\n"

static void a_failed_run_is_a_row(void **state)
{
    fy_comparison *c = opened(COMPARE("  arms:\n    a: []\n" DIVERGES "    c: [finetune.lr=0.3]\n"),
                              fyt_path(*state, "c"), false, NULL);
    const fy_comparison_table *t = fy_comparison_result(c);
    char *text;
    size_t n;

    check_ok(fy_comparison_run(c));
    assert_int_equal(t->rows[1].n, 0);
    assert_int_equal(t->rows[1].verdict, FY_VERDICT_INCOMPLETE);
    assert_non_null(t->rows[1].runs[0].error);
    assert_true(isnan(t->rows[1].p_holm) && t->rows[1].runs[0].is_done);
    assert_int_equal(t->rows[2].n, 2);
    assert_null(t->rows[1].runs[0].cell); /* it is no adaptation */
    check_ok(fyi_file_read(fyt_path(fyt_path(*state, "c"), "results.jsonl"), 1 << 20, &text, &n));
    check_contains(text,
                   "{\"arm\":\"b\",\"seed\":0,\"run\":\"runs/b-0\",\"value\":null,\"error\":\"");
    fyi_free(text);
    fy_comparison_close(c);
}

static void one_seed_is_no_test(void **state)
{
    fy_comparison *c = opened(COMPARE(ARMS), fyt_path(*state, "c"), false, "compare.seeds=1");
    const fy_comparison_table *t = fy_comparison_result(c);

    check_ok(fy_comparison_run(c));
    assert_int_equal(t->rows[1].verdict, FY_VERDICT_UNTESTED);
    assert_true(isfinite(t->rows[1].diff) && isnan(t->rows[1].ci_low) && isnan(t->rows[1].p));
    fy_comparison_close(c);
}

static void a_wrong_figure_is_named(void **state)
{
    fy_comparison *c =
        opened(COMPARE(ARMS), fyt_path(*state, "c"), false, "compare.metric=test_acuracy");

    check_status(fy_comparison_run(c), FY_EINVAL);
    check_sentence("in the arm 'a' with seed 0: ");
    check_sentence("has no number 'test_acuracy', but for one 'test_accuracy'; set compare.metric");
    fy_comparison_close(c);
}

/* ---- going on -------------------------------------------------------------------------------- */

static volatile sig_atomic_t is_asked;

static fy_status ask_after_two(void *arg, const char *run_dir)
{
    int *n = arg;

    (void)run_dir;
    is_asked = ++*n >= 2;
    return FY_OK;
}

static void stop_after_two(const char *text, const char *dir)
{
    fy_recipe *r = fyt_recipe(text);
    fy_comparison_opts o = opts_in(dir, false);
    fy_comparison *c;
    int n = 0;

    is_asked = 0;
    o.after_run = ask_after_two;
    o.after_run_arg = &n;
    o.cancel = &is_asked;
    check_ok(fy_comparison_open(r, &o, &c));
    fy_recipe_free(r);
    check_status(fy_comparison_run(c), FY_ECANCELED);
    check_sentence("stopped before the arm 'a' with seed 1");
    fy_comparison_close(c);
}

static void run_whole(const char *text, const char *dir, bool resume, const char *set)
{
    fy_comparison *c = opened(text, dir, resume, set);

    check_ok(fy_comparison_run(c));
    fy_comparison_close(c);
}

static void stopped_and_resumed_it_is_the_same(void **state)
{
    static const char *const files[] = { "results.jsonl", "compare.json", "recipe.yaml",
                                         "runs/b-1/last.safetensors", "runs/a-1/metrics.jsonl" };
    char whole[512], broken[512];

    (void)snprintf(whole, sizeof whole, "%s", fyt_path(*state, "whole"));
    (void)snprintf(broken, sizeof broken, "%s", fyt_path(*state, "broken"));
    run_whole(COMPARE(ARMS), whole, false, NULL);
    stop_after_two(COMPARE(ARMS), broken);
    assert_false(fyi_path_exists(fyt_path(broken, "compare.json")));
    run_whole(COMPARE(ARMS), broken, true, NULL);
    for (size_t i = 0; i < LEN(files); i++)
        check_same_in(whole, broken, files[i]);
    run_whole(COMPARE(ARMS), broken, true, NULL);
    check_same_in(whole, broken, "compare.json");
}

static void fails_to_open(const char *text, const char *dir, bool resume, const char *set,
                          const char *sentence)
{
    fy_recipe *r = fyt_recipe(text);
    const fy_comparison_opts o = opts_in(dir, resume);
    fy_comparison *c;

    if (set != NULL)
        check_ok(fy_recipe_set(r, set));
    check_status(fy_comparison_open(r, &o, &c), FY_EINVAL);
    check_sentence(sentence);
    fy_recipe_free(r);
}

static void what_was_run_must_be_what_is_asked_for(void **state)
{
    char dir[512], single[512];
    fy_recipe *r = fyt_recipe(BASE);
    fy_recipe_run_opts o = fy_recipe_run_defaults();
    fy_recipe_result result;

    (void)snprintf(dir, sizeof dir, "%s", fyt_path(*state, "c"));
    (void)snprintf(single, sizeof single, "%s", fyt_path(*state, "run"));
    fails_to_open(COMPARE(ARMS), dir, true, NULL, "holds no comparison to resume");
    run_whole(COMPARE(ARMS), dir, false, NULL);
    fails_to_open(COMPARE(ARMS), dir, false, NULL,
                  "already holds a comparison; continue it with --resume --out");
    fails_to_open(COMPARE(ARMS), dir, true, "finetune.batch=4",
                  "began with finetune.batch 8, the recipe now says 4");
    run_whole(COMPARE(ARMS "    c: [finetune.lr=0.5]\n"), dir, true, "compare.seeds=3");
    assert_true(fyi_path_exists(fyt_path(dir, "runs/c-2/result.json")));
    o.run_dir = single;
    check_ok(fy_recipe_run(r, &o, &result));
    fails_to_open(COMPARE(ARMS), single, true, NULL, "holds a run, not a comparison");
    fy_recipe_free(r);
}

/* ---- figures --------------------------------------------------------------------------------- */

static const struct figure {
    const char *text, *path;
    double value; /* NaN: null */
    const char *sentence;
} figures[] = {
    { "{\"a\": 0.5}", "a", 0.5, NULL },
    { "{\"student\": {\"target\": 2}}", "student.target", 2, NULL },
    { "{\"a\": null}", "a", NAN, NULL },
    { "{\"student\": {\"target\": 2}}", "student", 0,
      "has no number 'student', but for one 'student.target'" },
    { "{\"a\": \"text\"}", "a", 0, "has no number 'a'; set compare.metric" },
    { "{\"a\": [1]}", "a.0", 0, "has no number 'a.0'" },
    { "[1]", "a", 0, "has no number 'a'" },
    { "{", "a", 0, "'r.json' is damaged" },
};

static void figures_are_found_by_their_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(figures); i++) {
        const struct figure *f = &figures[i];
        double v;
        const fy_status st = fyi_figure_parse("r.json", f->text, strlen(f->text), f->path, &v);

        if (f->sentence != NULL) {
            assert_int_not_equal(st, FY_OK);
            check_sentence(f->sentence);
            continue;
        }
        check_ok(st);
        assert_true(isnan(f->value) ? isnan(v) : v == f->value);
    }
}

static fy_status open_once(void *arg)
{
    fy_recipe *r = NULL;
    fy_comparison *c = NULL;
    const fy_comparison_opts o = opts_in(arg, fyi_path_exists(fyt_path(arg, "recipe.yaml")));
    static const char text[] = COMPARE(ARMS);
    fy_status st = fy_recipe_parse("x.yaml", text, sizeof text - 1, &r);

    if (st == FY_OK)
        st = fy_comparison_open(r, &o, &c);
    fy_comparison_close(c);
    fy_recipe_free(r);
    return st;
}

static void memory_may_run_out(void **state)
{
    char dir[512];

    (void)snprintf(dir, sizeof dir, "%s", fyt_path(*state, "c"));
    fyt_check_alloc_failures(open_once, dir);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    static const struct CMUnitTest fixed[] = {
        cmocka_unit_test(a_run_of_it_is_refused),
        IN_DIR(a_written_recipe_is_the_same_comparison),
        IN_DIR(what_only_an_arm_reads_is_written),
        IN_DIR(overrides_stay_overrides),
        cmocka_unit_test(overrides_are_of_the_file),
        cmocka_unit_test(an_arm_can_have_another_method),
        IN_DIR(an_arm_can_be_a_recipe_beside_this_one),
        IN_DIR(arms_find_the_run_before_them),
        IN_DIR(arms_are_run_on_every_shift),
        IN_DIR(shifts_need_no_baseline),
        IN_DIR(arms_are_held_against_the_baseline),
        IN_DIR(a_failed_run_is_a_row),
        IN_DIR(one_seed_is_no_test),
        IN_DIR(a_wrong_figure_is_named),
        IN_DIR(stopped_and_resumed_it_is_the_same),
        IN_DIR(what_was_run_must_be_what_is_asked_for),
        cmocka_unit_test(figures_are_found_by_their_path),
        IN_DIR(memory_may_run_out),
    };
    struct CMUnitTest tests[LEN(bad_sections) + LEN(bad_arms) + LEN(shipped) + LEN(fixed)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(bad_sections); i++)
        tests[n++] = (struct CMUnitTest){ bad_sections[i].name, fyt_recipe_is_refused, NULL, NULL,
                                          (void *)&bad_sections[i] };
    for (size_t i = 0; i < LEN(bad_arms); i++)
        tests[n++] = (struct CMUnitTest){ bad_arms[i].name, says_what_is_wrong_with_an_arm, NULL,
                                          NULL, (void *)&bad_arms[i] };
    for (size_t i = 0; i < LEN(shipped); i++)
        tests[n++] = (struct CMUnitTest){ shipped[i], shipped_arms_are_right, NULL, NULL,
                                          (void *)shipped[i] };
    for (size_t i = 0; i < LEN(fixed); i++)
        tests[n++] = fixed[i];
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
