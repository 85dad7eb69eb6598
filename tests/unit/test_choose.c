/* Guards the do-no-harm rule: each row is a run, what must be handed back and what the reason must say; votes decide among those that
 * pass, for steps and for methods alike; choice.json has all of it. */
#include "support/support.h"

#include <ferry/choose.h>

#include <math.h>
#include <string.h>

/* step, source accuracy, information, largest, smallest; the rest of the signs is not looked at */
/* clang-format off */
#define FIGURES(at, source, info, large, small) \
    .step = at, .source_accuracy = source, .target = { .information = info, .largest = large, .smallest = small }
#define C(...) { FIGURES(__VA_ARGS__) }
#define BACK(...) { FIGURES(__VA_ARGS__), .went_back = true } /* the run, from there */
/* clang-format on */
#define SOURCE C(0, 0.99, 0.40, 0.60, 0.40)
#define MAX_CANDIDATES 8

/* clang-format off */
static const struct choice_row {
    const char *name, *why;
    int k;
    int index;
    const char *reason; /* NULL: anything */
    fy_candidate c[MAX_CANDIDATES + 1]; /* ends with a candidate whose largest share is 0 */
} rows[] = {
    { "source alone", "n = 1", 2, 0, "kept the source model: there was no other candidate", { SOURCE } },
    { "one better", "", 2, 1,
      "chose step 100: alone in passing the gates (information "
      "0.900, the source model has 0.400); its classes take 45.0% to 55.0% of the target",
      { SOURCE, C(100, 0.98, 0.9, 0.55, 0.45) } },
    { "most information", "of the late ones", 2, 3,
      "chose step 300: the most information of the 3 that passed the gates (information 0.800",
      { SOURCE, C(100, 0.98, 0.95, 0.5, 0.5), C(200, 0.98, 0.7, 0.5, 0.5), C(300, 0.98, 0.8, 0.5, 0.5),
        C(400, 0.98, 0.75, 0.5, 0.5) } },
    { "tie", "the earlier has moved less", 2, 2, NULL,
      { SOURCE, C(100, 0.98, 0.5, 0.5, 0.5), C(200, 0.98, 0.8, 0.5, 0.5), C(300, 0.98, 0.8, 0.5, 0.5) } },
    { "first half", "good early, worse than the source later: not trusted", 2, 0,
      "kept the source model: every candidate from step 300 on told classes apart no better",
      { SOURCE, C(100, 0.98, 0.9, 0.5, 0.5), C(300, 0.98, 0.4, 0.5, 0.5), C(400, 0.98, 0.3, 0.5, 0.5) } },
    { "collapsed", "the sentence that users will meet most", 2, 0,
      "kept the source model: every candidate from step 200 on called at least 97% of the target one class",
      { SOURCE, C(100, 0.98, 0.5, 0.6, 0.4), C(200, 0.9, 0.6, 0.97, 0.03), C(300, 0.9, 0.6, 0.98, 0.02),
        C(400, 0.9, 0.6, 1, 0) } },
    { "collapsed from the start", "goes back past the middle", 2, 0, "every candidate from step 100 on called",
      { SOURCE, C(100, 0.9, 0.6, 0.98, 0.02), C(200, 0.9, 0.6, 0.98, 0.02), C(300, 0.9, 0.6, 0.98, 0.02) } },
    { "one collapsed", "", 2, 0, "the candidate of step 50 called at least 95% of the target one class",
      { SOURCE, C(50, 0.9, 0.9, 0.95, 0.05) } },
    { "at the limit", "0.2 of one half is 10%: passes", 2, 1, NULL,
      { SOURCE, C(50, 0.9, 0.9, 0.9, 0.1) } },
    { "under the limit", "", 2, 0, "90%", { SOURCE, C(50, 0.9, 0.9, 0.901, 0.099) } },
    { "neighbour collapsed", "an island between collapses is not steady", 2, 0,
      "of 3 candidates from step 200 on, 2 called at least 96% of the target one class and 1 stood beside a "
      "collapsed one",
      { SOURCE, C(100, 0.9, 0.5, 0.6, 0.4), C(200, 0.9, 0.6, 0.97, 0.03), C(300, 0.9, 0.9, 0.5, 0.5),
        C(400, 0.9, 0.6, 0.96, 0.04) } },
    { "after going back", "it does not come from the collapse", 2, 3, "chose step 300: alone in passing the gates",
      { SOURCE, C(100, 0.9, 0.5, 0.6, 0.4), BACK(200, 0.9, 0.6, 0.97, 0.03), C(300, 0.9, 0.9, 0.5, 0.5) } },
    { "before going back", "from there it went into the collapse, and after it", 2, 0,
      "of 3 candidates from step 200 on, 2 called at least 96% of the target one class and 1 stood beside a "
      "collapsed one",
      { SOURCE, C(100, 0.9, 0.5, 0.6, 0.4), BACK(200, 0.9, 0.6, 0.97, 0.03), C(300, 0.9, 0.9, 0.5, 0.5),
        BACK(400, 0.9, 0.6, 0.96, 0.04) } },
    { "far from the collapse", "two steps away is steady", 2, 4, NULL,
      { SOURCE, C(100, 0.9, 0.5, 0.97, 0.03), C(200, 0.9, 0.6, 0.6, 0.4), C(300, 0.9, 0.7, 0.5, 0.5),
        C(400, 0.9, 0.8, 0.5, 0.5) } },
    { "collapsed source model", "its own shares are no gate for others", 2, 1, NULL,
      { C(0, 0.99, 0.1, 0.99, 0.01), C(100, 0.98, 0.9, 0.5, 0.5) } },
    { "source lost", "", 2, 0, "the candidate of step 100 lost at least 39 points of source accuracy",
      { SOURCE, C(100, 0.6, 0.9, 0.5, 0.5) } },
    { "source lost at the limit", "20 points pass", 2, 1, NULL,
      { SOURCE, C(100, 0.79, 0.9, 0.5, 0.5) } },
    { "source unknown for one", "a candidate that cannot be checked is out", 2, 0, "had no known source accuracy",
      { SOURCE, C(100, NAN, 0.9, 0.5, 0.5) } },
    { "source unknown for all", "nothing to compare with: no floor", 2, 1, NULL,
      { C(0, NAN, 0.4, 0.6, 0.4), C(100, NAN, 0.9, 0.5, 0.5) } },
    { "no gain", "0.01 is wanted", 2, 0, "told classes apart no better than the source model",
      { SOURCE, C(100, 0.98, 0.405, 0.5, 0.5) } },
    { "NaN", "", 2, 0, "predicted values that are not finite",
      { SOURCE, C(100, 0.98, NAN, NAN, NAN) } },
    { "NaN beside", "a neighbour that diverged is a collapse", 2, 0, "1 predicted values that are not finite",
      { SOURCE, C(100, 0.98, 0.9, 0.5, 0.5), C(100, 0.98, NAN, NAN, NAN) } },
    { "NaN of the source model", "anything sound is better", 2, 1, NULL,
      { C(0, 0.99, NAN, NAN, NAN), C(100, 0.98, 0.2, 0.5, 0.5) } },
    { "ten classes", "a real imbalance is no collapse", 10, 1, NULL,
      { C(0, 0.9, 0.4, 0.3, 0.02), C(100, 0.9, 0.8, 0.18, 0.06) } },
    { "lost class", "", 10, 0, "left one class at most 0.5% of the target",
      { C(0, 0.9, 0.4, 0.3, 0.02), C(100, 0.9, 0.8, 0.18, 0.005) } },
    { "greedy class", "", 10, 0, "called at least 45% of the target one class",
      { C(0, 0.9, 0.4, 0.3, 0.02), C(100, 0.9, 0.8, 0.45, 0.03) } },
    { "skewed source model", "what mends half of a skew is no collapse, though both shares are outside of the gates", 10, 1, NULL,
      { C(0, 0.9, 0.2, 0.67, 0), C(100, 0.9, 0.6, 0.335, 0.01) } },
    { "half as skewed is the limit", "", 10, 0, "called at least 33% of the target one class",
      { C(0, 0.9, 0.2, 0.67, 0), C(100, 0.9, 0.6, 0.336, 0.01) } },
    { "lost what it had", "", 10, 0, "left one class at most 0.2% of the target",
      { C(0, 0.9, 0.2, 0.4, 0.003), C(100, 0.9, 0.6, 0.2, 0.002) } },
    { "fewer classes", "of five of ten classes nobody can make more", 10, 1, NULL,
      { C(0, 0.9, 0.2, 0.25, 0), C(100, 0.9, 0.6, 0.22, 0) } },
    { "all kinds", "the two commonest and the rest", 10, 0,
      "of 6 candidates from step 10 on, 3 left one class at most 1.0% of the target, 1 predicted values that "
      "are not finite and 2 failed otherwise",
      { C(0, 0.9, 0.4, 0.3, 0.02), C(10, 0.5, 0.8, 0.1, 0.1), C(11, 0.9, 0.8, 0.1, 0.01),
        C(12, 0.9, 0.8, 0.1, 0.01), C(13, 0.9, 0.8, 0.1, 0.01), C(14, 0.9, 0.8, 0.7, 0.05),
        C(15, 0.9, NAN, 0.1, 0.1) } },
};
/* clang-format on */

/* Copies with validators that know nothing. */
static void copy_unknown(const fy_candidate *from, int n, fy_candidate *to)
{
    for (int i = 0; i < n; i++) {
        to[i] = from[i];
        for (int v = 0; v < FY_MAX_VALIDATORS; v++)
            to[i].validators[v] = NAN;
    }
}

static void the_right_one_is_handed_back(void **state)
{
    const struct choice_row *row = *state;
    const fy_choice_rule rule = fy_choice_defaults();
    fy_candidate c[MAX_CANDIDATES];
    fy_contest t = { .candidates = c, .k = row->k };
    fy_choice choice;

    while (t.n < MAX_CANDIDATES && row->c[t.n].target.largest != 0)
        t.n++;
    copy_unknown(row->c, t.n, c);
    check_ok(fy_choose(&t, &rule, NULL, &choice));
    assert_int_equal(choice.index, row->index);
    assert_int_equal(choice.fell_back, row->index == 0);
    assert_true(strlen(choice.reason) > 20 && strlen(choice.reason) < sizeof choice.reason - 1);
    if (row->reason)
        check_contains(choice.reason, row->reason);
}

static void mistakes_are_named(void **state)
{
    const fy_candidate c[2] = { C(5, 1, 1, 0.5, 0.5), C(4, 1, 1, 0.5, 0.5) };
    const fy_choice_rule rule = fy_choice_defaults();
    const fy_contest wrong[] = { { c, NULL, 0, 2 }, { c, NULL, 1, 1 }, { c, NULL, 2, 2 } };
    fy_choice choice;

    (void)state;
    for (size_t i = 0; i < LEN(wrong); i++)
        check_status(fy_choose(&wrong[i], &rule, NULL, &choice), FY_EINVAL);
    check_sentence("in the order of their steps");
    assert_int_equal(choice.index, 0);
}

/* ---- votes ------------------------------------------------------------------------------------------------- */

static int validator(const char *name)
{
    int v = 0;
    while (fy_validators()[v] && strcmp(fy_validators()[v], name) != 0)
        v++;
    assert_non_null(fy_validators()[v]);
    return v;
}

/* The source model, and three that pass; clusters, mixtures and reverse validation agree on the second, the information on the third. */
static void open_votes(fy_candidate c[4])
{
    static const fy_candidate plain[] = { C(0, 0.9, 0.4, 0.5, 0.5), C(10, 0.9, 0.6, 0.5, 0.5),
                                          C(20, 0.9, 0.7, 0.5, 0.5), C(30, 0.9, 0.8, 0.5, 0.5) };
    static const double agreed[] = { 0.1, 0.3, 0.5, 0.4 };

    copy_unknown(plain, 4, c);
    for (int i = 0; i < 4; i++) {
        c[i].validators[validator("clusters")] = agreed[i];
        c[i].validators[validator("mixed")] = agreed[i];
        c[i].validators[validator("reverse")] = agreed[i];
        c[i].validators[validator("risk")] = 1;            /* has no vote */
        c[i].validators[validator("source_accuracy")] = i; /* nor this */
    }
}

static void votes_decide_among_those_that_pass(void **state)
{
    const fy_choice_rule rule = fy_choice_defaults();
    fy_candidate c[4];
    fy_contest t = { c, NULL, 4, 2 };
    fy_ballot v[4];
    fy_choice choice;

    (void)state;
    open_votes(c);
    check_ok(fy_choose(&t, &rule, v, &choice));
    assert_int_equal(choice.index, 2);
    assert_true(v[1].is_early && !v[2].is_early && isnan(v[0].place) && isnan(v[1].place));
    assert_true(fabs(v[2].place - 1.25) < 1e-12 && fabs(v[3].place - 1.75) < 1e-12);
    assert_true(v[3].better == 4 && v[3].voters == 4 && v[3].gate[0] == '\0');
    c[2].validators[validator("reverse")] = NAN; /* it abstains, and the rest still agrees */
    check_ok(fy_choose(&t, &rule, v, &choice));
    assert_int_equal(choice.index, 2);
    assert_true(fabs(v[2].place - 4.0 / 3) < 1e-12 && v[2].voters == 3);
}

static void most_votes_must_be_for_a_change(void **state)
{
    const fy_choice_rule rule = fy_choice_defaults();
    fy_candidate c[4];
    fy_contest t = { c, NULL, 4, 2 };
    fy_ballot v[4];
    fy_choice choice;

    (void)state;
    open_votes(c);
    for (int i = 1; i < 4; i++) {
        c[i].validators[validator("clusters")] = 0;
        c[i].validators[validator("mixed")] = 0;
        c[i].validators[validator("reverse")] = 0.05;
    }
    check_ok(fy_choose(&t, &rule, v, &choice));
    assert_int_equal(choice.index, 0);
    check_contains(choice.reason, "every candidate from step 10 on had at most 25% of the votes");
    assert_string_equal(v[1].gate, "had at most 25% of the votes against the source model");
}

/* Steps are no order between methods, the first half counts, and a collapse beside says nothing. */
static void methods_are_chosen_by_the_same_rule(void **state)
{
    static const char *const names[] = { NULL, "shot", "dann", "mcc" };
    const fy_choice_rule rule = fy_choice_defaults();
    fy_candidate c[4];
    fy_contest t = { c, names, 4, 2 };
    fy_ballot v[4];
    fy_choice choice;

    (void)state;
    open_votes(c);
    c[1].step = 500;
    c[2].target.largest = 0.97;
    c[2].target.smallest = 0.03;
    check_ok(fy_choose(&t, &rule, v, &choice));
    assert_int_equal(choice.index, 3);
    assert_false(v[1].is_early);
    check_contains(choice.reason, "chose mcc, step 30: mean place 1.0 by votes among the 2");
    check_contains(choice.reason, "; refused: dann called at least 97% of the target one class");
    c[1].source_accuracy = c[3].source_accuracy = 0.5;
    check_ok(fy_choose(&t, &rule, v, &choice));
    assert_int_equal(choice.index, 0);
    check_contains(choice.reason,
                   "kept the source model: shot lost at least 40 points of source accuracy; dann "
                   "called at least 97% of the target one class; mcc lost");
}

static void a_choice_is_written_down(void **state)
{
    const fy_choice_rule rule = fy_choice_defaults();
    const fy_run_opts o = { .dir = *state };
    fy_candidate c[4];
    const fy_contest t = { c, NULL, 4, 2 };
    fy_ballot v[4];
    fy_choice choice;
    fy_run *r;
    char *text;
    size_t n;

    open_votes(c);
    check_ok(fy_choose(&t, &rule, v, &choice));
    check_ok(fy_run_open(&o, &r));
    check_ok(fy_choice_write(r, &t, v, &choice));
    fy_run_close(r);
    check_ok(fyi_file_read(fyt_path(*state, "choice.json"), 1 << 20, &text, &n));
    check_contains(text, "\"chosen\": 2");
    check_contains(text, "\"agreement\": null");
    check_contains(text, "\"place\": 1.25");
    check_contains(text, "\"method\": null");
    check_contains(text, "\"source_accuracy\": 0.");
    check_contains(text, "\"information\": 0.");
    fyi_free(text);
}

static fy_status choose_once(void *arg)
{
    const fy_choice_rule rule = fy_choice_defaults();
    const fy_contest t = { arg, NULL, 4, 2 };
    fy_choice choice;

    return fy_choose(&t, &rule, NULL, &choice);
}

static void failing_allocations_are_survived(void **state)
{
    fy_candidate c[4];

    (void)state;
    open_votes(c);
    fyt_check_alloc_failures(choose_once, c);
}

/* Whatever the figures: never a candidate that fails a gate, and always a reason. */
static void no_figures_break_the_rule(void **state)
{
    static const char *const names[] = { NULL, "a", "b", "c", "d", "e", "f", "g" };
    static const double odd[] = { 0, 0.1, 0.5, 0.97, 1, -1, 7, NAN, INFINITY, -INFINITY };
    const fy_choice_rule rule = fy_choice_defaults();
    fy_rng r = fy_rng_named(0, "test");

    (void)state;
    for (int trial = 0; trial < 20000; trial++) {
        const int n = 1 + (int)fy_rng_below(&r, 8), k = 2 + (int)fy_rng_below(&r, 9);
        fy_candidate c[8];
        fy_choice choice;

        for (int i = 0; i < n; i++) {
            double v[4];

            for (int l = 0; l < 4; l++)
                v[l] = odd[fy_rng_below(&r, LEN(odd))];
            c[i] = (fy_candidate)C(i * 10, v[0], v[1], v[2], v[3]);
            for (int l = 0; l < FY_MAX_VALIDATORS; l++)
                c[i].validators[l] = odd[fy_rng_below(&r, LEN(odd))];
        }
        const fy_contest t = { c, trial % 2 ? names : NULL, n, k };
        check_ok(fy_choose(&t, &rule, NULL, &choice));
        assert_true(choice.index >= 0 && choice.index < n && choice.reason[0] != '\0');
        assert_true(strlen(choice.reason) < sizeof choice.reason);
        if (choice.index > 0)
            assert_false(fy_has_collapsed(&rule, &c[0].target, &c[choice.index].target, k));
        if (choice.index > 0 && !isfinite(c[0].target.largest))
            assert_true(c[choice.index].target.largest * k <= 3.001);
        if (choice.index > 0 && !isfinite(c[0].target.smallest))
            assert_true(c[choice.index].target.smallest * k >= 0.199);
    }
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(votes_decide_among_those_that_pass),
        cmocka_unit_test(most_votes_must_be_for_a_change),
        cmocka_unit_test(methods_are_chosen_by_the_same_rule),
        cmocka_unit_test_setup_teardown(a_choice_is_written_down, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(failing_allocations_are_survived),
        cmocka_unit_test(no_figures_break_the_rule),
    };
    struct CMUnitTest tests[LEN(rows) + LEN(fixed)];

    for (size_t i = 0; i < LEN(rows); i++)
        tests[i] = (struct CMUnitTest){ rows[i].name, the_right_one_is_handed_back, NULL, NULL,
                                        (void *)(uintptr_t)&rows[i] };
    memcpy(tests + LEN(rows), fixed, sizeof fixed);
    return cmocka_run_group_tests_name("choose", tests, NULL, NULL);
}
