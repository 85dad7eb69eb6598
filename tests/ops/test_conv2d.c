/* test_conv2d.c: convolution and its gradients, in the bare form that builders make and in the form
 * that fusion makes. Guards the window arithmetic at edges, strides, dilation and groups. */
#include "support/op_check.h"

#include <math.h>

#include "graph/ops/attr.h"

/* ---- the table ------------------------------------------------------------------------------- */

typedef struct conv_case {
    op_row row;
    fy_shape src, weights;
    fy_conv_opts o;
} conv_case;

static fy_node conv(op_test *t, const void *row)
{
    const conv_case *c = row;
    const fy_node src = op_param(t, c->src, -1, 1);
    return fy_conv2d(t->g, src, op_param(t, c->weights, -1, 1), &c->o);
}

#define CONV(name, why, rtol, ...)             \
    {                                          \
        { name, why, conv, rtol }, __VA_ARGS__ \
    }
/* clang-format off */
#define S(a, b, c, d) { 4, { a, b, c, d } }
/* clang-format on */

/* clang-format off */
static const conv_case cases[] = {
    CONV("1x1", "a matrix product in disguise", 1e-5, S(2, 3, 5, 5), S(4, 3, 1, 1),
         { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 }),
    CONV("3x3 same", "the common block", 1e-5, S(2, 3, 6, 5), S(4, 3, 3, 3),
         { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 }),
    CONV("3x3/2", "odd edge with stride: the last row is never the last tap", 1e-5, S(2, 3, 7, 9),
         S(4, 3, 3, 3), { { 2, 2 }, { 1, 1 }, { 1, 1 }, 1 }),
    CONV("5x5 valid", "LeNet's first layer", 1e-5, S(2, 1, 9, 9), S(6, 1, 5, 5),
         { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 }),
    CONV("7x7/2", "ResNet's stem: kernel larger than stride", 1e-5, S(1, 3, 12, 11), S(4, 3, 7, 7),
         { { 2, 2 }, { 3, 3 }, { 1, 1 }, 1 }),
    CONV("1x1/2", "downsampling shortcut: most of src is never read", 1e-5, S(2, 4, 7, 6),
         S(5, 4, 1, 1), { { 2, 2 }, { 0, 0 }, { 1, 1 }, 1 }),
    CONV("depthwise", "MobileNetV2's block", 1e-5, S(2, 8, 6, 6), S(8, 1, 3, 3),
         { { 1, 1 }, { 1, 1 }, { 1, 1 }, 8 }),
    CONV("depthwise x2", "two outputs per group", 1e-5, S(1, 3, 5, 5), S(6, 1, 3, 3),
         { { 2, 2 }, { 1, 1 }, { 1, 1 }, 3 }),
    CONV("grouped", "groups of several channels", 1e-5, S(2, 6, 5, 5), S(4, 3, 3, 3),
         { { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 }),
    CONV("dilated", "taps two apart", 1e-5, S(1, 2, 8, 9), S(3, 2, 3, 3),
         { { 1, 1 }, { 2, 2 }, { 2, 2 }, 1 }),
    CONV("oblong", "height and width differ in every option", 1e-5, S(1, 2, 9, 12), S(3, 2, 2, 4),
         { { 2, 3 }, { 1, 2 }, { 3, 1 }, 1 }),
    CONV("pad > kernel", "whole windows in the padding", 1e-5, S(1, 1, 3, 3), S(2, 1, 2, 2),
         { { 1, 1 }, { 3, 3 }, { 1, 1 }, 1 }),
    CONV("17 -> 33 channels", "past one block of 16, with a rest", 1e-5, S(2, 17, 4, 4),
         S(33, 17, 1, 1), { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 }),
};
/* clang-format on */

/* ---- hand-made values ------------------------------------------------------------------------ */

typedef struct hand_case {
    const char *name;
    fy_shape src, weights;
    const float *src_values, *weight_values;
    fy_conv_opts o;
    double expected[4];
    int n;
} hand_case;

static fy_node conv_of(op_test *t, const void *row)
{
    const hand_case *c = row;
    const fy_node src = op_param_of(t, c->src, c->src_values);
    return fy_conv2d(t->g, src, op_param_of(t, c->weights, c->weight_values), &c->o);
}

static const float nine[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, four[] = { 1, 2, 3, 4 };

/* clang-format off */
static const hand_case hand[] = {
    { "valid", S(1, 1, 3, 3), S(1, 1, 2, 2), nine, four, { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
      { 37, 47, 67, 77 }, 4 },
    { "padded, stride 2", S(1, 1, 3, 3), S(1, 1, 2, 2), nine, four,
      { { 2, 2 }, { 1, 1 }, { 1, 1 }, 1 }, { 4, 18, 36, 77 }, 4 },
    { "dilated", S(1, 1, 3, 3), S(1, 1, 2, 2), nine, four, { { 1, 1 }, { 0, 0 }, { 2, 2 }, 1 },
      { 64 }, 1 },
    { "two groups", S(1, 2, 1, 1), S(2, 1, 1, 1), nine + 1, four + 2,
      { { 1, 1 }, { 0, 0 }, { 1, 1 }, 2 }, { 6, 12 }, 2 },
};
/* clang-format on */

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(hand); i++)
        op_check_values(conv_of, &hand[i], hand[i].expected, hand[i].n);
}

/* ---- the fused forms ------------------------------------------------------------------------- */

typedef struct fused_case {
    const char *name;
    bool has_bias, has_other;
    float hi; /* of the activation, which begins at 0; 0: none */
} fused_case;

static const fused_case fused[] = {
    { "bias", true, false, 0 },
    { "relu", false, false, INFINITY },
    { "bias and relu", true, false, INFINITY },
    { "bias and clip", true, false, 0.75f },
    { "residual", true, true, 0 },
    { "all", true, true, INFINITY },
    { "all, clipped", true, true, 0.75f },
};

static const fy_conv_opts fused_opts = { { 1, 1 }, { 1, 1 }, { 1, 1 }, 1 };

static void fused_sources(op_test *t, fy_node src[4])
{
    src[0] = op_param(t, FY_SHAPE(2, 3, 5, 4), -1, 1);
    src[1] = op_param(t, FY_SHAPE(4, 3, 3, 3), -1, 1);
    src[2] = op_param(t, FY_SHAPE(4), -1, 1);
    src[3] = op_param(t, FY_SHAPE(2, 4, 5, 4), -1, 1);
}

static fy_node in_one_node(op_test *t, const void *row)
{
    const fused_case *c = row;
    const fyi_conv_attr a = {
        .o = fused_opts,
        .has_bias = c->has_bias,
        .has_other = c->has_other,
        .has_act = c->hi > 0,
        .hi = c->hi,
    };
    fy_node src[4];
    fused_sources(t, src);
    if (!c->has_bias)
        src[2] = src[3];
    return fyi_apply(t->g, &fyi_op_conv2d, &a, 2 + c->has_bias + c->has_other, src);
}

static fy_node in_several_nodes(op_test *t, const void *row)
{
    const fused_case *c = row;
    fy_node src[4];
    fused_sources(t, src);
    fy_node x = fy_conv2d(t->g, src[0], src[1], &fused_opts);
    if (c->has_bias)
        x = fy_bias(t->g, x, src[2]);
    if (c->has_other)
        x = fy_add(t->g, x, src[3]);
    return c->hi > 0 ? fy_clip(t->g, x, 0, c->hi) : x;
}

static void fused_forms_equal_their_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(fused); i++)
        op_check_same(in_one_node, in_several_nodes, &fused[i], "cpu", 1e-5);
}

/* The weights' and the bias's gradient out of one node. */
static fy_node gradients_in_one_node(op_test *t, const void *row)
{
    const fyi_conv_attr a = { .o = fused_opts, .has_bias = true, .target = FY_SHAPE(4, 3, 3, 3) };
    fy_node src[4];
    fused_sources(t, src);
    const fy_node both = fyi_op2(t->g, &fyi_op_conv2d_bwd_weights, &a, src[3], src[0]);
    return fyi_output(t->g, both, *(const int *)row);
}

static fy_node gradients_in_two_nodes(op_test *t, const void *row)
{
    const fyi_conv_attr a = { .o = fused_opts, .target = FY_SHAPE(4, 3, 3, 3) };
    fy_node src[4];
    fused_sources(t, src);
    return *(const int *)row ? fyi_op1(t->g, &fyi_op_bias_bwd, NULL, src[3])
                             : fyi_op2(t->g, &fyi_op_conv2d_bwd_weights, &a, src[3], src[0]);
}

static void bias_gradient_comes_with_the_weights(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++)
        op_check_same(gradients_in_one_node, gradients_in_two_nodes, &i, "cpu", 1e-5);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

typedef struct mistake {
    fy_shape src, weights;
    fy_conv_opts o;
    fy_status status;
    const char *sentence;
} mistake;

static fy_node mistaken(op_test *t, const void *row)
{
    const mistake *m = row;
    const fy_node src = op_param(t, m->src, -1, 1);
    return fy_conv2d(t->g, src, op_param(t, m->weights, -1, 1), &m->o);
}

/* clang-format off */
#define DENSE { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 }
/* clang-format on */

/* clang-format off */
static const mistake mistakes[] = {
    { { 3, { 2, 3, 5 } }, S(4, 3, 3, 3), DENSE, FY_ESHAPE,
      "conv2d.3: src must be [n, ic, h, w], not f32[2, 3, 5]" },
    { S(2, 3, 5, 5), { 2, { 4, 3 } }, DENSE, FY_ESHAPE,
      "conv2d.3: weights must be [oc, ic/groups, kh, kw], not f32[4, 3]" },
    { S(2, 3, 5, 5), S(4, 2, 3, 3), DENSE, FY_ESHAPE,
      "conv2d.3: weights take 2 channels, src has 3" },
    { S(2, 4, 5, 5), S(3, 2, 3, 3), { { 1, 1 }, { 0, 0 }, { 1, 1 }, 2 }, FY_ESHAPE,
      "conv2d.3: 3 output channels cannot be split into 2 groups" },
    { S(2, 3, 2, 5), S(4, 3, 3, 3), DENSE, FY_ESHAPE,
      "conv2d.3: a 3x3 kernel does not fit a 2x5 image padded by 0x0" },
    /* Division that rounds toward zero would call this one row. */
    { S(2, 3, 2, 5), S(4, 3, 3, 3), { { 2, 2 }, { 0, 0 }, { 1, 1 }, 1 }, FY_ESHAPE,
      "conv2d.3: a 3x3 kernel does not fit a 2x5 image padded by 0x0" },
    { S(2, 3, 5, 5), S(4, 3, 3, 3), { { 1, 1 }, { 0, 0 }, { 3, 1 }, 1 }, FY_ESHAPE,
      "conv2d.3: a 3x3 kernel does not fit a 5x5 image padded by 0x0" },
    { S(2, 3, 5, 5), S(4, 3, 3, 3), { { 1, 0 }, { 0, 0 }, { 1, 1 }, 1 }, FY_EINVAL,
      "conv2d.3: stride and dilation must be 1 or more, for the width they are 0 and 1" },
    { S(2, 3, 5, 5), S(4, 3, 3, 3), { { 1, 1 }, { -1, 0 }, { 1, 1 }, 1 }, FY_EINVAL,
      "conv2d.3: padding must be 0 or more, for the height it is -1" },
    { S(2, 3, 5, 5), S(4, 3, 3, 3), { { 1, 1 }, { 0, 0 }, { 1, 1 }, 0 }, FY_EINVAL,
      "conv2d.3: groups must be 1 or more, not 0" },
};
/* clang-format on */

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++)
        op_check_mistake(mistaken, &mistakes[i], mistakes[i].status, mistakes[i].sentence);
}

static fy_node of_integers(op_test *t, const void *row)
{
    (void)row;
    const fy_node src = fy_input(t->g, "pixels", FY_U8, FY_SHAPE(2, 3, 5, 5));
    return fy_conv2d(t->g, src, op_param(t, FY_SHAPE(4, 3, 3, 3), -1, 1), NULL);
}

static void integers_are_refused(void **state)
{
    (void)state;
    op_check_mistake(of_integers, NULL, FY_EDTYPE,
                     "conv2d.3: src must be floats [n, ic, h, w], not u8[2, 3, 5, 5]");
}

/* ---- what is wanted -------------------------------------------------------------------------- */

/* A frozen convolution costs no weight gradient, and the first layer no gradient of the images. */
static void only_wanted_gradients_are_built(void **state)
{
    (void)state;
    op_test t = { .seed = 1 };
    fyi_id diff;
    check_ok(fy_graph_new(&t.g));
    const fy_node x = op_param(&t, FY_SHAPE(1, 2, 4, 4), -1, 1);
    const fy_node w = op_param(&t, FY_SHAPE(3, 2, 3, 3), -1, 1);
    const fy_node loss = fy_sum_all(t.g, fy_conv2d(t.g, x, w, NULL));
    check_ok(fyi_backward(t.g, loss.id, &w.id, 1, &diff));
    assert_true(diff > 0);
    for (size_t k = 1; k < t.g->n_nodes; k++)
        assert_ptr_not_equal(t.g->nodes[k].op, &fyi_op_conv2d_bwd_data);
    fy_graph_free(t.g);
    fy_param_free(t.params[0]);
    fy_param_free(t.params[1]);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(fused_forms_equal_their_parts),
        cmocka_unit_test(bias_gradient_comes_with_the_weights),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
        cmocka_unit_test(integers_are_refused),
        cmocka_unit_test(only_wanted_gradients_are_built),
    };
    return op_run_rows("conv2d", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
