/* test_pool.c: max, average, L2 and adaptive pooling, and the fused forms of max pooling with the convolution
 * before it and the ReLU after it. Guards windows that overlap, hang over the edge, or start in the
 * padding. */
#include "support/op_check.h"

#include <math.h>

typedef struct pool_case {
    op_row row;
    fy_shape src;
    fy_pool_opts o;
} pool_case;

static fy_node max_pool(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_max_pool2d(t->g, op_param_apart(t, c->src, 0), &c->o);
}

static fy_node avg_pool(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_avg_pool2d(t->g, op_param(t, c->src, -1, 1), &c->o);
}

/* Away from 0, where a root bends too much for differences. */
static fy_node l2_pool(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_l2_pool2d(t->g, op_param(t, c->src, 0.25f, 1), &c->o);
}

/* The result's size stands in place of the kernel's. */
static fy_node adaptive(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_adaptive_avg_pool2d(t->g, op_param(t, c->src, -1, 1), c->o.kernel[0], c->o.kernel[1]);
}

static fy_node global_avg(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_global_avg_pool(t->g, op_param(t, c->src, -1, 1));
}

static fy_node global_max(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_global_max_pool(t->g, op_param_apart(t, c->src, 0));
}

static fy_node global_l2(op_test *t, const void *row)
{
    const pool_case *c = row;
    return fy_global_l2_pool(t->g, op_param(t, c->src, 0.25f, 1));
}

/* clang-format off */
#define S(a, b, c, d) { 4, { a, b, c, d } }
/* clang-format on */
/* kernel, stride, pad, each [h, w]; ceil_mode; count_include_pad */
/* clang-format off */
#define SQUARE(k, s, p, up, with) { { k, k }, { s, s }, { p, p }, up, with }
/* clang-format on */

/* clang-format off */
static const pool_case cases[] = {
    { { "max 2/2", "LeNet's", max_pool, 1e-6 }, S(2, 3, 6, 4), SQUARE(2, 2, 0, false, true) },
    { { "max 2/2 odd", "the last row belongs to no window", max_pool, 1e-6 }, S(2, 3, 7, 5),
      SQUARE(2, 2, 0, false, true) },
    { { "max 2/2 odd, 20 channels", "windows side by side, blocks of channels", max_pool, 1e-6 },
      S(2, 20, 7, 5), SQUARE(2, 2, 0, false, true) },
    { { "max 3/2 pad 1", "ResNet's stem: windows overlap", max_pool, 1e-6 }, S(2, 17, 7, 8),
      SQUARE(3, 2, 1, false, true) },
    { { "max 3/2 ceil", "SqueezeNet: the last window hangs over", max_pool, 1e-6 }, S(1, 2, 6, 8),
      SQUARE(3, 2, 0, true, true) },
    { { "max 2/2 pad 1 ceil", "a window in the padding alone is not one", max_pool, 1e-6 },
      S(1, 2, 5, 5), SQUARE(2, 2, 1, true, true) },
    { { "max 17x17", "positions no longer fit a byte", max_pool, 1e-6 }, S(1, 1, 18, 18),
      SQUARE(17, 1, 0, false, true) },
    { { "max 3/2 ceil, 40 channels", "blocks of channels, the last one in part", max_pool, 1e-6 }, S(1, 40, 6, 8),
      SQUARE(3, 2, 0, true, true) },
    { { "max oblong, 20 channels", "windows side by side and apart", max_pool, 1e-6 }, S(2, 20, 6, 9),
      { { 3, 2 }, { 1, 3 }, { 1, 0 }, false, true } },
    { { "max oblong", "height and width differ", max_pool, 1e-6 }, S(2, 2, 6, 9),
      { { 3, 2 }, { 1, 3 }, { 1, 0 }, false, true } },
    { { "avg 2/2", "plain mean", avg_pool, 1e-5 }, S(2, 3, 6, 4), SQUARE(2, 2, 0, false, true) },
    { { "avg 3/2 pad", "padding counts as zeros", avg_pool, 1e-5 }, S(2, 17, 7, 8),
      SQUARE(3, 2, 1, false, true) },
    { { "avg 3/2 pad, not counted", "smaller divisors at the edge", avg_pool, 1e-5 },
      S(2, 3, 7, 8), SQUARE(3, 2, 1, false, false) },
    { { "avg 3/2 ceil", "what hangs over never counts", avg_pool, 1e-5 }, S(1, 2, 6, 8),
      SQUARE(3, 2, 1, true, true) },
    { { "avg oblong", "height and width differ", avg_pool, 1e-5 }, S(2, 2, 6, 9),
      { { 3, 2 }, { 1, 3 }, { 1, 1 }, false, false } },
    { { "l2 2/2", "squares, mean, root", l2_pool, 1e-5 }, S(2, 16, 6, 4),
      SQUARE(2, 2, 0, false, true) },
    { { "l2 3/2 pad", "padding counts as zeros", l2_pool, 1e-5 }, S(2, 3, 7, 8),
      SQUARE(3, 2, 1, false, true) },
    { { "adaptive 7 to 3", "neighbours share a row", adaptive, 1e-5 }, S(2, 17, 7, 8),
      { { 3, 5 }, { 0, 0 }, { 0, 0 }, false, false } },
    { { "adaptive 2 to 7", "VGG on small images: elements are repeated", adaptive, 1e-5 },
      S(2, 3, 2, 2), { { 7, 7 }, { 0, 0 }, { 0, 0 }, false, false } },
    { { "adaptive, oblong", "up along one side, down along the other", adaptive, 1e-5 },
      S(1, 2, 2, 9), { { 3, 4 }, { 0, 0 }, { 0, 0 }, false, false } },
    { { "adaptive 12 to 6", "windows that divide the image", adaptive, 1e-5 }, S(2, 16, 12, 6),
      { { 6, 6 }, { 0, 0 }, { 0, 0 }, false, false } },
    /* Whole images: options are not used. */
    { { "global avg", "one window over an oblong image", global_avg, 1e-5 }, S(2, 18, 5, 3),
      SQUARE(1, 1, 0, false, true) },
    { { "global max", "one winner per channel", global_max, 1e-6 }, S(2, 18, 5, 3),
      SQUARE(1, 1, 0, false, true) },
    { { "global l2", "the seed's third kind", global_l2, 1e-5 }, S(2, 18, 5, 3),
      SQUARE(1, 1, 0, false, true) },
};
/* clang-format on */

/* ---- hand-made values ------------------------------------------------------------------------ */

typedef struct hand_case {
    const char *name;
    fy_node (*pool)(fy_graph *g, fy_node x, const fy_pool_opts *o);
    fy_pool_opts o;
    int out; /* 1: positions */
    double expected[9];
    int n;
} hand_case;

static fy_node adaptive_to(fy_graph *g, fy_node x, const fy_pool_opts *o)
{
    return fy_adaptive_avg_pool2d(g, x, o->kernel[0], o->kernel[1]);
}

static const float nine[] = { 1, 9, 2, 8, 3, 7, 4, 6, 5 };

static fy_node hand_pool(op_test *t, const void *row)
{
    const hand_case *c = row;
    const fy_node x = op_param_of(t, FY_SHAPE(1, 1, 3, 3), nine);
    return fyi_output(t->g, c->pool(t->g, x, &c->o), c->out);
}

/*  1 9 2
 *  8 3 7
 *  4 6 5  */
/* clang-format off */
static const hand_case hand[] = {
    { "max 2/1", fy_max_pool2d, SQUARE(2, 1, 0, false, true), 0, { 9, 9, 8, 7 }, 4 },
    { "where", fy_max_pool2d, SQUARE(2, 1, 0, false, true), 1, { 1, 0, 0, 1 }, 4 },
    { "max 2/2 ceil", fy_max_pool2d, SQUARE(2, 2, 0, true, true), 0, { 9, 7, 6, 5 }, 4 },
    { "where, over the edge", fy_max_pool2d, SQUARE(2, 2, 0, true, true), 1, { 1, 2, 1, 0 }, 4 },
    { "max 3/2 pad 1", fy_max_pool2d, SQUARE(3, 2, 1, false, true), 0, { 9, 9, 8, 7 }, 4 },
    { "avg 2/1", fy_avg_pool2d, SQUARE(2, 1, 0, false, true), 0, { 5.25, 5.25, 5.25, 5.25 }, 4 },
    { "avg 3/2 pad 1", fy_avg_pool2d, SQUARE(3, 2, 1, false, true), 0,
      { 21.0 / 9, 21.0 / 9, 21.0 / 9, 21.0 / 9 }, 4 },
    { "avg 3/2 pad 1, not counted", fy_avg_pool2d, SQUARE(3, 2, 1, false, false), 0,
      { 5.25, 5.25, 5.25, 5.25 }, 4 },
    { "l2 2/1", fy_l2_pool2d, SQUARE(2, 1, 0, false, true), 0,
      { 6.22494979899, 5.97913037155, 5.59016994375, 5.45435605732 }, 4 },
    { "adaptive 2x2 of 3x3", adaptive_to, SQUARE(2, 0, 0, false, false), 0,
      { 5.25, 5.25, 5.25, 5.25 }, 4 },
    /* The last window has 2 of 3 columns and rows inside the image and its padding of none. */
    { "avg 2/2 ceil", fy_avg_pool2d, SQUARE(2, 2, 0, true, true), 0, { 5.25, 4.5, 5, 5 }, 4 },
};
/* clang-format on */

static void values_are_those_worked_out_by_hand(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(hand); i++)
        op_check_values(hand_pool, &hand[i], hand[i].expected, hand[i].n);
}

static fy_node of_equals(op_test *t, const void *row)
{
    (void)row;
    const fy_pool_opts o = fy_pool_defaults(2);
    const fy_node x = op_param_of(t, FY_SHAPE(1, 1, 2, 2), (const float[]){ 5, 7, 7, 7 });
    return fyi_output(t->g, fy_max_pool2d(t->g, x, &o), 1);
}

static void first_of_equals_is_chosen(void **state)
{
    (void)state;
    op_check_values(of_equals, NULL, (const double[]){ 1 }, 1);
}

/* Windows of 2x2, a NaN at each of its places in turn; enough channels for the kernels of blocks. */
static void check_nan(const char *device)
{
    enum { CHANNELS = 16 };
    op_test t = { .seed = 1 };
    const fy_pool_opts o = fy_pool_defaults(2);
    fy_plan_opts plan_opts = fy_plan_defaults();
    fy_device *dev;
    fy_plan *plan;
    float x[CHANNELS * 4], y[CHANNELS];
    for (int i = 0; i < CHANNELS * 4; i++)
        x[i] = i / 4 % 4 == i % 4 ? NAN : (float)(i % 4);
    check_ok(fy_graph_new(&t.g));
    const fy_node pooled = fy_max_pool2d(t.g, op_param_of(&t, FY_SHAPE(1, CHANNELS, 2, 2), x), &o);
    plan_opts.outputs = &pooled;
    plan_opts.n_outputs = 1;
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_plan_new(t.g, dev, &plan_opts, &plan));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, pooled, y, CHANNELS));
    for (int i = 0; i < CHANNELS; i++)
        assert_true(isnan(y[i]));
    fy_plan_free(plan);
    fy_device_close(dev);
    fy_graph_free(t.g);
    fy_param_free(t.params[0]);
}

/* A NaN that pooling swallowed would hide a diverged run. */
static void nan_is_never_hidden(void **state)
{
    (void)state;
    check_nan("ref");
    check_nan("cpu");
}

static fy_node dead_channel(op_test *t, const void *row)
{
    const fy_node x = op_param_of(t, FY_SHAPE(1, 1, 2, 2), (const float[]){ 0, 0, 0, 0 });
    const fy_node y = fy_sum_all(t->g, fy_global_l2_pool(t->g, x));
    fyi_id diff;
    (void)row;
    check_ok(fyi_backward(t->g, y.id, &x.id, 1, &diff));
    return fyi_n(diff);
}

static void a_dead_channel_has_no_gradient(void **state)
{
    (void)state;
    op_check_values(dead_channel, NULL, (const double[]){ 0, 0, 0, 0 }, 4);
}

/* ---- the fused forms ------------------------------------------------------------------------- */

typedef struct fused_case {
    const char *name;
    fy_shape src, weights;
    fy_conv_opts conv;
    fy_pool_opts pool;
} fused_case;

/* clang-format off */
static const fused_case fused[] = {
    { "LeNet", S(2, 1, 12, 12), S(4, 1, 5, 5), { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
      SQUARE(2, 2, 0, false, true) },
    { "LeNet's second", S(2, 3, 8, 8), S(5, 3, 5, 5), { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
      SQUARE(2, 2, 0, false, true) },
    { "more than a block of channels", S(2, 3, 8, 9), S(20, 3, 3, 3), { { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 },
      SQUARE(2, 2, 0, false, true) },
    { "odd and overlapping", S(2, 4, 9, 7), S(6, 2, 3, 3), { { 1, 1 }, { 1, 1 }, { 1, 1 }, 2 },
      SQUARE(3, 2, 1, false, true) },
    { "strided, hanging over", S(1, 2, 11, 10), S(3, 2, 3, 3), { { 2, 1 }, { 1, 0 }, { 1, 2 }, 1 },
      SQUARE(2, 2, 0, true, true) },
};
/* clang-format on */

typedef struct block {
    fy_node src, weights, bias;
    fy_node dst, index;
    fy_node diff_dst; /* shaped like dst */
} block;

static fyi_conv_pool_attr attr_of(const fused_case *c)
{
    return (fyi_conv_pool_attr){
        .conv = c->conv, .pool = c->pool, .relu = true, .src = c->src, .weights = c->weights
    };
}

static block block_of(op_test *t, const fused_case *c, bool in_one)
{
    block b = { .src = op_param(t, c->src, -1, 1), .weights = op_param(t, c->weights, -1, 1) };
    b.bias = op_param(t, FY_SHAPE(c->weights.d[0]), -1, 1);
    const fyi_conv_pool_attr a = attr_of(c);
    const fy_node conv = fy_bias(t->g, fy_conv2d(t->g, b.src, b.weights, &c->conv), b.bias);
    const fy_node pooled = in_one ? fyi_op3(t->g, &fyi_op_conv_pool, &a, b.src, b.weights, b.bias)
                                  : fy_max_pool2d(t->g, conv, &c->pool);
    b.index = fyi_output(t->g, pooled, 1);
    b.dst = in_one ? pooled : fy_relu(t->g, pooled);
    b.diff_dst = op_param(t, fy_node_shape(t->g, b.dst), -1, 1);
    return b;
}

/* The gradient of the convolution's result, in the separate form. */
static fy_node conv_diff(op_test *t, const fused_case *c, const block *b)
{
    const fyi_relu_attr plain = { 0 };
    const fy_node conv = fy_conv2d(t->g, b->src, b->weights, &c->conv);
    const fyi_pool_attr a = { .o = c->pool, .src = fy_node_shape(t->g, conv) };
    const fy_node d = fyi_op2(t->g, &fyi_op_relu_bwd, &plain, b->diff_dst, b->dst);
    return fyi_op2(t->g, &fyi_op_max_pool2d_bwd, &a, d, b->index);
}

static fy_node fused_dst(op_test *t, const void *row)
{
    return block_of(t, row, true).dst;
}

static fy_node separate_dst(op_test *t, const void *row)
{
    return block_of(t, row, false).dst;
}

static fy_node fused_index(op_test *t, const void *row)
{
    return block_of(t, row, true).index;
}

static fy_node separate_index(op_test *t, const void *row)
{
    return block_of(t, row, false).index;
}

static fy_node fused_pool_relu(op_test *t, const void *row)
{
    const fused_case *c = row;
    const block b = block_of(t, c, false);
    const fy_node conv = fy_conv2d(t->g, b.src, b.weights, &c->conv);
    const fyi_pool_attr a = { .o = c->pool, .src = fy_node_shape(t->g, conv) };
    return fyi_op3(t->g, &fyi_op_pool_relu_bwd, &a, b.diff_dst, b.dst, b.index);
}

static fy_node separate_pool_relu(op_test *t, const void *row)
{
    const block b = block_of(t, row, false);
    return conv_diff(t, row, &b);
}

static fy_node fused_diff_src(op_test *t, const void *row)
{
    const block b = block_of(t, row, false);
    const fyi_conv_pool_attr a = attr_of(row);
    const fy_node src[] = { b.diff_dst, b.dst, b.index, b.weights };
    return fyi_apply(t->g, &fyi_op_conv_pool_bwd_data, &a, 4, src);
}

static fy_node separate_diff_src(op_test *t, const void *row)
{
    const fused_case *c = row;
    const block b = block_of(t, c, false);
    const fyi_conv_attr a = { .o = c->conv, .target = c->src };
    return fyi_op2(t->g, &fyi_op_conv2d_bwd_data, &a, conv_diff(t, c, &b), b.weights);
}

static fy_node fused_weights_bwd(op_test *t, const void *row, int out)
{
    const block b = block_of(t, row, false);
    const fyi_conv_pool_attr a = attr_of(row);
    const fy_node src[] = { b.diff_dst, b.dst, b.index, b.src };
    return fyi_output(t->g, fyi_apply(t->g, &fyi_op_conv_pool_bwd_weights, &a, 4, src), out);
}

static fy_node fused_diff_weights(op_test *t, const void *row)
{
    return fused_weights_bwd(t, row, 0);
}

static fy_node fused_diff_bias(op_test *t, const void *row)
{
    return fused_weights_bwd(t, row, 1);
}

static fy_node separate_diff_weights(op_test *t, const void *row)
{
    const fused_case *c = row;
    const block b = block_of(t, c, false);
    const fyi_conv_attr a = { .o = c->conv, .target = c->weights };
    return fyi_op2(t->g, &fyi_op_conv2d_bwd_weights, &a, conv_diff(t, c, &b), b.src);
}

static fy_node separate_diff_bias(op_test *t, const void *row)
{
    const block b = block_of(t, row, false);
    return fyi_op1(t->g, &fyi_op_bias_bwd, NULL, conv_diff(t, row, &b));
}

static void fused_forms_equal_their_parts(void **state)
{
    static const struct {
        op_build fused, separate;
    } pairs[] = {
        { fused_dst, separate_dst },
        { fused_index, separate_index },
        { fused_pool_relu, separate_pool_relu },
        { fused_diff_src, separate_diff_src },
        { fused_diff_weights, separate_diff_weights },
        { fused_diff_bias, separate_diff_bias },
    };
    (void)state;
    for (size_t i = 0; i < LEN(fused); i++)
        for (size_t k = 0; k < LEN(pairs); k++)
            op_check_same(pairs[k].fused, pairs[k].separate, &fused[i], "cpu", 1e-5);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

typedef struct mistake {
    fy_shape src;
    fy_pool_opts o;
    fy_status status;
    const char *sentence; /* after the operator's name */
} mistake;

/* clang-format off */
static const mistake mistakes[] = {
    { { 3, { 3, 6, 6 } }, SQUARE(2, 2, 0, false, true), FY_ESHAPE,
      "src must be [n, c, h, w], not f32[3, 6, 6]" },
    { S(1, 1, 2, 6), SQUARE(3, 2, 0, false, true), FY_ESHAPE,
      "a window of height 3 does not fit an image of 2 padded by 0" },
    { S(1, 1, 6, 6), SQUARE(2, 0, 0, false, true), FY_EINVAL,
      "kernel and stride must be 1 or more, for the height they are 2 and 0" },
    { S(1, 1, 6, 6), { { 3, 3 }, { 1, 1 }, { 1, 2 }, false, true }, FY_EINVAL,
      "padding must be 0 to half the kernel, for the width it is 2 and the kernel 3" },
};
/* clang-format on */

static fy_node mistaken_max(op_test *t, const void *row)
{
    const mistake *m = row;
    return fy_max_pool2d(t->g, op_param(t, m->src, -1, 1), &m->o);
}

static fy_node mistaken_avg(op_test *t, const void *row)
{
    const mistake *m = row;
    return fy_avg_pool2d(t->g, op_param(t, m->src, -1, 1), &m->o);
}

static fy_node mistaken_global(op_test *t, const void *row)
{
    (void)row;
    return fy_global_avg_pool(t->g, op_param(t, FY_SHAPE(2, 3), -1, 1));
}

static const struct adaptive_mistake {
    fy_shape src;
    int64_t oh, ow;
    fy_status status;
    const char *sentence;
} adaptive_mistakes[] = {
    { { 2, { 2, 3 } }, 2, 2, FY_ESHAPE, "src must be [n, c, h, w], not f32[2, 3]" },
    { { 4, { 1, 1, 4, 4 } }, 0, 2, FY_EINVAL, "the result must be 1x1 or larger, not 0x2" },
    { { 4, { 1, 1, 0, 4 } }, 2, 2, FY_ESHAPE, "an image of 0x4 has nothing to average" },
};

static fy_node mistaken_adaptive(op_test *t, const void *row)
{
    const struct adaptive_mistake *m = row;
    return fy_adaptive_avg_pool2d(t->g, op_param(t, m->src, -1, 1), m->oh, m->ow);
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    char sentence[160];
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++) {
        snprintf(sentence, sizeof sentence, "max_pool2d.2: %s", mistakes[i].sentence);
        op_check_mistake(mistaken_max, &mistakes[i], mistakes[i].status, sentence);
        snprintf(sentence, sizeof sentence, "avg_pool2d.2: %s", mistakes[i].sentence);
        op_check_mistake(mistaken_avg, &mistakes[i], mistakes[i].status, sentence);
    }
    for (size_t i = 0; i < LEN(adaptive_mistakes); i++) {
        const struct adaptive_mistake *m = &adaptive_mistakes[i];
        snprintf(sentence, sizeof sentence, "adaptive_avg_pool2d.2: %s", m->sentence);
        op_check_mistake(mistaken_adaptive, m, m->status, sentence);
    }
    op_check_mistake(mistaken_global, NULL, FY_ESHAPE,
                     "avg_pool2d.2: src must be [n, c, h, w], not f32[2, 3]");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(first_of_equals_is_chosen),
        cmocka_unit_test(nan_is_never_hidden),
        cmocka_unit_test(a_dead_channel_has_no_gradient),
        cmocka_unit_test(fused_forms_equal_their_parts),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return op_run_rows("pool", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
