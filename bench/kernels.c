/* kernels.c: milliseconds of single operators, Ferry's own kernels against oneDNN's way to the
 * same result.
 *
 *   kernels [seconds per line]     OMP_NUM_THREADS=1 for one thread
 * The shapes are those of the MNIST encoder, LeNet, a small CNN and ResNet-18. Pooled gradients
 * come with random winners and 7 of 10 windows active. Shown is the shortest run, which a busy
 * machine disturbs least. */
#include "graph/kernel.h"
#include "graph/ops/attr.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_TENSORS 8

typedef struct bench {
    fy_device *native, *onednn;
    double seconds;
} bench;

typedef struct call {
    const fyi_op *op;
    const void *attr;
    int n_src, n_dst;
    fyi_spec src[MAX_TENSORS], dst[MAX_TENSORS];
} call;

static void must(fy_status st)
{
    if (st == FY_OK)
        return;
    fprintf(stderr, "kernels: %s\n", fy_last_error());
    exit(1);
}

/* ---- one operator ---------------------------------------------------------------------------- */

/* p is zeroed, and padding stays so. */
static void fill(const fyi_desc *d, void *p, uint64_t which)
{
    const fy_rng whole = fy_rng_named(1, "bench");
    fy_rng r = fy_rng_child(&whole, which);
    const int64_t n = fy_shape_numel(&d->shape);
    const bool is_padded = fyi_layout_numel(&d->layout, &d->shape) != n;
    int64_t at[FY_MAX_RANK] = { 0 };
    for (int64_t i = 0; i < n; i++) {
        const double u = (double)fy_rng_below(&r, 1000) / 1000;
        const int64_t to = is_padded ? fyi_layout_offset(&d->layout, &d->shape, at) : i;
        if (d->dtype == FY_U8)
            ((uint8_t *)p)[to] = (uint8_t)(u * 4);
        else if (d->dtype == FY_F32)
            ((float *)p)[to] = (float)(u - 0.3);
        for (int a = d->shape.rank - 1; is_padded && a >= 0 && ++at[a] == d->shape.d[a]; a--)
            at[a] = 0;
    }
}

static void *new_tensor(const fyi_desc *d, uint64_t which)
{
    void *p = fyi_alloc_block(fyi_desc_bytes(d) + 64);
    if (!p)
        exit(1);
    fill(d, p, which);
    return p;
}

static double shortest(const fyi_kernel *k, const fyi_launch *l, double seconds)
{
    double best = 1e9;
    must(k->run(l));
    const double end = fyi_now_s() + seconds;
    for (int i = 0; i < 3 || fyi_now_s() < end; i++) {
        const double begin = fyi_now_s();
        must(k->run(l));
        best = FYI_MIN(best, fyi_now_s() - begin);
    }
    return best * 1e3;
}

/* Milliseconds; negative if only ref takes it. */
static double time_call(fy_device *dev, const call *c, double seconds)
{
    fyi_desc src[MAX_TENSORS], dst[MAX_TENSORS];
    void *from[MAX_TENSORS], *to[MAX_TENSORS], *state = NULL;
    double ms = -1;
    for (int i = 0; i < MAX_TENSORS; i++) {
        if (i < c->n_src)
            src[i] = (fyi_desc){ c->src[i].dtype, c->src[i].shape,
                                 fyi_layout_plain(c->src[i].shape.rank) };
        if (i < c->n_dst)
            dst[i] = (fyi_desc){ c->dst[i].dtype, c->dst[i].shape,
                                 fyi_layout_plain(c->dst[i].shape.rank) };
        /* Activations arrive as the layers before left them. */
        if (i < c->n_src && src[i].shape.rank == 4 && src[i].shape.d[1] >= 16)
            src[i].layout = fyi_layout_channel_block(4, 16);
    }
    fyi_site site = { .op = c->op,
                      .attr = c->attr,
                      .name = c->op->name,
                      .n_src = c->n_src,
                      .n_dst = c->n_dst,
                      .src = src,
                      .dst = dst };
    const fyi_kernel *k = fyi_kernel_find(dev, &site);
    if (!k || k->name[0] == 'r')
        return ms;
    if (k->create)
        must(k->create(dev, &site, &state));
    for (int i = 0; i < c->n_src; i++)
        from[i] = new_tensor(&src[i], (uint64_t)i);
    for (int i = 0; i < c->n_dst; i++)
        to[i] = new_tensor(&dst[i], (uint64_t)(i + 10));
    void *scratch = fyi_alloc_block(site.scratch_bytes + 64);
    const fyi_launch l = {
        .dev = dev, .site = &site, .state = state, .src = from, .dst = to, .scratch = scratch
    };
    ms = shortest(k, &l, seconds);
    fyi_free(scratch);
    for (int i = 0; i < c->n_src; i++)
        fyi_free(from[i]);
    for (int i = 0; i < c->n_dst; i++)
        fyi_free(to[i]);
    if (k->destroy)
        k->destroy(state);
    return ms;
}

/* ---- a pooled convolution, both ways --------------------------------------------------------- */

typedef struct layer {
    const char *name;
    int64_t n, ic, h, oc, k, pad;
} layer;

static fyi_spec f32(fy_shape s)
{
    return (fyi_spec){ FY_F32, s };
}

static void line(const char *name, double own, double other, double flops)
{
    printf("%-34s %8.3f ms %7.0f GF/s   oneDNN %8.3f ms   %5.2fx\n", name, own, flops / own * 1e-6,
           other, other / own);
    fflush(stdout);
}

static double sum_of(const bench *b, const call *calls, int n)
{
    double ms = 0;
    for (int i = 0; i < n; i++)
        ms += time_call(b->onednn, &calls[i], b->seconds);
    return ms;
}

static void run_layer(const bench *b, const layer *y)
{
    const int64_t oh = y->h + 2 * y->pad - y->k + 1, qh = oh / 2;
    const fyi_spec src = f32(FY_SHAPE(y->n, y->ic, y->h, y->h));
    const fyi_spec weights = f32(FY_SHAPE(y->oc, y->ic, y->k, y->k)), bias = f32(FY_SHAPE(y->oc));
    const fyi_spec map = f32(FY_SHAPE(y->n, y->oc, oh, oh)),
                   dst = f32(FY_SHAPE(y->n, y->oc, qh, qh));
    const fyi_spec index = { FY_U8, dst.shape };
    const double flops = 2.0 * (double)(y->n * y->oc * 4 * qh * qh * y->ic * y->k * y->k);
    fyi_conv_attr conv = { .o = fy_conv_defaults(), .has_bias = true };
    conv.o.pad[0] = conv.o.pad[1] = y->pad;
    const fyi_conv_attr relu_conv = {
        .o = conv.o, .has_bias = true, .has_act = true, .hi = INFINITY
    };
    const fyi_conv_attr bwd_data = { .o = conv.o, .target = src.shape };
    const fyi_conv_attr bwd_weights = { .o = conv.o, .has_bias = true, .target = weights.shape };
    const fyi_pool_attr pool = { .o = fy_pool_defaults(2), .src = map.shape };
    const fyi_conv_pool_attr both = {
        .conv = conv.o, .pool = pool.o, .relu = true, .src = src.shape, .weights = weights.shape
    };
    char name[64];

    const call own[] = {
        { &fyi_op_conv_pool, &both, 3, 2, { src, weights, bias }, { dst, index } },
        { &fyi_op_conv_pool_bwd_weights, &both, 4, 2, { dst, dst, index, src }, { weights, bias } },
        { &fyi_op_conv_pool_bwd_data, &both, 4, 1, { dst, dst, index, weights }, { src } },
    };
    const call forward[] = {
        { &fyi_op_conv2d, &relu_conv, 3, 1, { src, weights, bias }, { map } },
        { &fyi_op_max_pool2d, &pool, 1, 2, { map }, { dst, index } },
    };
    const call spread[] = { { &fyi_op_max_pool2d_bwd, &pool, 2, 1, { dst, index }, { map } } };
    const call weights_bwd[] = {
        { &fyi_op_conv2d_bwd_weights, &bwd_weights, 2, 2, { map, src }, { weights, bias } }
    };
    const call data_bwd[] = {
        { &fyi_op_conv2d_bwd_data, &bwd_data, 2, 1, { map, weights }, { src } }
    };

    snprintf(name, sizeof name, "%s forward", y->name);
    line(name, time_call(b->native, &own[0], b->seconds), sum_of(b, forward, 2), flops);
    snprintf(name, sizeof name, "%s weights' gradient", y->name);
    line(name, time_call(b->native, &own[1], b->seconds),
         sum_of(b, spread, 1) + sum_of(b, weights_bwd, 1), flops);
    if (y->ic >= 16) {
        snprintf(name, sizeof name, "%s data gradient", y->name);
        line(name, time_call(b->native, &own[2], b->seconds), sum_of(b, data_bwd, 1), flops);
    }
}

/* A convolution with bias and ReLU that is not pooled, and its gradients. */
static void run_plain(const bench *b, const layer *y)
{
    const int64_t oh = y->h + 2 * y->pad - y->k + 1;
    const fyi_spec src = f32(FY_SHAPE(y->n, y->ic, y->h, y->h)), bias = f32(FY_SHAPE(y->oc));
    const fyi_spec weights = f32(FY_SHAPE(y->oc, y->ic, y->k, y->k));
    const fyi_spec dst = f32(FY_SHAPE(y->n, y->oc, oh, oh));
    const double flops = 2.0 * (double)(y->n * y->oc * oh * oh * y->ic * y->k * y->k);
    fyi_conv_attr forward = {
        .o = fy_conv_defaults(), .has_bias = true, .has_act = true, .hi = INFINITY
    };
    forward.o.pad[0] = forward.o.pad[1] = y->pad;
    const fyi_conv_attr bwd_data = { .o = forward.o, .target = src.shape };
    const fyi_conv_attr bwd_weights = { .o = forward.o, .target = weights.shape };
    const call calls[] = {
        { &fyi_op_conv2d, &forward, 3, 1, { src, weights, bias }, { dst } },
        { &fyi_op_conv2d_bwd_data, &bwd_data, 2, 1, { dst, weights }, { src } },
        { &fyi_op_conv2d_bwd_weights, &bwd_weights, 2, 1, { dst, src }, { weights } },
    };
    for (size_t i = 0; i < FYI_LEN(calls); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s %s", y->name, calls[i].op->name);
        line(name, time_call(b->native, &calls[i], b->seconds),
             time_call(b->onednn, &calls[i], b->seconds), flops);
    }
}

static const layer plain_layers[] = {
    { "64->128 @14", 64, 64, 14, 128, 3, 1 },   { "128->256 @7", 64, 128, 7, 256, 3, 1 },
    { "64->64 @56", 32, 64, 56, 64, 3, 1 },     { "128->128 @28", 32, 128, 28, 128, 3, 1 },
    { "256->256 @14", 32, 256, 14, 256, 3, 1 }, { "512->512 @7", 32, 512, 7, 512, 3, 1 },
    { "32->32 @32", 32, 32, 32, 32, 3, 1 },     { "20->50 5x5 @12", 128, 20, 12, 50, 5, 0 },
};

static const layer layers[] = {
    { "1->32 5x5 @28", 64, 1, 28, 32, 5, 0 },
    { "32->64 5x5 @12", 64, 32, 12, 64, 5, 0 },
    { "1->20 5x5 @28", 128, 1, 28, 20, 5, 0 },
    { "20->50 5x5 @12", 128, 20, 12, 50, 5, 0 },
    { "1->64 3x3 pad @28", 64, 1, 28, 64, 3, 1 },
    { "64->128 3x3 pad @14", 64, 64, 14, 128, 3, 1 },
    { "256->256 3x3 pad @7", 64, 256, 7, 256, 3, 1 },
};

/* ---- linear layers --------------------------------------------------------------------------- */

static void run_linear(const bench *b, int64_t n, int64_t ic, int64_t oc)
{
    const fyi_linear_attr with_bias = { .has_bias = true }, bare = { 0 };
    const fyi_spec src = f32(FY_SHAPE(n, ic)), weights = f32(FY_SHAPE(oc, ic));
    const fyi_spec bias = f32(FY_SHAPE(oc)), dst = f32(FY_SHAPE(n, oc));
    const call calls[] = {
        { &fyi_op_linear, &with_bias, 3, 1, { src, weights, bias }, { dst } },
        { &fyi_op_linear_bwd_weights, &with_bias, 2, 2, { dst, src }, { weights, bias } },
        { &fyi_op_linear_bwd_data, &bare, 2, 1, { dst, weights }, { src } },
    };
    for (size_t i = 0; i < FYI_LEN(calls); i++) {
        const double ms = time_call(b->native, &calls[i], b->seconds);
        printf("%lldx%lld->%lld %-20s %8.3f ms %7.0f GF/s\n", (long long)n, (long long)ic,
               (long long)oc, calls[i].op->name, ms, 2.0 * (double)(n * ic * oc) / ms * 1e-6);
    }
}

int main(int argc, char **argv)
{
    bench b = { .seconds = argc > 1 ? atof(argv[1]) : 0.3 };
    must(fy_device_open("cpu", &b.native));
    setenv("FY_KERNELS", "onednn", 1);
    must(fy_device_open("cpu", &b.onednn));
    printf("%s\n", fy_device_text(b.native));
    for (size_t i = 0; i < FYI_LEN(layers); i++)
        run_layer(&b, &layers[i]);
    for (size_t i = 0; i < FYI_LEN(plain_layers); i++)
        run_plain(&b, &plain_layers[i]);
    run_linear(&b, 64, 1024, 512);
    run_linear(&b, 128, 512, 512);
    run_linear(&b, 64, 512, 2);
    fy_device_close(b.onednn);
    fy_device_close(b.native);
    return 0;
}
