/* test_native_conv.c: convolution + bias + max pooling + ReLU, which the compiler makes one
 * kernel of, and Winograd convolution without pooling: values and gradients against ref; and
 * that the fast kernel is what runs where the processor has AVX-512. */
#include "support/op_check.h"

#include "backend/cpu.h"
#include "graph/plan.h"

#include <string.h>

typedef struct conv_pool_case {
    op_row row;
    int64_t n, ic, h, w, oc, k, pad;
} conv_pool_case;

static fy_node build(op_test *t, const void *row)
{
    const conv_pool_case *c = row;
    const float scale = 1.0f / (float)(c->k * (c->ic < 16 ? 1 : 4));
    fy_conv_opts o = fy_conv_defaults();
    const fy_pool_opts two = fy_pool_defaults(2);
    o.pad[0] = o.pad[1] = c->pad;
    const fy_node x = op_param(t, FY_SHAPE(c->n, c->ic, c->h, c->w), -1, 1);
    const fy_node w = op_param(t, FY_SHAPE(c->oc, c->ic, c->k, c->k), -scale, scale);
    const fy_node b = op_param(t, FY_SHAPE(c->oc), -0.5f, 0.5f);
    const fy_node y = fy_bias(t->g, fy_conv2d(t->g, x, w, &o), b);
    return fy_relu(t->g, fy_max_pool2d(t->g, y, &two));
}

/* n, ic, h, w, oc, k, pad */
static const conv_pool_case cases[] = {
    { { "1 -> 32, 5x5", "LeNet's first layer", build, 1e-5 }, 5, 1, 12, 12, 32, 5, 0 },
    { { "1 -> 16, 5x5", "one block of channels alone", build, 1e-5 }, 2, 1, 10, 14, 16, 5, 0 },
    { { "1 -> 48, 3x3 pad", "an odd number of blocks, a border", build, 1e-5 }, 2, 1, 8, 10, 48, 3, 1 },
    { { "3 -> 16, 3x3 pad odd", "several plain channels; a last row in no window", build, 1e-5 },
      3,
      3,
      9,
      7,
      16,
      3,
      1 },
    { { "4 -> 16, 4x4", "an even kernel; the most plain channels", build, 1e-5 },
      1,
      4,
      9,
      11,
      16,
      4,
      0 },
    { { "1 -> 16, 1x1", "a window of one element", build, 1e-5 }, 1, 1, 4, 6, 16, 1, 0 },
    { { "2 -> 16, 2x2 narrow", "fewer columns than a tile has", build, 1e-5 }, 2, 2, 6, 5, 16, 2, 0 },
    { { "16 -> 16, 5x5", "the smallest blocked case", build, 1e-5 }, 1, 16, 6, 6, 16, 5, 0 },
    { { "32 -> 64, 5x5", "LeNet's second layer; 16 windows fill a register", build, 1e-5 },
      5,
      32,
      12,
      12,
      64,
      5,
      0 },
    { { "32 -> 48, 5x5 odd", "tiles and windows that do not divide the image", build, 1e-5 },
      3,
      32,
      11,
      13,
      48,
      5,
      0 },
    { { "16 -> 32, 5x5 pad 2", "tiles over every edge", build, 1e-5 }, 9, 16, 7, 8, 32, 5, 2 },
    { { "16 -> 16, 3x3", "4x4 results per tile", build, 1e-5 }, 2, 16, 10, 10, 16, 3, 0 },
    { { "16 -> 80, 3x3 pad", "four blocks of channels and one more", build, 1e-5 },
      2,
      16,
      14,
      14,
      80,
      3,
      1 },
    { { "48 -> 32, 3x3 pad odd", "a tile whose last windows do not exist", build, 1e-5 },
      9,
      48,
      7,
      9,
      32,
      3,
      1 },
    { { "1 -> 20, 5x5", "LeNet's first layer as published: a tail of four", build, 1e-5 },
      5,
      1,
      12,
      12,
      20,
      5,
      0 },
    { { "20 -> 50, 5x5", "LeNet's second: tails on both sides", build, 1e-5 }, 5, 20, 12, 12, 50, 5, 0 },
    { { "2 -> 17, 3x3 pad odd", "one channel in the last block, several plain ones", build, 1e-5 },
      3,
      2,
      9,
      7,
      17,
      3,
      1 },
    { { "3 -> 47, 3x3", "the last block is odd and lacks one channel", build, 1e-5 },
      2,
      3,
      8,
      8,
      47,
      3,
      0 },
    { { "17 -> 31, 3x3 pad odd", "the smallest and the largest tail; windows that do not exist",
        build, 1e-5 },
      9,
      17,
      7,
      9,
      31,
      3,
      1 },
    { { "20 -> 32, 5x5 pad 2", "a tail in the source alone, a border", build, 1e-5 },
      4,
      20,
      7,
      8,
      32,
      5,
      2 },
    { { "32 -> 24, 5x5", "a tail in the result alone", build, 1e-5 }, 3, 32, 11, 13, 24, 5, 0 },
    { { "63 -> 66, 3x3", "one more column than the widest product takes", build, 1e-5 },
      2,
      63,
      6,
      8,
      66,
      3,
      0 },
};

/* ---- not pooled: Winograd -------------------------------------------------------------------- */

static fy_node plain_conv(op_test *t, const conv_pool_case *c)
{
    const float scale = 1.0f / (float)(c->k * 4);
    fy_conv_opts o = fy_conv_defaults();
    o.pad[0] = o.pad[1] = c->pad;
    const fy_node x = op_param(t, FY_SHAPE(c->n, c->ic, c->h, c->w), -1, 1);
    const fy_node w = op_param(t, FY_SHAPE(c->oc, c->ic, c->k, c->k), -scale, scale);
    return fy_conv2d(t->g, x, w, &o);
}

static fy_node bare(op_test *t, const void *row)
{
    return plain_conv(t, row);
}

static fy_node with_bias_and_relu(op_test *t, const void *row)
{
    const conv_pool_case *c = row;
    const fy_node b = op_param(t, FY_SHAPE(c->oc), -0.5f, 0.5f);
    return fy_relu(t->g, fy_bias(t->g, plain_conv(t, c), b));
}

static fy_node with_residual(op_test *t, const void *row)
{
    const conv_pool_case *c = row;
    const fy_node b = op_param(t, FY_SHAPE(c->oc), -0.5f, 0.5f);
    const fy_node other = op_param(t, FY_SHAPE(c->n, c->oc, c->h, c->w), -1, 1);
    return fy_relu(t->g, fy_add(t->g, fy_bias(t->g, plain_conv(t, c), b), other));
}

static const conv_pool_case plain_cases[] = {
    { { "plain 32 -> 32, 3x3 pad", "the smallest; tiles fit the image", bare, 1e-5 },
      3,
      32,
      16,
      16,
      32,
      3,
      1 },
    { { "plain 32 -> 48, 3x3 odd", "results that tiles hang over", bare, 1e-5 },
      6,
      32,
      13,
      11,
      48,
      3,
      0 },
    { { "plain 48 -> 32, 5x5 pad", "2x2 results per tile; a border on each side", bare, 1e-5 },
      3,
      48,
      9,
      7,
      32,
      5,
      2 },
    { { "plain 32 -> 32, 5x5", "the gradient needs a wider border than the result", bare, 1e-5 },
      4,
      32,
      12,
      12,
      32,
      5,
      0 },
    { { "plain 20 -> 50, 5x5", "channels that fill no block", with_bias_and_relu, 1e-5 },
      4,
      20,
      12,
      12,
      50,
      5,
      0 },
    { { "plain 40 -> 24, 3x3 pad", "padding on both sides of 8 and 16 lanes", bare, 1e-5 },
      3,
      40,
      16,
      16,
      24,
      3,
      1 },
    { { "plain bias, relu", "fused", with_bias_and_relu, 1e-5 }, 3, 32, 15, 16, 64, 3, 1 },
    { { "plain residual", "fused with another tensor", with_residual, 1e-5 }, 3, 32, 14, 16, 32, 3, 1 },
};

/* ---- which kernel runs ----------------------------------------------------------------------- */

static fyi_conv_pool_attr attr_of(const conv_pool_case *c)
{
    fyi_conv_pool_attr a = { .conv = fy_conv_defaults(),
                             .pool = fy_pool_defaults(2),
                             .relu = true,
                             .src = FY_SHAPE(c->n, c->ic, c->h, c->w),
                             .weights = FY_SHAPE(c->oc, c->ic, c->k, c->k) };
    a.conv.pad[0] = a.conv.pad[1] = c->pad;
    return a;
}

static bool is_fast(const conv_pool_case *c, fy_device *dev)
{
    const fyi_conv_pool_attr a = attr_of(c);
    fy_graph *g;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, a.src), w = fy_input(g, "w", FY_F32, a.weights);
    const fy_node b = fy_input(g, "b", FY_F32, FY_SHAPE(c->oc));
    const fy_node y = fyi_op3(g, &fyi_op_conv_pool, &a, x, w, b);
    /* A shape that the operator refuses is nobody's. */
    const bool fast = y.id && fyi_kernel_is_fast(dev, FY_F32, g, fyi_def(g, y.id));
    fy_graph_free(g);
    return fast;
}

static void fast_kernel_takes_every_row(void **state)
{
    fy_device *dev;
    (void)state;
    if (!fyi_cpu_has_avx512())
        skip();
    check_ok(fy_device_open("cpu", &dev));
    for (size_t i = 0; i < FYI_LEN(cases); i++)
        if (!is_fast(&cases[i], dev))
            fail_msg("%s: no fast kernel takes it", cases[i].row.name);
    fy_device_close(dev);
}

static void what_does_not_fit_is_declined(void **state)
{
    static const conv_pool_case others[] = {
        { { "15 channels", "less than a block", build, 0 }, 1, 15, 8, 8, 16, 3, 0 },
        { { "15 of dst", "less than a block", build, 0 }, 1, 16, 8, 8, 15, 3, 0 },
        { { "7x7 blocked", "no Winograd for it", build, 0 }, 1, 16, 12, 12, 16, 7, 0 },
        { { "no window", "a result of one row", build, 0 }, 1, 16, 3, 8, 16, 3, 0 },
    };
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    for (size_t i = 0; i < FYI_LEN(others); i++)
        if (is_fast(&others[i], dev))
            fail_msg("%s: taken", others[i].row.name);
    fy_device_close(dev);
}

/* ---- padding --------------------------------------------------------------------------------- */

/* [fyi_layout_numel], 1 where an element of the tensor lies, 0 in the padding; to free. */
static uint8_t *element_map(const fyi_desc *d)
{
    uint8_t *map = fyi_calloc((size_t)fyi_layout_numel(&d->layout, &d->shape), 1);
    int64_t at[FY_MAX_RANK] = { 0 };
    assert_non_null(map);
    for (int64_t i = 0; i < fy_shape_numel(&d->shape); i++) {
        map[fyi_layout_offset(&d->layout, &d->shape, at)] = 1;
        for (int a = d->shape.rank - 1; a >= 0 && ++at[a] == d->shape.d[a]; a--)
            at[a] = 0;
    }
    return map;
}

static void check_padding_is_zero(const char *name, const fyi_desc *d, const void *p)
{
    const int64_t n = fyi_layout_numel(&d->layout, &d->shape);
    const size_t size = n > 0 ? fyi_desc_bytes(d) / (size_t)n : 0;
    uint8_t *map = element_map(d);
    for (int64_t i = 0; i < n; i++)
        for (size_t b = 0; b < size && !map[i]; b++)
            if (((const uint8_t *)p)[(size_t)i * size + b] != 0)
                fail_msg("%s: the padding at %lld is not zero", name, (long long)i);
    fyi_free(map);
}

/* ---- threads --------------------------------------------------------------------------------- */

/* Elements from a stream, zeros in the padding. */
static void fill(const fyi_desc *d, void *p, fy_rng *r)
{
    uint8_t *map = element_map(d);
    for (int64_t e = 0; e < fyi_layout_numel(&d->layout, &d->shape); e++) {
        const uint64_t any = fy_rng_below(r, 2048);
        if (d->dtype == FY_U8)
            ((uint8_t *)p)[e] = map[e] ? (uint8_t)(any % 4) : 0;
        else
            ((float *)p)[e] = map[e] ? (float)any / 1024 - 1 : 0;
    }
    fyi_free(map);
}

/* One operator on plain or blocked tensors filled from a fixed stream; a hash of everything it
 * gives. Its destinations start as NaN, and their padding has to come out as zeros. */
static uint64_t run_with(int threads, const fyi_op *op, const void *attr, int n_src,
                         const fyi_spec *from, int n_dst, const fyi_spec *to)
{
    fy_device *dev;
    fyi_desc src[4], dst[2];
    void *src_p[4], *dst_p[2], *state = NULL;
    uint64_t hash = 0;
    fy_rng r = fy_rng_named(7, "test");
    fy_threads_set(threads);
    check_ok(fy_device_open("cpu", &dev));
    for (int i = 0; i < n_src; i++)
        src[i] = (fyi_desc){ from[i].dtype, from[i].shape, fyi_layout_plain(from[i].shape.rank) };
    for (int i = 0; i < n_dst; i++)
        dst[i] = (fyi_desc){ to[i].dtype, to[i].shape, fyi_layout_plain(to[i].shape.rank) };
    fyi_site site = {
        .op = op, .attr = attr, .name = op->name, .n_src = n_src, .n_dst = n_dst, .src = src, .dst = dst
    };
    const fyi_kernel *k = fyi_kernel_find(dev, &site);
    assert_int_equal(strncmp(k->name, "native", 6), 0);
    check_ok(k->create(dev, &site, &state));
    for (int i = 0; i < n_src; i++) {
        src_p[i] = fyi_alloc_block(fyi_desc_bytes(&src[i]));
        fill(&src[i], src_p[i], &r);
    }
    for (int i = 0; i < n_dst; i++) {
        dst_p[i] = fyi_alloc_block(fyi_desc_bytes(&dst[i]));
        memset(dst_p[i], 0xff, fyi_desc_bytes(&dst[i]));
    }
    void *scratch = fyi_alloc_block(site.scratch_bytes);
    const fyi_launch l = {
        .dev = dev, .site = &site, .state = state, .src = src_p, .dst = dst_p, .scratch = scratch
    };
    check_ok(k->run(&l));
    for (int i = 0; i < n_dst; i++) {
        check_padding_is_zero(op->name, &dst[i], dst_p[i]);
        hash = fyi_hash64(dst_p[i], fyi_desc_bytes(&dst[i]), hash);
    }
    for (int i = 0; i < n_src; i++)
        fyi_free(src_p[i]);
    for (int i = 0; i < n_dst; i++)
        fyi_free(dst_p[i]);
    fyi_free(scratch);
    k->destroy(state);
    fy_device_close(dev);
    fy_threads_set(0);
    return hash;
}

static void check_threads(const fyi_op *op, const void *attr, int n_src, const fyi_spec *src,
                          int n_dst, const fyi_spec *dst)
{
    const uint64_t alone = run_with(1, op, attr, n_src, src, n_dst, dst);
    for (int threads = 2; threads <= 5; threads++)
        if (run_with(threads, op, attr, n_src, src, n_dst, dst) != alone)
            fail_msg("%s: %d threads give other bits than one", op->name, threads);
}

static void threads_change_no_bit_of_pooled(const conv_pool_case *c)
{
    const fyi_conv_pool_attr a = attr_of(c);
    const fyi_spec src = { FY_F32, a.src }, weights = { FY_F32, a.weights };
    const fyi_spec bias = { FY_F32, FY_SHAPE(c->oc) };
    const fyi_spec dst = { FY_F32, FY_SHAPE(c->n, c->oc, (c->h + 2 * c->pad - c->k + 1) / 2,
                                            (c->w + 2 * c->pad - c->k + 1) / 2) };
    const fyi_spec index = { FY_U8, dst.shape };
    check_threads(&fyi_op_conv_pool, &a, 3, (fyi_spec[]){ src, weights, bias }, 2,
                  (fyi_spec[]){ dst, index });
    check_threads(&fyi_op_conv_pool_bwd_weights, &a, 4, (fyi_spec[]){ dst, dst, index, src }, 2,
                  (fyi_spec[]){ weights, bias });
    if (c->ic >= 16)
        check_threads(&fyi_op_conv_pool_bwd_data, &a, 4, (fyi_spec[]){ dst, dst, index, weights },
                      1, &src);
}

/* With the bias and its gradient. */
static void threads_change_no_bit_of_plain(const conv_pool_case *c)
{
    const int64_t oh = c->h + 2 * c->pad - c->k + 1, ow = c->w + 2 * c->pad - c->k + 1;
    const fyi_spec image = { FY_F32, FY_SHAPE(c->n, c->ic, c->h, c->w) };
    const fyi_spec weights = { FY_F32, FY_SHAPE(c->oc, c->ic, c->k, c->k) };
    const fyi_spec bias = { FY_F32, FY_SHAPE(c->oc) },
                   dst = { FY_F32, FY_SHAPE(c->n, c->oc, oh, ow) };
    fyi_conv_attr a = { .o = fy_conv_defaults() };
    a.o.pad[0] = a.o.pad[1] = c->pad;
    a.target = image.shape;
    check_threads(&fyi_op_conv2d_bwd_data, &a, 2, (fyi_spec[]){ dst, weights }, 1, &image);
    a.has_bias = true;
    check_threads(&fyi_op_conv2d, &a, 3, (fyi_spec[]){ image, weights, bias }, 1, &dst);
    a.target = weights.shape;
    check_threads(&fyi_op_conv2d_bwd_weights, &a, 2, (fyi_spec[]){ dst, image }, 2,
                  (fyi_spec[]){ weights, bias });
}

static void threads_change_no_bit(void **state)
{
    const conv_pool_case first = { .n = 18, .ic = 1, .h = 12, .w = 12, .oc = 32, .k = 5, .pad = 0 };
    const conv_pool_case second = { .n = 18, .ic = 32, .h = 12, .w = 12, .oc = 64, .k = 5, .pad = 0 };
    const conv_pool_case border = { .n = 18, .ic = 16, .h = 9, .w = 7, .oc = 32, .k = 3, .pad = 1 };
    const conv_pool_case lenet1 = { .n = 18, .ic = 1, .h = 12, .w = 12, .oc = 20, .k = 5, .pad = 0 };
    const conv_pool_case lenet2 = { .n = 18, .ic = 20, .h = 12, .w = 12, .oc = 50, .k = 5, .pad = 0 };
    const conv_pool_case tails = { .n = 18, .ic = 17, .h = 9, .w = 7, .oc = 47, .k = 3, .pad = 1 };
    const conv_pool_case plain = { .n = 20, .ic = 32, .h = 10, .w = 13, .oc = 32, .k = 3, .pad = 1 };
    (void)state;
    if (!fyi_cpu_has_avx512())
        skip();
    threads_change_no_bit_of_pooled(&first);
    threads_change_no_bit_of_pooled(&second);
    threads_change_no_bit_of_pooled(&border);
    threads_change_no_bit_of_pooled(&lenet1);
    threads_change_no_bit_of_pooled(&lenet2);
    threads_change_no_bit_of_pooled(&tails);
    threads_change_no_bit_of_plain(&plain);
    threads_change_no_bit_of_plain(&lenet2);
    threads_change_no_bit_of_plain(&tails);
}

/* ---- training -------------------------------------------------------------------------------- */

enum { TRAIN_STEPS = 5, TRAIN_PARAMS = 4 }; /* two layers' weights and biases */

static fy_node lenet_layer(op_test *t, fy_node x, int64_t ic, int64_t oc)
{
    const fy_conv_opts o = fy_conv_defaults();
    const fy_pool_opts two = fy_pool_defaults(2);
    const fy_node w = op_param(t, FY_SHAPE(oc, ic, 5, 5), -0.1f, 0.1f);
    const fy_node b = op_param(t, FY_SHAPE(oc), -0.1f, 0.2f);
    return fy_relu(t->g, fy_max_pool2d(t->g, fy_bias(t->g, fy_conv2d(t->g, x, w, &o), b), &two));
}

/* Whatever the plan keeps from step to step in a padded layout: parameters and states. */
static void check_kept_padding(const fy_plan *p)
{
    int n_padded = 0;
    for (size_t i = 0; i < p->n_variants; i++) {
        const fyi_variant *v = &p->variants[i];
        const fyi_buffer *b = v->buffer < 0 ? NULL : &p->buffers[v->buffer];
        if (!b || b->store != FYI_STORE_OWN || !b->ptr ||
            fyi_layout_numel(&v->desc.layout, &v->desc.shape) == fy_shape_numel(&v->desc.shape))
            continue;
        check_padding_is_zero("a kept value", &v->desc, b->ptr);
        n_padded++;
    }
    assert_true(n_padded >= 2); /* both layers' weights */
}

/* The parameters after some steps, one after the other; to free. */
static float *train(const char *device, const fy_optim *o, int64_t *n)
{
    op_test t = { .seed = 20 };
    fy_device *dev;
    fy_plan *plan;
    check_ok(fy_graph_new(&t.g));
    const fy_node x = op_param(&t, FY_SHAPE(6, 1, 20, 20), -1, 1);
    const fy_node y = lenet_layer(&t, lenet_layer(&t, x, 1, 20), 20, 50);
    const fy_node loss = fy_mean_all(t.g, fy_square(t.g, fy_affine(t.g, y, 1, -0.5f)));
    const fy_objective fit = fy_objective_add(t.g, "fit", loss, o);
    for (int i = 1; i <= TRAIN_PARAMS; i++)
        fy_objective_moves(t.g, fit, t.params[i], NULL);
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_plan_new(t.g, dev, NULL, &plan));
    for (int i = 0; i < TRAIN_STEPS; i++) {
        check_ok(fy_plan_step(plan));
        if (strcmp(device, "cpu") == 0 && fyi_cpu_has_avx512())
            check_kept_padding(plan);
    }
    float *all = fyi_calloc(20 * 25 + 20 + 50 * 20 * 25 + 50, sizeof *all);
    assert_non_null(all);
    *n = 0;
    for (int i = 1; i <= TRAIN_PARAMS; i++) {
        const int64_t size = fy_shape_numel(fy_param_shape(t.params[i]));
        check_ok(fy_param_read(t.params[i], all + *n, size));
        *n += size;
    }
    fy_plan_free(plan);
    fy_device_close(dev);
    fy_graph_free(t.g);
    for (int i = 0; i < t.n_params; i++)
        fy_param_free(t.params[i]);
    return all;
}

static void padding_stays_zero_through_training(void **state)
{
    fy_optim rules[] = { fy_sgd(0.5f, 0.9f, 1e-2f), fy_adam(1e-3f), fy_adamw(1e-3f),
                         fy_adagrad(1e-3f) };
    (void)state;
    rules[1].weight_decay = 1e-2f;
    rules[0].clip_norm = 0.1f;
    for (size_t i = 0; i < FYI_LEN(rules); i++) {
        int64_t n;
        float *expected = train("ref", &rules[i], &n);
        float *actual = train("cpu", &rules[i], &n);
        check_close(actual, expected, n, 1e-5, 1e-5);
        fyi_free(actual);
        fyi_free(expected);
    }
}

/* Values and gradients on "cpu" against "ref". Differences are left out: maxima and ReLU have kinks
 * wherever the random values happen to put them, and ref's own gradient has rows without. */
static size_t add_row(struct CMUnitTest *tests, size_t n, const op_row *row)
{
    struct CMUnitTest three[OP_ROW_TESTS];
    op_row_tests(row, three);
    tests[n] = three[0];
    tests[n + 1] = three[2];
    return n + 2;
}

int main(void)
{
    struct CMUnitTest tests[2 * (FYI_LEN(cases) + FYI_LEN(plain_cases)) + 4];
    size_t n = 0;
    for (size_t i = 0; i < FYI_LEN(cases); i++)
        n = add_row(tests, n, &cases[i].row);
    for (size_t i = 0; i < FYI_LEN(plain_cases); i++)
        n = add_row(tests, n, &plain_cases[i].row);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(fast_kernel_takes_every_row);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(what_does_not_fit_is_declined);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(threads_change_no_bit);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(padding_stays_zero_through_training);
    return cmocka_run_group_tests_name("native conv", tests, NULL, NULL);
}
