/* test_softmax.c: softmax, log_softmax, entropy and argmax over the last axis. Guards large
 * logits, rows of one class, and ties. */
#include "support/op_eval.h"

#include <math.h>

/* ---- rows ------------------------------------------------------------------------------------ */

typedef struct softmax_case {
    op_row row;
    fy_shape src;
    float lo, hi;
    fy_node (*op)(fy_graph *g, fy_node x);
} softmax_case;

static fy_node along_last(op_test *t, const void *row)
{
    const softmax_case *c = row;
    return c->op(t->g, op_param(t, c->src, c->lo, c->hi));
}

#define ROW(name, why, op, lo, hi, ...)                              \
    {                                                                \
        { name, why, along_last, 3e-6 }, { __VA_ARGS__ }, lo, hi, op \
    }
#define ALL(name, why, ...)                                         \
    ROW("softmax " name, why, fy_softmax, __VA_ARGS__),             \
        ROW("log_softmax " name, why, fy_log_softmax, __VA_ARGS__), \
        ROW("entropy " name, why, fy_entropy, __VA_ARGS__)

static const softmax_case cases[] = {
    ALL("rank 1", "a single row", -2, 2, 1, { 5 }),
    ALL("rank 2", "the usual logits", -2, 2, 2, { 4, 7 }),
    ALL("rank 3", "rows over two axes", -2, 2, 3, { 2, 3, 4 }),
    ALL("rank 5", "any rank", -2, 2, 5, { 2, 1, 2, 1, 3 }),
    ALL("of one class", "always 1; no gradient at all", -2, 2, 2, { 3, 1 }),
    ALL("wide apart", "some classes vanish", -20, 20, 2, { 3, 6 }),
    ALL("empty batch", "no rows", -2, 2, 2, { 0, 4 }),
};

static void long_values_equal_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        softmax_case c = cases[i];
        c.src = FY_SHAPE(37, 1000);
        op_check_forward(along_last, &c, "cpu", 3e-6);
        op_check_gradient_on(along_last, &c, "cpu", 3e-6);
    }
}

/* ---- values worked out by hand --------------------------------------------------------------- */

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    static const float v[] = { 0, 0.6931472f, 1.0986123f, 5, 5, 5 }; /* 0, ln 2, ln 3 */
    static const double p[] = { 1.0 / 6, 2.0 / 6, 3.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 3 };
    static const double log_p[] = { -1.7917595, -1.0986123, -0.6931472,
                                    -1.0986123, -1.0986123, -1.0986123 };
    static const double entropy[] = { 1.0114043, 1.0986123 };
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_floats(&t, FY_SHAPE(2, 3), v);
    op_eval_is(&t, fy_softmax(t.g, x), p, 6);
    op_eval_is(&t, fy_log_softmax(t.g, x), log_p, 6);
    op_eval_is(&t, fy_entropy(t.g, x), entropy, 2);
    op_eval_end(&t);
}

/* exp(1e4) overflows even in double. */
static void huge_logits_stay_finite(void **state)
{
    (void)state;
    static const float v[] = { 10000, -10000, 9999, -3e38f, 3e38f, -3e38f };
    static const double p[] = { 0.73105858, 0, 0.26894142, 0, 1, 0 };
    static const double log_p[] = { -0.31326169, -20000.31326169, -1.31326169 };
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_floats(&t, FY_SHAPE(2, 3), v);
    op_eval_is(&t, fy_softmax(t.g, x), p, 6);
    op_eval_is(&t, fy_log_softmax(t.g, fy_slice(t.g, x, 0, 0, 1)), log_p, 3);
    op_eval_end(&t);
}

static void masked_classes_get_nothing(void **state)
{
    (void)state;
    static const float v[] = { -INFINITY, 1, 1 };
    static const double p[] = { 0, 0.5, 0.5 }, log_p[] = { -INFINITY, -0.69314718, -0.69314718 };
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_floats(&t, FY_SHAPE(1, 3), v);
    op_eval_is(&t, fy_softmax(t.g, x), p, 3);
    op_eval_is(&t, fy_log_softmax(t.g, x), log_p, 3);
    op_eval_end(&t);
}

static void nan_spoils_its_row_only(void **state)
{
    (void)state;
    static const float v[] = { 1, NAN, 1, 1 };
    static const double p[] = { NAN, NAN, 0.5, 0.5 };
    static const double log_p[] = { NAN, NAN, -0.69314718, -0.69314718 };
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_floats(&t, FY_SHAPE(2, 2), v);
    op_eval_is(&t, fy_softmax(t.g, x), p, 4);
    op_eval_is(&t, fy_log_softmax(t.g, x), log_p, 4);
    op_eval_end(&t);
}

/* ---- argmax ---------------------------------------------------------------------------------- */

static void argmax_is_the_first_of_equals(void **state)
{
    (void)state;
    static const float v[] = { 1, 3, 3, 5, 0, 5, -2, -1, -3, 0, NAN, 9 };
    static const double expected[] = { 1, 0, 1, 1 };
    op_test t;
    op_eval_begin(&t);
    const fy_node x = fy_argmax(t.g, op_floats(&t, FY_SHAPE(4, 3), v));
    assert_int_equal(fy_node_dtype(t.g, x), FY_I32);
    op_eval_is(&t, x, expected, 4);
    op_eval_end(&t);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static fy_node of_a_scalar(op_test *t, const void *row)
{
    (void)row;
    return fy_softmax(t->g, op_param(t, FY_SCALAR, 0, 1));
}

static fy_node entropy_of_a_scalar(op_test *t, const void *row)
{
    (void)row;
    return fy_entropy(t->g, op_param(t, FY_SCALAR, 0, 1));
}

static fy_node of_labels(op_test *t, const void *row)
{
    (void)row;
    return fy_log_softmax(t->g, op_labels(t, 3, 4));
}

static fy_node argmax_of_images(op_test *t, const void *row)
{
    (void)row;
    return fy_argmax(t->g, op_param(t, FY_SHAPE(2, 3, 4), 0, 1));
}

static fy_node argmax_of_nothing(op_test *t, const void *row)
{
    (void)row;
    return fy_argmax(t->g, op_param(t, FY_SHAPE(2, 0), 0, 1));
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    op_check_mistake(of_a_scalar, NULL, FY_ESHAPE, "softmax.2: src must be [..., k], not f32");
    op_check_mistake(entropy_of_a_scalar, NULL, FY_ESHAPE,
                     "softmax.2: src must be [..., k], not f32");
    op_check_mistake(of_labels, NULL, FY_EDTYPE,
                     "log_softmax.2: src must be floats [..., k], not i32[3]");
    op_check_mistake(argmax_of_images, NULL, FY_ESHAPE,
                     "argmax.2: src must be [n, k], not f32[2, 3, 4]");
    op_check_mistake(argmax_of_nothing, NULL, FY_ESHAPE,
                     "argmax.2: the rows of src are empty, they have no largest element");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(long_values_equal_reference),
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(huge_logits_stay_finite),
        cmocka_unit_test(masked_classes_get_nothing),
        cmocka_unit_test(nan_spoils_its_row_only),
        cmocka_unit_test(argmax_is_the_first_of_equals),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return op_run_rows("softmax", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
