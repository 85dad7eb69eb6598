/* test_native_layout.c: native kernels in layouts that are not plain. Guards that padding stays
 * zero, that an element-wise result does not depend on the layout or on overwriting its source,
 * and that batches are joined and parted as a convolution left them. */
#include "backend/backend.h"
#include "support/op_eval.h"

#include <math.h>
#include <string.h>

#define MAX 4096

/* ---- element-wise kernels, launched by hand -------------------------------------------------- */

static const fyi_relu_attr plain_relu = { 0 }, leaky_relu = { 0.1f };
static const fyi_clip_attr around_zero = { -0.5f, 0.25f }, above_zero = { 0.1f, 0.25f };
static const fyi_affine_attr twice = { 2, 0 }, shifted = { 2, 1 }, endless = { INFINITY, 0 };

static const struct each_case {
    const char *name;
    const fyi_op *op;
    const void *attr;
    bool may_pad; /* 0 gives 0, so that it takes padded layouts */
} cases[] = {
    { "add", &fyi_op_add, NULL, true },
    { "sub", &fyi_op_sub, NULL, true },
    { "mul", &fyi_op_mul, NULL, true },
    { "div", &fyi_op_div, NULL, false },
    { "affine", &fyi_op_affine, &twice, true },
    { "affine with shift", &fyi_op_affine, &shifted, false },
    { "affine by infinity", &fyi_op_affine, &endless, false },
    { "relu", &fyi_op_relu, &plain_relu, true },
    { "relu_bwd", &fyi_op_relu_bwd, &plain_relu, true },
    { "leaky relu", &fyi_op_relu, &leaky_relu, true },
    { "leaky relu_bwd", &fyi_op_relu_bwd, &leaky_relu, true },
    { "clip", &fyi_op_clip, &around_zero, true },
    { "clip above zero", &fyi_op_clip, &above_zero, false },
    { "clip_bwd", &fyi_op_clip_bwd, &above_zero, true },
    { "sigmoid", &fyi_op_sigmoid, NULL, false },
    { "sigmoid_bwd", &fyi_op_sigmoid_bwd, NULL, true },
    { "tanh", &fyi_op_tanh, NULL, true },
    { "tanh_bwd", &fyi_op_tanh_bwd, NULL, true },
    { "exp", &fyi_op_exp, NULL, false },
    { "log", &fyi_op_log, NULL, false },
    { "sqrt", &fyi_op_sqrt, NULL, true },
    { "square", &fyi_op_square, NULL, true },
    { "abs", &fyi_op_abs, NULL, true },
    { "sign", &fyi_op_sign, NULL, true },
    { "bce_logits", &fyi_op_bce_logits, NULL, false },
    { "bce_logits_bwd", &fyi_op_bce_logits_bwd, NULL, true },
};

static const fyi_kernel *kernel_of(const fyi_op *op)
{
    for (size_t i = 0; fyi_native_kernels[i]; i++)
        if (fyi_native_kernels[i]->op == op)
            return fyi_native_kernels[i];
    fail_msg("no native kernel for %s", op->name);
    return NULL;
}

typedef struct bench {
    fyi_desc src[3], dst;
    fyi_site site;
    const fyi_kernel *kernel;
    float memory[4][MAX];
} bench;

/* All sources in `layout`, as the kernel then wants them. */
static void propose(bench *b, const struct each_case *c, const fy_shape *s, fyi_layout layout)
{
    b->kernel = kernel_of(c->op);
    b->site = (fyi_site){ .op = c->op,
                          .attr = c->attr,
                          .n_src = c->op->n_src,
                          .n_dst = 1,
                          .src = b->src,
                          .dst = &b->dst,
                          .inplace = true };
    for (int i = 0; i < c->op->n_src; i++)
        b->src[i] = (fyi_desc){ FY_F32, *s, layout };
    b->dst = (fyi_desc){ FY_F32, *s, fyi_layout_plain(s->rank) };
    assert_true(b->kernel->propose(NULL, &b->site));
    for (int i = 0; i < c->op->n_src; i++)
        assert_true(fyi_layout_equal(&b->src[i].layout, &b->dst.layout));
}

/* Source k's element i in plain order: positive, so that log and sqrt are defined. */
static float element(int k, int64_t i)
{
    return (float)((i * 37 + k * 11) % 64 + 1) / 64;
}

/* Where the i-th element in plain order lies. */
static int64_t place_of(const bench *b, int64_t i)
{
    const fy_shape *s = &b->dst.shape;
    int64_t at[FY_MAX_RANK] = { 0 };
    for (int a = s->rank - 1; a >= 0; a--) {
        at[a] = i % s->d[a];
        i /= s->d[a];
    }
    return fyi_layout_offset(&b->dst.layout, s, at);
}

static void fill(bench *b)
{
    memset(b->memory, 0, sizeof b->memory);
    for (int64_t i = 0; i < fy_shape_numel(&b->dst.shape); i++)
        for (int k = 0; k < b->site.n_src; k++)
            b->memory[k][place_of(b, i)] = element(k, i);
}

static void launch(bench *b, bool inplace)
{
    void *src[] = { b->memory[0], b->memory[1], b->memory[2] };
    void *dst[] = { inplace ? b->memory[0] : b->memory[3] };
    const fyi_launch l = { .site = &b->site, .src = src, .dst = dst };
    assert_true(fyi_layout_numel(&b->dst.layout, &b->dst.shape) <= MAX);
    check_ok(b->kernel->run(&l));
}

/* What was written, in plain order. */
static void read_plain(const bench *b, float *v)
{
    const fy_shape *s = &b->dst.shape;
    for (int64_t i = 0; i < fy_shape_numel(s); i++)
        v[i] = b->memory[3][place_of(b, i)];
}

/* Of all that was written, padding included. */
static int64_t count_nonzero(const bench *b)
{
    int64_t n = 0;
    for (int64_t i = 0; i < fyi_layout_numel(&b->dst.layout, &b->dst.shape); i++)
        n += b->memory[3][i] != 0;
    return n;
}

static void layouts_change_nothing(void **state)
{
    (void)state;
    static bench plain, blocked;
    static float a[MAX], b[MAX];
    const fy_shape s = FY_SHAPE(2, 5, 3, 4); /* 5 channels leave 11 of padding */
    for (size_t i = 0; i < LEN(cases); i++) {
        propose(&plain, &cases[i], &s, fyi_layout_plain(4));
        propose(&blocked, &cases[i], &s, fyi_layout_channel_block(4, 16));
        assert_int_equal(!fyi_layout_is_plain(&blocked.dst.layout), cases[i].may_pad);
        fill(&plain);
        fill(&blocked);
        launch(&plain, false);
        launch(&blocked, false);
        read_plain(&plain, a);
        read_plain(&blocked, b);
        assert_memory_equal(a, b, (size_t)fy_shape_numel(&s) * sizeof *a);
        assert_int_equal(count_nonzero(&plain), count_nonzero(&blocked)); /* none in padding */
    }
}

static void full_blocks_are_taken_by_all(void **state)
{
    (void)state;
    static bench b;
    const fy_shape s = FY_SHAPE(2, 32, 3, 4);
    for (size_t i = 0; i < LEN(cases); i++) {
        propose(&b, &cases[i], &s, fyi_layout_channel_block(4, 16));
        assert_false(fyi_layout_is_plain(&b.dst.layout));
    }
}

static void sources_may_be_overwritten(void **state)
{
    (void)state;
    static bench apart, over;
    const fy_shape s = FY_SHAPE(7, 11);
    for (size_t i = 0; i < LEN(cases); i++) {
        propose(&apart, &cases[i], &s, fyi_layout_plain(2));
        propose(&over, &cases[i], &s, fyi_layout_plain(2));
        fill(&apart);
        fill(&over);
        launch(&apart, false);
        launch(&over, true);
        assert_memory_equal(apart.memory[3], over.memory[0], 77 * sizeof(float));
    }
}

/* ---- in a plan, after a convolution ---------------------------------------------------------- */

/* Two batches through one convolution, joined and parted; what pads and what may not pad in
 * between. */
static fy_node network(op_test *t, const void *row)
{
    const int64_t channels = *(const int64_t *)row;
    fy_conv_opts o = fy_conv_defaults();
    const fy_node w = op_param(t, FY_SHAPE(channels, 3, 3, 3), -1, 1);
    const fy_node a = op_param(t, FY_SHAPE(2, 3, 6, 6), -1, 1);
    const fy_node b = op_param(t, FY_SHAPE(3, 3, 6, 6), -1, 1);
    fy_node x = fy_conv2d(t->g, fy_concat2(t->g, 0, a, b), w, &o);
    x = fy_mul(t->g, fy_tanh(t->g, x), fy_sigmoid(t->g, x));
    const fy_node first = fy_slice(t->g, x, 0, 0, 2), rest = fy_slice(t->g, x, 0, 2, 3);
    x = fy_concat2(t->g, 0, fy_exp(t->g, rest), fy_square(t->g, first));
    const fy_node v = op_param(t, FY_SHAPE(4, channels, 3, 3), -1, 1);
    return fy_conv2d(t->g, fy_slice(t->g, x, 0, 1, 3), v, &o);
}

/* Three branches joined along the channels and parted elsewhere: in blocks where every piece fills its own. */
static fy_node branches(op_test *t, const void *row)
{
    const int64_t channels = *(const int64_t *)row;
    fy_conv_opts o = fy_conv_defaults();
    fy_node branch[3], x = op_param(t, FY_SHAPE(2, 3, 6, 6), -1, 1);
    for (int i = 0; i < 3; i++) {
        const int64_t oc = i == 0 ? 2 * channels : channels;
        branch[i] = fy_conv2d(t->g, x, op_param(t, FY_SHAPE(oc, 3, 3, 3), -1, 1), &o);
    }
    x = fy_concat(t->g, 1, branch, 3);
    x = fy_pad(t->g, fy_slice(t->g, x, 1, channels, 2 * channels), 1, channels, 0);
    x = fy_slice_step(t->g, fy_slice_step(t->g, x, 2, 0, 2, 2), 3, 1, 2, 2);
    const fy_node v = op_param(t, FY_SHAPE(4, 3 * channels, 1, 1), -1, 1);
    return fy_conv2d(t->g, x, v, &o);
}

static void networks_equal_reference(void **state)
{
    (void)state;
    static const int64_t channels[] = { 5, 16, 20, 32 };
    for (size_t i = 0; i < LEN(channels); i++) {
        op_check_forward(network, &channels[i], "cpu", 1e-5);
        op_check_gradient_on(network, &channels[i], "cpu", 2e-5);
        op_check_forward(branches, &channels[i], "cpu", 1e-5);
        op_check_gradient_on(branches, &channels[i], "cpu", 2e-5);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_change_nothing),
        cmocka_unit_test(full_blocks_are_taken_by_all),
        cmocka_unit_test(sources_may_be_overwritten),
        cmocka_unit_test(networks_equal_reference),
    };
    return cmocka_run_group_tests_name("native layouts", tests, NULL, NULL);
}
