/* test_linear.c: the dense products: linear, matmul with every pair of transposes, and bias. Guards
 * which axis is which in each product and its gradients. */
#include "support/op_check.h"

typedef struct dense_case {
    op_row row;
    fy_shape a, b;
    bool trans_a, trans_b;
} dense_case;

static fy_node linear(op_test *t, const void *row)
{
    const dense_case *c = row;
    const fy_node a = op_param(t, c->a, -1, 1);
    return fy_linear(t->g, a, op_param(t, c->b, -1, 1));
}

static fy_node matmul(op_test *t, const void *row)
{
    const dense_case *c = row;
    const fy_node a = op_param(t, c->a, -1, 1);
    return fy_matmul(t->g, a, c->trans_a, op_param(t, c->b, -1, 1), c->trans_b);
}

static fy_node bias(op_test *t, const void *row)
{
    const dense_case *c = row;
    const fy_node a = op_param(t, c->a, -1, 1);
    return fy_bias(t->g, a, op_param(t, c->b, -1, 1));
}

/* x x^T: both sources are one value, whose two gradients add up. */
static fy_node square(op_test *t, const void *row)
{
    const dense_case *c = row;
    const fy_node a = op_param(t, c->a, -1, 1);
    return fy_matmul(t->g, a, c->trans_a, a, c->trans_b);
}

/* clang-format off */
#define S2(a, b) { 2, { a, b } }
#define S3(a, b, c) { 3, { a, b, c } }
/* clang-format on */

/* clang-format off */
static const dense_case cases[] = {
    { { "linear", "the sizes all differ", linear, 1e-5 }, S2(5, 7), S2(3, 7), false, false },
    { { "linear, one row", "a batch of one", linear, 1e-5 }, S2(1, 4), S2(6, 4), false, false },
    { { "linear, 65 -> 33", "past whole vectors, with a rest", linear, 1e-5 }, S2(9, 65),
      S2(33, 65), false, false },
    { { "matmul", "a b", matmul, 1e-5 }, S2(4, 5), S2(5, 3), false, false },
    { { "matmul ta", "a^T b", matmul, 1e-5 }, S2(5, 4), S2(5, 3), true, false },
    { { "matmul tb", "a b^T", matmul, 1e-5 }, S2(4, 5), S2(3, 5), false, true },
    { { "matmul ta tb", "a^T b^T", matmul, 1e-5 }, S2(5, 4), S2(3, 5), true, true },
    { { "batched", "a leading axis", matmul, 1e-5 }, S3(2, 4, 5), S3(2, 5, 3), false, false },
    { { "batched ta", "its steps when a is transposed", matmul, 1e-5 }, S3(3, 5, 4), S3(3, 5, 2),
      true, false },
    { { "batched tb", "its steps when b is transposed", matmul, 1e-5 }, S3(3, 4, 5), S3(3, 2, 5),
      false, true },
    { { "batched ta tb", "both", matmul, 1e-5 }, S3(2, 5, 4), S3(2, 3, 5), true, true },
    { { "gram matrix", "one value as both factors", square, 1e-5 }, S2(4, 6), { 0 }, false, true },
    { { "bias [n, c]", "after a linear layer", bias, 1e-6 }, S2(4, 3), { 1, { 3 } }, false,
      false },
    { { "bias [n, c, t]", "after a 1-d layer", bias, 1e-6 }, S3(2, 3, 5), { 1, { 3 } }, false,
      false },
    { { "bias [n, c, h, w]", "after a convolution, past one block of 16", bias, 1e-6 },
      { 4, { 2, 18, 3, 5 } }, { 1, { 18 } }, false, false },
};
/* clang-format on */

/* ---- hand-made values ------------------------------------------------------------------------ */

static const float six[] = { 1, 2, 3, 4, 5, 6 }, w[] = { 1, 0, -1, 2, 1, 0 };

static fy_node hand_linear(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param_of(t, FY_SHAPE(2, 3), six);
    return fy_linear(t->g, x, op_param_of(t, FY_SHAPE(2, 3), w));
}

static fy_node hand_matmul(op_test *t, const void *row)
{
    (void)row; /* [[1 4] [2 5] [3 6]] [[1 0 -1] [2 1 0]] */
    const fy_node x = op_param_of(t, FY_SHAPE(2, 3), six);
    return fy_matmul(t->g, x, true, op_param_of(t, FY_SHAPE(2, 3), w), false);
}

static fy_node hand_bias(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param_of(t, FY_SHAPE(1, 2, 3), six);
    return fy_bias(t->g, x, op_param_of(t, FY_SHAPE(2), (const float[]){ 10, 20 }));
}

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    op_check_values(hand_linear, NULL, (const double[]){ -2, 4, -2, 13 }, 4);
    op_check_values(hand_matmul, NULL, (const double[]){ 9, 4, -1, 12, 5, -2, 15, 6, -3 }, 9);
    op_check_values(hand_bias, NULL, (const double[]){ 11, 12, 13, 24, 25, 26 }, 6);
}

/* ---- the fused forms ------------------------------------------------------------------------- */

static fy_node in_one_node(op_test *t, const void *row)
{
    const fyi_linear_attr *a = row;
    const fy_node x = op_param(t, FY_SHAPE(4, 5), -1, 1), y = op_param(t, FY_SHAPE(3, 5), -1, 1);
    const fy_node b = op_param(t, FY_SHAPE(3), -1, 1), src[] = { x, y, b };
    return fyi_apply(t->g, &fyi_op_linear, a, 2 + a->has_bias, src);
}

static fy_node in_several_nodes(op_test *t, const void *row)
{
    const fyi_linear_attr *a = row;
    const fy_node x = op_param(t, FY_SHAPE(4, 5), -1, 1), y = op_param(t, FY_SHAPE(3, 5), -1, 1);
    const fy_node b = op_param(t, FY_SHAPE(3), -1, 1);
    fy_node dst = fy_linear(t->g, x, y);
    if (a->has_bias)
        dst = fy_bias(t->g, dst, b);
    return a->relu ? fy_relu(t->g, dst) : dst;
}

static void fused_forms_equal_their_parts(void **state)
{
    (void)state;
    static const fyi_linear_attr forms[] = { { true, false }, { false, true }, { true, true } };
    for (size_t i = 0; i < LEN(forms); i++)
        op_check_same(in_one_node, in_several_nodes, &forms[i], "cpu", 1e-5);
}

static fy_node gradients_in_one_node(op_test *t, const void *row)
{
    const fyi_linear_attr a = { .has_bias = true };
    const fy_node d = op_param(t, FY_SHAPE(6, 3), -1, 1), x = op_param(t, FY_SHAPE(6, 5), -1, 1);
    return fyi_output(t->g, fyi_op2(t->g, &fyi_op_linear_bwd_weights, &a, d, x), *(const int *)row);
}

static fy_node gradients_in_two_nodes(op_test *t, const void *row)
{
    const fyi_linear_attr bare = { 0 };
    const fy_node d = op_param(t, FY_SHAPE(6, 3), -1, 1), x = op_param(t, FY_SHAPE(6, 5), -1, 1);
    return *(const int *)row ? fyi_op1(t->g, &fyi_op_bias_bwd, NULL, d)
                             : fyi_op2(t->g, &fyi_op_linear_bwd_weights, &bare, d, x);
}

static void bias_gradient_comes_with_the_weights(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        op_check_same(gradients_in_one_node, gradients_in_two_nodes, &i, "cpu", 1e-5);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

typedef struct mistake {
    op_build build;
    fy_shape a, b;
    bool trans_a, trans_b;
    fy_status status;
    const char *sentence;
} mistake;

static fy_node mistaken(op_test *t, const void *row)
{
    const mistake *m = row;
    const dense_case c = { .a = m->a, .b = m->b, .trans_a = m->trans_a, .trans_b = m->trans_b };
    return m->build(t, &c);
}

/* clang-format off */
static const mistake mistakes[] = {
    { linear, { 4, { 2, 3, 4, 4 } }, S2(5, 48), false, false, FY_ESHAPE,
      "linear.3: src must be [n, ic] (fy_flatten makes it so), not f32[2, 3, 4, 4]" },
    { linear, S2(2, 3), { 1, { 3 } }, false, false, FY_ESHAPE,
      "linear.3: weights must be [oc, ic], not f32[3]" },
    { linear, S2(2, 3), S2(5, 4), false, false, FY_ESHAPE,
      "linear.3: weights take 4 features, src has 3" },
    { matmul, S2(2, 3), S2(2, 3), false, false, FY_ESHAPE,
      "matmul.3: the inner sizes 3 and 2 differ, a is f32[2, 3] and b is f32[2, 3]" },
    { matmul, S2(2, 3), S2(2, 4), false, true, FY_ESHAPE,
      "matmul.3: the inner sizes 3 and 4 differ, a is f32[2, 3] and b is f32[2, 4] transposed" },
    { matmul, S2(2, 3), S3(1, 3, 4), false, false, FY_ESHAPE,
      "matmul.3: a and b need the same batch axis or none, they are f32[2, 3] and f32[1, 3, 4]" },
    { matmul, S3(2, 2, 3), S3(3, 3, 4), false, false, FY_ESHAPE,
      "matmul.3: a and b need the same batch axis or none, they are f32[2, 2, 3] and "
      "f32[3, 3, 4]" },
    { matmul, { 1, { 3 } }, S2(3, 4), false, false, FY_ESHAPE,
      "matmul.3: a must be [m, k] or [batch, m, k], not f32[3]" },
    { bias, { 1, { 3 } }, { 1, { 3 } }, false, false, FY_ESHAPE,
      "bias.3: src must be [n, c, ...], not f32[3]" },
    { bias, S2(2, 3), { 1, { 2 } }, false, false, FY_ESHAPE,
      "bias.3: bias must be f32[3], not f32[2]" },
};
/* clang-format on */

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++)
        op_check_mistake(mistaken, &mistakes[i], mistakes[i].status, mistakes[i].sentence);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(fused_forms_equal_their_parts),
        cmocka_unit_test(bias_gradient_comes_with_the_weights),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return op_run_rows("linear", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
