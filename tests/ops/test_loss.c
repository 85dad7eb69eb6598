/* test_loss.c: cross-entropy, binary cross-entropy, Kullback-Leibler divergence, squared error,
 * accuracy. Guards the stable forms at large logits, terms with p = 0, and labels that are no
 * class. */
#include "support/op_eval.h"

#include <math.h>

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct loss_case {
    op_row row;
    int64_t n, k;
    float lo, hi; /* of the logits */
} loss_case;

static fy_node logits_of(op_test *t, const loss_case *c)
{
    return op_param(t, FY_SHAPE(c->n, c->k), c->lo, c->hi);
}

static fy_node cross_entropy(op_test *t, const void *row)
{
    const loss_case *c = row;
    const fy_node logits = logits_of(t, c);
    return fy_cross_entropy(t->g, logits, op_labels(t, c->n, c->k));
}

static fy_node mean_cross_entropy(op_test *t, const void *row)
{
    return fy_mean_all(t->g, cross_entropy(t, row));
}

static fy_node bce(op_test *t, const void *row)
{
    const fy_node logits = logits_of(t, row);
    const loss_case *c = row;
    return fy_bce_logits(t->g, logits, op_param(t, FY_SHAPE(c->n, c->k), 0, 1));
}

/* The gradient reaches both: distillation in both directions. */
static fy_node kl_of_logits(op_test *t, const void *row)
{
    const fy_node teacher = logits_of(t, row);
    return fy_kl(t->g, fy_softmax(t->g, teacher), fy_log_softmax(t->g, logits_of(t, row)));
}

static fy_node kl_bare(op_test *t, const void *row)
{
    const loss_case *c = row;
    const fy_node p = op_param(t, FY_SHAPE(c->n, c->k), 0.25f, 1);
    return fy_kl(t->g, p, logits_of(t, row));
}

static fy_node mse(op_test *t, const void *row)
{
    const fy_node a = logits_of(t, row);
    return fy_mse(t->g, a, logits_of(t, row));
}

static const loss_case cases[] = {
    { { "cross_entropy", "one number per sample", cross_entropy, 3e-6 }, 5, 7, -2, 2 },
    { { "cross_entropy, wide", "some classes vanish", cross_entropy, 3e-6 }, 5, 7, -20, 20 },
    { { "cross_entropy, one class", "always 0", cross_entropy, 3e-6 }, 3, 1, -2, 2 },
    { { "cross_entropy, empty", "no sample", cross_entropy, 3e-6 }, 0, 4, -2, 2 },
    { { "cross_entropy, mean", "as trained", mean_cross_entropy, 3e-6 }, 5, 7, -2, 2 },
    { { "bce_logits", "both gradients", bce, 3e-6 }, 4, 6, -4, 4 },
    { { "bce_logits, empty", "no sample", bce, 3e-6 }, 0, 1, -4, 4 },
    { { "kl", "both gradients, through softmax", kl_of_logits, 5e-6 }, 4, 6, -2, 2 },
    { { "kl, bare", "p and log_q themselves", kl_bare, 3e-6 }, 4, 6, -3, -0.5f },
    { { "kl, empty", "no sample", kl_bare, 3e-6 }, 0, 6, -3, -0.5f },
    { { "mse", "both sides", mse, 3e-6 }, 4, 6, -2, 2 },
};

static void long_values_equal_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        loss_case c = cases[i];
        c.n = 411;
        c.k = 101;
        op_check_forward(c.row.build, &c, "cpu", 5e-6);
        op_check_gradient_on(c.row.build, &c, "cpu", 5e-6);
    }
}

/* ---- values worked out by hand --------------------------------------------------------------- */

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    static const float logits[] = { 0, 0.6931472f, 1.0986123f, 1, 1, 1 }; /* 0, ln 2, ln 3 */
    static const float p[] = { 0.5f, 0.5f, 0, 0.25f, 0.25f, 0.5f };
    static const int32_t labels[] = { 2, 0 };
    static const double ce[] = { 0.6931472, 1.0986123 }; /* ln 2, ln 3 */
    /* sum p ln p - sum p log_q: -ln 2 + (ln 6 + ln 3) / 2; -1.5 ln 2 + ln 3 */
    static const double kl[] = { 0.7520387, 0.0588915 };
    static const double accuracy = 0.5 + 0.5, mean_square = 0.4782091;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_floats(&t, FY_SHAPE(2, 3), logits), q = op_floats(&t, FY_SHAPE(2, 3), p);
    const fy_node y = op_ints(&t, 2, labels);
    op_eval_is(&t, fy_cross_entropy(t.g, x, y), ce, 2);
    op_eval_is(&t, fy_kl(t.g, q, fy_log_softmax(t.g, x)), kl, 2);
    op_eval_is(&t, fy_accuracy(t.g, x, y), &accuracy, 1);
    op_eval_is(&t, fy_mse(t.g, x, q), &mean_square, 1);
    op_eval_end(&t);
}

static void bce_is_exact_at_both_ends(void **state)
{
    (void)state;
    static const float x[] = { 0, 100, -100, 100, -100, 1000, -1000, 30 };
    static const float target[] = { 0.5f, 1, 0, 0, 1, 1, 1, 1 };
    static const double expected[] = { 0.6931471806, 0, 0, 100, 100, 0, 1000, 9.3576e-14 };
    op_test t;
    double v[8];
    op_eval_begin(&t);
    const fy_node loss =
        fy_bce_logits(t.g, op_floats(&t, FY_SHAPE(8), x), op_floats(&t, FY_SHAPE(8), target));
    op_eval_is(&t, loss, expected, 8);
    op_eval_step(&t, "cpu", loss, 0, v, 8);
    check_close_f64(v + 7, expected + 7, 1, 1e-3, 0); /* not rounded away */
    op_eval_end(&t);
}

static void huge_logits_give_finite_losses(void **state)
{
    (void)state;
    static const float x[] = { 10000, 0, -10000, 10000, 0, -10000 };
    static const int32_t labels[] = { 0, 2 };
    static const double expected[] = { 0, 20000 };
    op_test t;
    op_eval_begin(&t);
    op_eval_is(&t, fy_cross_entropy(t.g, op_floats(&t, FY_SHAPE(2, 3), x), op_ints(&t, 2, labels)),
               expected, 2);
    op_eval_end(&t);
}

/* ---- edges ----------------------------------------------------------------------------------- */

/* In the value and in the gradient of that sample, and nowhere else. */
static void a_label_that_is_no_class_gives_nan(void **state)
{
    (void)state;
    static const float x[] = { 0, 0, 0, 0, 0, 0 };
    static const int32_t labels[] = { 2, 1, -1 };
    static const double loss[] = { NAN, 0.6931471806, NAN };
    static const double diff[] = { NAN, NAN, 0.5, -0.5, NAN, NAN };
    fyi_id got;
    op_test t;
    op_eval_begin(&t);
    const fy_node logits = op_param_of(&t, FY_SHAPE(3, 2), x);
    const fy_node ce = fy_cross_entropy(t.g, logits, op_ints(&t, 3, labels));
    op_eval_is(&t, ce, loss, 3);
    check_ok(fyi_backward(t.g, fy_sum_all(t.g, ce).id, &logits.id, 1, &got));
    op_eval_is(&t, (fy_node){ got }, diff, 6);
    op_eval_end(&t);
}

/* Even where log_q is infinite. */
static void kl_terms_with_p_zero_are_zero(void **state)
{
    (void)state;
    static const float p[] = { 0, 1, 0, 0 }, log_q[] = { -INFINITY, 0, -1, 2 };
    static const double kl[] = { 0, 0 }, diff_p[] = { 0, 1, 0, 0 };
    fyi_id got;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_param_of(&t, FY_SHAPE(2, 2), p);
    const fy_node loss = fy_kl(t.g, x, op_floats(&t, FY_SHAPE(2, 2), log_q));
    op_eval_is(&t, loss, kl, 2);
    check_ok(fyi_backward(t.g, fy_sum_all(t.g, loss).id, &x.id, 1, &got));
    op_eval_is(&t, (fy_node){ got }, diff_p, 4);
    op_eval_end(&t);
}

static void one_hot_is_1_at_the_label(void **state)
{
    (void)state;
    static const int32_t labels[] = { 2, 0, 3, -1 };
    static const double expected[] = { 0, 0, 1, 1, 0, 0, NAN, NAN, NAN, NAN, NAN, NAN };
    op_test t;
    op_eval_begin(&t);
    op_eval_is(&t, fy_one_hot(t.g, op_ints(&t, 4, labels), 3), expected, 12);
    op_eval_is(&t, fy_one_hot(t.g, op_ints(&t, 0, labels), 3), expected, 0);
    op_eval_end(&t);
}

static void accuracy_counts_first_of_equals_only(void **state)
{
    (void)state;
    /* right; a tie, label first; a tie, label second; NaN; a label that is no class */
    static const float x[] = { 1, 2, 3, 3, 3, 3, 5, NAN, 1, 2 };
    static const int32_t labels[] = { 1, 0, 1, 0, 2 };
    const double expected = 0.4, nothing = NAN;
    op_test t;
    op_eval_begin(&t);
    op_eval_is(&t, fy_accuracy(t.g, op_floats(&t, FY_SHAPE(5, 2), x), op_ints(&t, 5, labels)),
               &expected, 1);
    op_eval_is(&t, fy_accuracy(t.g, op_floats(&t, FY_SHAPE(0, 2), x), op_ints(&t, 0, labels)),
               &nothing, 1);
    op_eval_end(&t);
}

static void no_gradient_passes_accuracy(void **state)
{
    (void)state;
    fyi_id got;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_param(&t, FY_SHAPE(3, 2), -1, 1);
    const fy_node loss = fy_accuracy(t.g, x, op_labels(&t, 3, 2));
    check_ok(fyi_backward(t.g, loss.id, &x.id, 1, &got));
    assert_int_equal(got, 0);
    op_eval_end(&t);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static fy_node float_labels(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(4, 3), 0, 1);
    return fy_cross_entropy(t->g, x, op_param(t, FY_SHAPE(4), 0, 1));
}

static fy_node few_labels(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(4, 3), 0, 1);
    return fy_accuracy(t->g, x, op_labels(t, 3, 3));
}

static fy_node images_as_logits(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(4, 3, 2), 0, 1);
    return fy_cross_entropy(t->g, x, op_labels(t, 4, 3));
}

static fy_node narrow_targets(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(4, 1), 0, 1);
    return fy_bce_logits(t->g, x, op_param(t, FY_SHAPE(4), 0, 1));
}

static fy_node narrow_q(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(4, 3), 0, 1);
    return fy_kl(t->g, x, op_param(t, FY_SHAPE(4, 2), 0, 1));
}

static fy_node float_classes(op_test *t, const void *row)
{
    (void)row;
    return fy_one_hot(t->g, op_param(t, FY_SHAPE(4), 0, 1), 3);
}

static fy_node no_classes(op_test *t, const void *row)
{
    (void)row;
    return fy_one_hot(t->g, op_labels(t, 4, 3), 0);
}

/* PyTorch repeats one side here and only warns. */
static fy_node silently_repeated(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(4, 1), 0, 1);
    return fy_mse(t->g, x, op_param(t, FY_SHAPE(4), 0, 1));
}

static const struct {
    op_build build;
    fy_status status;
    const char *sentence;
} mistakes[] = {
    { float_labels, FY_EDTYPE,
      "cross_entropy.3: labels must be i32[4], one class number per row of the logits, "
      "not f32[4]" },
    { float_classes, FY_EDTYPE, "one_hot.2: labels must be i32, not f32" },
    { no_classes, FY_ESHAPE,
      "one_hot.2: labels must be [n] and classes 1 or more, not rank 1 and 0" },
    { few_labels, FY_ESHAPE,
      "accuracy.3: labels must be i32[4], one class number per row of the logits, not i32[3]" },
    { images_as_logits, FY_ESHAPE, "cross_entropy.3: logits must be [n, k], not f32[4, 3, 2]" },
    { narrow_targets, FY_ESHAPE,
      "bce_logits.3: source 1 must be f32[4, 1] like source 0, not f32[4]" },
    { narrow_q, FY_ESHAPE, "kl.3: log_q must be f32[4, 3], not f32[4, 2]" },
    { silently_repeated, FY_ESHAPE, "mse: a and b must be of one shape, not [4, 1] and [4]" },
};

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++)
        op_check_mistake(mistakes[i].build, NULL, mistakes[i].status, mistakes[i].sentence);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(long_values_equal_reference),
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(bce_is_exact_at_both_ends),
        cmocka_unit_test(huge_logits_give_finite_losses),
        cmocka_unit_test(a_label_that_is_no_class_gives_nan),
        cmocka_unit_test(kl_terms_with_p_zero_are_zero),
        cmocka_unit_test(one_hot_is_1_at_the_label),
        cmocka_unit_test(accuracy_counts_first_of_equals_only),
        cmocka_unit_test(no_gradient_passes_accuracy),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return op_run_rows("loss", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
