/* test_elementwise.c: the operators that work on each element alone, one or two sources, and
 * numpy's broadcasting of the binary ones. Guards signs, edges and the gradient of every
 * repeated axis. */
#include "support/op_eval.h"

#include <math.h>

/* ---- one source ------------------------------------------------------------------------------ */

typedef struct unary_case {
    op_row row;
    fy_shape shape;
    float lo, hi; /* of the values; equal: values apart from the kink at lo */
    fy_node (*op)(fy_graph *g, fy_node x);
} unary_case;

static fy_node unary(op_test *t, const void *row)
{
    const unary_case *c = row;
    const bool apart = c->lo == c->hi;
    return c->op(t->g,
                 apart ? op_param_apart(t, c->shape, c->lo) : op_param(t, c->shape, c->lo, c->hi));
}

static fy_node leaky(fy_graph *g, fy_node x)
{
    return fy_leaky_relu(g, x, 0.1f);
}
static fy_node relu6(fy_graph *g, fy_node x)
{
    return fy_clip(g, x, 0, 6);
}
static fy_node clip(fy_graph *g, fy_node x)
{
    return fy_clip(g, x, -0.3f, 0.2f);
}
static fy_node clip_off_zero(fy_graph *g, fy_node x)
{
    return fy_clip(g, x, 0.1f, 0.2f);
}
static fy_node affine(fy_graph *g, fy_node x)
{
    return fy_affine(g, x, -2.5f, 0.75f);
}
static fy_node doubled(fy_graph *g, fy_node x)
{
    return fy_scale(g, x, 2);
}

#define ROW(name, why, op, lo, hi, ...)                         \
    {                                                           \
        { name, why, unary, 2e-6 }, { __VA_ARGS__ }, lo, hi, op \
    }

static const unary_case unaries[] = {
    ROW("relu", "both sides of the kink", fy_relu, 0, 0, 2, { 5, 7 }),
    ROW("relu, rank 0", "a scalar has one element", fy_relu, 0.5f, 1, 0, { 0 }),
    ROW("relu, rank 5", "any rank", fy_relu, 0, 0, 5, { 2, 1, 3, 2, 2 }),
    ROW("relu, empty", "no element at all", fy_relu, 0, 1, 2, { 0, 3 }),
    ROW("leaky relu", "the slope below zero", leaky, 0, 0, 2, { 5, 7 }),
    ROW("relu6", "MobileNet's clip", relu6, 6.0048828125f, 6.0048828125f, 2, { 29, 31 }),
    ROW("clip", "both bounds", clip, 0, 0, 2, { 5, 17 }),
    ROW("clip off zero", "zero is not kept", clip_off_zero, 0, 0, 2, { 5, 17 }),
    ROW("affine", "scale and shift", affine, -1, 1, 3, { 2, 3, 4 }),
    ROW("scale", "no shift", doubled, -1, 1, 1, { 9 }),
    ROW("sigmoid", "dst in the gradient", fy_sigmoid, -6, 6, 2, { 4, 9 }),
    ROW("tanh", "dst in the gradient", fy_tanh, -3, 3, 2, { 4, 9 }),
    ROW("exp", "dst in the gradient", fy_exp, -3, 3, 2, { 4, 9 }),
    ROW("log", "away from the pole", fy_log, 0.5f, 4, 2, { 4, 9 }),
    ROW("sqrt", "away from the pole", fy_sqrt, 0.5f, 4, 2, { 4, 9 }),
    ROW("square", "sign and factor", fy_square, -3, 3, 2, { 4, 9 }),
    ROW("abs", "both sides of the kink", fy_abs, 0, 0, 2, { 4, 9 }),
};

/* ---- two sources ----------------------------------------------------------------------------- */

typedef struct binary_case {
    op_row row;
    fy_shape a, b;
    fy_node (*op)(fy_graph *g, fy_node a, fy_node b);
} binary_case;

static fy_node binary(op_test *t, const void *row)
{
    const binary_case *c = row;
    const fy_node a = op_param(t, c->a, -2, 2);
    return c->op(t->g, a, op_param(t, c->b, 0.5f, 2));
}

static fy_node with_itself(fy_graph *g, fy_node a, fy_node b)
{
    return fy_sub(g, fy_mul(g, a, a), fy_div(g, b, b));
}

#define PAIR(name, why, op, ...)                     \
    {                                                \
        { name, why, binary, 2e-6 }, __VA_ARGS__, op \
    }
#define S1(a) \
    {         \
        1,    \
        {     \
            a \
        }     \
    }
#define S2(a, b) \
    {            \
        2,       \
        {        \
            a, b \
        }        \
    }
#define S3(a, b, c) \
    {               \
        3,          \
        {           \
            a, b, c \
        }           \
    }
#define S5(a, b, c, d, e) \
    {                     \
        5,                \
        {                 \
            a, b, c, d, e \
        }                 \
    }
#define S0    \
    {         \
        0,    \
        {     \
            0 \
        }     \
    }
#define ALL_FOUR(name, why, ...)                                                              \
    PAIR("add " name, why, fy_add, __VA_ARGS__), PAIR("sub " name, why, fy_sub, __VA_ARGS__), \
        PAIR("mul " name, why, fy_mul, __VA_ARGS__), PAIR("div " name, why, fy_div, __VA_ARGS__)

static const binary_case binaries[] = {
    ALL_FOUR("equal", "no broadcast at all", S2(3, 4), S2(3, 4)),
    ALL_FOUR("scalars", "rank 0", S0, S0),
    ALL_FOUR("scalar right", "everything repeats", S2(3, 4), S0),
    ALL_FOUR("scalar left", "everything repeats, first source", S0, S2(3, 4)),
    ALL_FOUR("row", "a missing axis", S2(3, 4), S1(4)),
    ALL_FOUR("column", "an inner axis of size 1", S2(3, 4), S2(3, 1)),
    ALL_FOUR("both", "each side repeats along another axis", S2(3, 1), S2(1, 4)),
    ALL_FOUR("channels", "axes repeated on both sides of a kept one", S3(2, 3, 4), S2(3, 1)),
    ALL_FOUR("rank 5", "alternating axes", S5(2, 1, 3, 1, 2), S5(1, 2, 3, 2, 1)),
    ALL_FOUR("of size 1", "nothing to repeat, but another rank", S2(1, 1), S1(1)),
    ALL_FOUR("empty", "size 1 repeats to 0", S2(0, 4), S2(1, 4)),
    PAIR("twice the same", "both sources are one value", with_itself, S2(3, 4), S2(3, 4)),
};

/* ---- scale_by -------------------------------------------------------------------------------- */

static fy_node scaled(op_test *t, const void *row)
{
    (void)row;
    const fyi_affine_attr attr = { .scale = -1.5f };
    const fy_node x = op_param(t, FY_SHAPE(3, 5), -1, 1);
    return fyi_op2(t->g, &fyi_op_scale_by, &attr, x, op_param(t, FY_SCALAR, 0.5f, 2));
}

static const op_row scale_by_row = { "scale_by", "the coefficient gets a gradient too", scaled,
                                     2e-6 };

/* ---- values worked out by hand --------------------------------------------------------------- */

typedef struct hand_case {
    const char *name;
    fy_node (*op)(fy_graph *g, fy_node x);
    float x[4];
    double expected[4];
} hand_case;

static fy_node of_four(op_test *t, const void *row)
{
    const hand_case *c = row;
    return c->op(t->g, op_param_of(t, FY_SHAPE(4), c->x));
}

static fy_node sign(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_sign, NULL, x);
}

static const hand_case hand[] = {
    { "relu", fy_relu, { -2, 0, 3, -INFINITY }, { 0, 0, 3, 0 } },
    { "leaky relu", leaky, { -2, 0, 3, -10 }, { -0.2, 0, 3, -1 } },
    { "clip", clip, { -1, 0, 0.125f, 5 }, { -0.3, 0, 0.125, 0.2 } },
    { "affine", affine, { 0, 1, -1, 2 }, { 0.75, -1.75, 3.25, -4.25 } },
    { "sigmoid", fy_sigmoid, { 0, 1, -1, -100 }, { 0.5, 0.7310585786, 0.2689414214, 0 } },
    { "tanh", fy_tanh, { 0, 1, -1, 50 }, { 0, 0.7615941560, -0.7615941560, 1 } },
    { "exp", fy_exp, { 0, 1, -1, -200 }, { 1, 2.7182818285, 0.3678794412, 0 } },
    { "log", fy_log, { 1, 2, 0.5f, 10 }, { 0, 0.6931471806, -0.6931471806, 2.3025850930 } },
    { "sqrt", fy_sqrt, { 0, 1, 2, 9 }, { 0, 1, 1.4142135624, 3 } },
    { "square", fy_square, { -3, 0, 0.5f, 2 }, { 9, 0, 0.25, 4 } },
    { "abs", fy_abs, { -3, 0, 0.5f, -INFINITY }, { 3, 0, 0.5, INFINITY } },
    { "sign", sign, { -3, 0, 0.5f, -0.0f }, { -1, 0, 1, 0 } },
};

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(hand); i++)
        op_check_values(of_four, &hand[i], hand[i].expected, 4);
}

typedef struct pair_hand {
    const char *name;
    fy_node (*op)(fy_graph *g, fy_node a, fy_node b);
    double expected[6];
} pair_hand;

/* [2, 3] with [2, 1] */
static fy_node of_two(op_test *t, const void *row)
{
    static const float a[] = { 1, 2, 3, 4, 5, 6 }, b[] = { 2, -4 };
    const fy_node x = op_param_of(t, FY_SHAPE(2, 3), a);
    return ((const pair_hand *)row)->op(t->g, x, op_param_of(t, FY_SHAPE(2, 1), b));
}

static const pair_hand pairs[] = {
    { "add", fy_add, { 3, 4, 5, 0, 1, 2 } },
    { "sub", fy_sub, { -1, 0, 1, 8, 9, 10 } },
    { "mul", fy_mul, { 2, 4, 6, -16, -20, -24 } },
    { "div", fy_div, { 0.5, 1, 1.5, -1, -1.25, -1.5 } },
};

static void pairs_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++)
        op_check_values(of_two, &pairs[i], pairs[i].expected, 6);
}

/* NaN must pass through everything: a loss that is not finite is how a lost run is noticed. */
static void nan_passes_through(void **state)
{
    (void)state;
    static fy_node (*const ops[])(fy_graph *, fy_node) = {
        fy_relu, leaky,  clip,    affine,    fy_sigmoid, fy_tanh,
        fy_exp,  fy_log, fy_sqrt, fy_square, fy_abs,     sign,
    };
    const float x = NAN;
    const double expected = NAN;
    for (size_t i = 0; i < LEN(ops); i++) {
        op_test t;
        op_eval_begin(&t);
        op_eval_is(&t, ops[i](t.g, op_floats(&t, FY_SHAPE(1), &x)), &expected, 1);
        op_eval_end(&t);
    }
}

/* Sizes past the grain, where threads share the work; too many elements for differences. */
static void long_values_equal_reference(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(unaries); i++) {
        unary_case c = unaries[i];
        c.shape = FY_SHAPE(3, 16384 + 5);
        op_check_forward(unary, &c, "cpu", c.row.rtol);
        op_check_gradient_on(unary, &c, "cpu", c.row.rtol);
    }
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static fy_node relu_of_integers(op_test *t, const void *row)
{
    (void)row;
    return fy_relu(t->g, fy_input(t->g, "labels", FY_I32, FY_SHAPE(2)));
}

static fy_node steep_down(op_test *t, const void *row)
{
    (void)row;
    return fy_leaky_relu(t->g, op_param(t, FY_SHAPE(2), 0, 1), -0.5f);
}

static fy_node empty_interval(op_test *t, const void *row)
{
    (void)row;
    return fy_clip(t->g, op_param(t, FY_SHAPE(2), 0, 1), 1, -1);
}

static fy_node no_fit(op_test *t, const void *row)
{
    (void)row;
    const fy_node a = op_param(t, FY_SHAPE(2, 3, 4), 0, 1);
    return fy_mul(t->g, a, op_param(t, FY_SHAPE(2, 4), 0, 1));
}

static fy_node bare_shapes(op_test *t, const void *row)
{
    (void)row;
    const fy_node a = op_param(t, FY_SHAPE(2, 3), 0, 1);
    return fyi_op2(t->g, &fyi_op_add, NULL, a, op_param(t, FY_SHAPE(3), 0, 1));
}

static fy_node mixed_types(op_test *t, const void *row)
{
    (void)row;
    const fy_node a = op_param(t, FY_SHAPE(3), 0, 1);
    return fy_add(t->g, a, fy_input(t->g, "labels", FY_I32, FY_SHAPE(3)));
}

static fy_node no_node(op_test *t, const void *row)
{
    (void)row;
    return fy_sub(t->g, op_param(t, FY_SHAPE(3), 0, 1), FY_NO_NODE);
}

static fy_node wide_coefficient(op_test *t, const void *row)
{
    (void)row;
    const fyi_affine_attr attr = { .scale = 1 };
    const fy_node x = op_param(t, FY_SHAPE(3), 0, 1);
    return fyi_op2(t->g, &fyi_op_scale_by, &attr, x, x);
}

static const struct {
    op_build build;
    fy_status status;
    const char *sentence;
} mistakes[] = {
    { relu_of_integers, FY_EDTYPE, "relu.2: source 0 must be floats of any shape, not i32[2]" },
    { steep_down, FY_EINVAL, "relu.2: the slope must be 0 or more, not -0.5" },
    { empty_interval, FY_EINVAL, "clip.2: the lower bound 1 must not be above the upper bound -1" },
    { no_fit, FY_ESHAPE,
      "mul: shapes [2, 3, 4] and [2, 4] do not fit: counted from the last axis, axis 1 has size 3 "
      "against 2, and only a size of 1 repeats" },
    { bare_shapes, FY_ESHAPE, "add.3: source 1 must be f32[2, 3] like source 0, not f32[3]" },
    { mixed_types, FY_EDTYPE, "add.3: source 1 must be f32[3] like source 0, not i32[3]" },
    { no_node, FY_EINVAL, "sub: source 1 is no node" },
    { wide_coefficient, FY_ESHAPE, "scale_by.2: the coefficient must be f32, not f32[3]" },
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
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(pairs_are_those_worked_out_by_hand),
        cmocka_unit_test(nan_passes_through),
        cmocka_unit_test(long_values_equal_reference),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    int failed = op_run_rows("elementwise, one source", unaries, LEN(unaries), sizeof unaries[0],
                             others, LEN(others));
    failed += op_run_rows("elementwise, two sources", binaries, LEN(binaries), sizeof binaries[0],
                          NULL, 0);
    return failed + op_run_rows("scale_by", &scale_by_row, 1, sizeof scale_by_row, NULL, 0);
}
