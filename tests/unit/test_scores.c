/* Guards the figures of a classifier: equal to scikit-learn's (tests/golden/make_scores.py), to values counted by
 * hand where it has none, and honest about logits that are not finite. */
#include "support/support.h"

#include <ferry/train.h>

#include <math.h>

/* ---- against scikit-learn -------------------------------------------------------------------- */

enum { MOST = 2100 };

static const struct golden {
    int64_t n;
    int k;
    float lift;
    int n_labels;
    double figures[11];
    int64_t bins[FY_CALIBRATION_BINS];
    int64_t confusion[100];
} golden[] = {
#include "golden/scores.inc"
};

/* The same as in make_scores.py. */
static void fill(const struct golden *g, float *x, int32_t *label)
{
    for (int64_t i = 0; i < g->n * g->k; i++)
        x[i] = (float)((double)((i * i * 37 + i * 11) % 1009) / 252.0 - 2);
    for (int64_t j = 0; j < g->n; j++) {
        label[j] = (int32_t)((j * 7 + j * j / 3) % g->n_labels);
        x[j * g->k + label[j]] += g->lift;
    }
}

static void figures_are_those_of_scikit_learn(void **state)
{
    static float x[MOST];
    int32_t label[300];

    (void)state;
    for (size_t i = 0; i < LEN(golden); i++) {
        const struct golden *g = &golden[i];
        const fy_figures *f;
        fy_scores *s;

        fill(g, x, label);
        check_ok(fy_scores_new(g->k, &s));
        /* In pieces: what comes out is of all of them. */
        check_ok(fy_scores_add(s, x, label, 10));
        check_ok(fy_scores_add(s, x + 10 * g->k, label + 10, g->n - 10));
        check_ok(fy_scores_figures(s, &f));
        const double actual[] = {
            f->accuracy,     f->top5,     f->balanced_accuracy, f->macro_precision,
            f->macro_recall, f->macro_f1, f->weighted_f1,       f->nll,
            f->brier,        f->ece,      f->confidence
        };
        check_close_f64(actual, g->figures, LEN(actual), 1e-9, 1e-12);
        for (int b = 0; b < FY_CALIBRATION_BINS; b++)
            assert_int_equal(f->bins[b].n, g->bins[b]);
        for (int c = 0; c < g->k * g->k; c++)
            assert_int_equal(f->confusion[c], g->confusion[c]);
        fy_scores_free(s);
    }
}

/* ---- by hand --------------------------------------------------------------------------------- */

static void single_classes_are_counted(void **state)
{
    /* Predicted: 0, 0, 1, 0; class 2 is never there, class 3 never predicted. */
    static const float x[] = { 2, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0 };
    static const int32_t label[] = { 0, 1, 1, 3 };
    const fy_figures *f;
    fy_scores *s;

    (void)state;
    check_ok(fy_scores_new(4, &s));
    check_ok(fy_scores_add(s, x, label, 4));
    check_ok(fy_scores_figures(s, &f));
    assert_int_equal(f->classes[1].support, 2);
    assert_int_equal(f->classes[0].predicted, 3);
    check_close_f64(&f->classes[0].precision, &(double){ 1.0 / 3 }, 1, 1e-12, 0);
    check_close_f64(&f->classes[1].recall, &(double){ 0.5 }, 1, 1e-12, 0);
    check_close_f64(&f->classes[1].f1, &(double){ 2.0 / 3 }, 1, 1e-12, 0);
    assert_true(isnan(f->classes[2].recall) && isnan(f->classes[2].f1));
    assert_true(f->classes[3].recall == 0 && f->classes[3].precision == 0);
    assert_true(f->accuracy == 0.5 && f->matched == 0.5);
    check_close_f64(&f->balanced_accuracy, &(double){ 0.5 }, 1, 1e-12, 0);
    fy_scores_free(s);
}

/* What is certain lies in the last bin, what knows nothing in the one of 1 / k. */
static void certainty_goes_to_its_bin(void **state)
{
    static const float x[] = { 100, 0, 0, 0, 0, 0 };
    static const int32_t label[] = { 0, 2 };
    const fy_figures *f;
    fy_scores *s;

    (void)state;
    check_ok(fy_scores_new(3, &s));
    check_ok(fy_scores_add(s, x, label, 2));
    check_ok(fy_scores_figures(s, &f));
    assert_int_equal(f->bins[14].n, 1);
    assert_true(f->bins[14].accuracy == 1 && f->bins[14].confidence == 1);
    assert_int_equal(f->bins[4].n, 1); /* 1/3 is the upper edge of (4/15, 5/15] */
    assert_true(isnan(f->bins[7].accuracy));
    check_close_f64(&f->ece, &(double){ 1.0 / 6 }, 1, 1e-12, 0);
    check_close_f64(&f->nll, &(double){ log(3) / 2 }, 1, 1e-12, 0);
    check_close_f64(&f->brier, &(double){ 1.0 / 3 }, 1, 1e-12, 0);
    fy_scores_free(s);
}

static void exchanged_classes_are_matched(void **state)
{
    static const float x[] = { 0, 1, 1, 0, 0, 1, 1, 0 };
    static const int32_t label[] = { 0, 1, 0, 1 };
    const fy_figures *f;
    fy_scores *s;

    (void)state;
    check_ok(fy_scores_new(2, &s));
    check_ok(fy_scores_add(s, x, label, 4));
    check_ok(fy_scores_figures(s, &f));
    assert_true(f->accuracy == 0 && f->matched == 1);
    assert_true(isnan(f->top5));
    fy_scores_free(s);
}

/* ---- what is wrong --------------------------------------------------------------------------- */

static void logits_that_are_not_finite_are_wrong(void **state)
{
    static const float x[] = { 3, 0, NAN, 0, INFINITY, 0, 0, 3 };
    static const int32_t label[] = { 0, 1, 0, 1 };
    const fy_figures *f;
    fy_scores *s;

    (void)state;
    check_ok(fy_scores_new(2, &s));
    check_ok(fy_scores_add(s, x, label, 4));
    check_ok(fy_scores_figures(s, &f));
    assert_int_equal(f->n_not_finite, 2);
    assert_true(f->accuracy == 0.5);
    assert_int_equal(f->classes[0].support, 2);
    assert_int_equal(f->classes[0].predicted, 1);
    assert_true(isfinite(f->nll) && isfinite(f->ece) && isfinite(f->brier));
    fy_scores_free(s);
    check_ok(fy_scores_new(2, &s));
    check_ok(fy_scores_add(s, x + 2, label + 1, 1));
    check_ok(fy_scores_figures(s, &f));
    assert_true(f->accuracy == 0 && isnan(f->nll) && isnan(f->ece));
    fy_scores_free(s);
}

static void mistakes_are_sentences(void **state)
{
    static const float x[] = { 1, 0, 1, 0 };
    const fy_figures *f;
    fy_scores *s;

    (void)state;
    check_status(fy_scores_new(1, &s), FY_EINVAL);
    assert_null(s);
    check_status(fy_scores_new(FY_MAX_SCORED + 1, &s), FY_EINVAL);
    check_sentence("2 to 8192 classes");
    check_ok(fy_scores_new(2, &s));
    check_status(fy_scores_figures(s, &f), FY_EINVAL);
    check_status(fy_scores_add(s, x, (const int32_t[]){ 0, 2 }, 2), FY_EINVAL);
    check_sentence("label 2 is no class of 0 .. 1");
    check_status(fy_scores_figures(s, &f), FY_EINVAL); /* the good one was not counted either */
    fy_scores_free(s);
}

static fy_status attempt(void *arg)
{
    static const float x[] = { 1, 0, 1, 0 };
    static const int32_t label[] = { 0, 1 };
    const fy_figures *f;
    fy_scores *s;
    fy_status st;

    (void)arg;
    FYI_FORWARD(fy_scores_new(2, &s));
    st = fy_scores_add(s, x, label, 2);
    if (st == FY_OK)
        st = fy_scores_figures(s, &f);
    fy_scores_free(s);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    fyt_check_alloc_failures(attempt, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_scikit_learn),
        cmocka_unit_test(single_classes_are_counted),
        cmocka_unit_test(certainty_goes_to_its_bin),
        cmocka_unit_test(exchanged_classes_are_matched),
        cmocka_unit_test(logits_that_are_not_finite_are_wrong),
        cmocka_unit_test(mistakes_are_sentences),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests_name("scores", tests, NULL, NULL);
}
