/* max_pool.c: max pooling of channels in blocks of 16 by any windows of at most 255 elements, and its gradient, over f32
 * and bf16. */
#include "backend/native/max_pool.h"

#include "backend/cpu.h"
#include "backend/native/native.h"

#if FYI_X86_64

#define MIN_CHANNELS 16

static bool is_narrow(const fyi_desc *d)
{
    return d->dtype == FY_BF16;
}

/* `image` may stay as narrow as it comes; the other images follow it. */
static bool takes(const fyi_site *s, const fyi_desc *image, const fyi_desc *index)
{
    return fyi_cpu_has_avx512() && index->dtype == FY_U8 && image->shape.rank == 4 &&
           image->shape.d[1] >= MIN_CHANNELS && (is_narrow(image) || image->dtype == FY_F32) &&
           fy_shape_numel(&s->dst[0].shape) > 0 && fy_shape_numel(&s->src[0].shape) > 0;
}

fyi_max_pool fyi_max_pool_sizes(const fy_pool_opts *o, const fyi_desc *src, const fyi_desc *dst)
{
    return (fyi_max_pool){ .h = src->shape.d[2],
                           .w = src->shape.d[3],
                           .oh = dst->shape.d[2],
                           .ow = dst->shape.d[3],
                           .kernel = { o->kernel[0], o->kernel[1] },
                           .stride = { o->stride[0], o->stride[1] },
                           .pad = { o->pad[0], o->pad[1] },
                           .is_bf16 = is_narrow(src) };
}

typedef struct job {
    fyi_max_pool p;
    int64_t channels, n_blocks; /* of one image */
    const char *from;
    char *to;
    uint8_t *index;
    const float *gate; /* of ReLU's gradient */
} job;

static job job_of(const fyi_launch *l, const fyi_desc *src, const fyi_desc *dst)
{
    const fyi_site *s = l->site;
    const fyi_pool_attr *a = s->attr;
    return (job){ .p = fyi_max_pool_sizes(&a->o, src, dst),
                  .channels = src->shape.d[1],
                  .n_blocks = (src->shape.d[1] + 15) / 16,
                  .from = l->src[0],
                  .to = l->dst[0] };
}

static int64_t bytes_of(const job *j, int64_t h, int64_t w)
{
    return h * w * 16 * (j->p.is_bf16 ? 2 : 4);
}

/* ---- src -> dst, index ------------------------------------------------------------------------------- */

static bool propose(fy_device *dev, fyi_site *s)
{
    (void)dev;
    if (!takes(s, &s->src[0], &s->dst[1]))
        return false;
    s->src[0].layout = s->dst[0].layout = s->dst[1].layout = fyi_layout_channel_block(4, 16);
    s->dst[0].dtype = s->src[0].dtype;
    return true;
}

static void pool_blocks(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    const int64_t in = bytes_of(j, j->p.h, j->p.w), out = bytes_of(j, j->p.oh, j->p.ow);
    for (int64_t b = begin; b < end; b++) {
        const int64_t left = j->channels - b % j->n_blocks * 16;
        fyi_max_pool_avx512(&j->p, (int)FYI_MIN(left, (int64_t)16), j->from + b * in,
                            j->to + b * out, j->index + b * j->p.oh * j->p.ow * 16);
    }
}

static fy_status run(const fyi_launch *l)
{
    const fyi_desc *src = &l->site->src[0];
    job j = job_of(l, src, &l->site->dst[0]);
    j.index = l->dst[1];
    fyi_parallel(src->shape.d[0] * j.n_blocks, fyi_grain(j.p.h * j.p.w * 16), pool_blocks, &j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(max_pool2d, propose, run);

/* ---- diff_dst, index -> diff_src --------------------------------------------------------------------- */

static bool propose_bwd(fy_device *dev, fyi_site *s)
{
    (void)dev;
    if (!takes(s, &s->src[0], &s->src[1]))
        return false;
    s->src[0].layout = s->src[1].layout = s->dst[0].layout = fyi_layout_channel_block(4, 16);
    s->dst[0].dtype = s->src[0].dtype;
    return true;
}

static void spread_blocks(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    const int64_t in = bytes_of(j, j->p.oh, j->p.ow), out = bytes_of(j, j->p.h, j->p.w);
    for (int64_t b = begin; b < end; b++)
        fyi_max_pool_bwd_avx512(&j->p, j->from + b * in, j->index + b * j->p.oh * j->p.ow * 16,
                                j->to + b * out);
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_desc *src = &l->site->dst[0];
    job j = job_of(l, src, &l->site->src[0]);
    j.index = l->src[1];
    fyi_parallel(src->shape.d[0] * j.n_blocks, fyi_grain(j.p.h * j.p.w * 16), spread_blocks, &j);
    return FY_OK;
}

const fyi_kernel fyi_native_max_pool2d_bwd_blocked = { .name = "native-blocks",
                                                       .op = &fyi_op_max_pool2d_bwd,
                                                       .any_float = true,
                                                       .propose = propose_bwd,
                                                       .run = run_bwd };

/* ---- diff_dst, dst, index -> diff_src, with ReLU's gradient before it ---------------------------------- */

static bool is_blocked(const fyi_desc *d)
{
    const fyi_layout blocked = fyi_layout_channel_block(4, 16);
    return fyi_layout_equal(&d->layout, &blocked);
}

static bool propose_pool_relu(fy_device *dev, fyi_site *s)
{
    const fyi_pool_attr *a = s->attr;
    (void)dev;
    if (!fyi_native_is_f32(s) || !takes(s, &s->src[0], &s->src[2]) || !is_blocked(&s->src[2]))
        return false;
    const fyi_max_pool p = fyi_max_pool_sizes(&a->o, &s->dst[0], &s->src[0]);
    s->src[0].layout = s->src[1].layout = s->dst[0].layout = s->src[2].layout;
    return fyi_max_pool_is_2x2(&p);
}

static void spread_gated(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    const int64_t in = j->p.oh * j->p.ow * 16, out = j->p.h * j->p.w * 16;
    for (int64_t b = begin; b < end; b++)
        fyi_pool_relu_bwd_avx512(&j->p, (const float *)j->from + b * in, j->gate + b * in,
                                 j->index + b * in, (float *)j->to + b * out);
}

static fy_status run_pool_relu(const fyi_launch *l)
{
    const fyi_desc *src = &l->site->dst[0];
    job j = job_of(l, src, &l->site->src[0]);
    j.gate = l->src[1];
    j.index = l->src[2];
    fyi_parallel(src->shape.d[0] * j.n_blocks, fyi_grain(j.p.h * j.p.w * 16), spread_gated, &j);
    return FY_OK;
}

const fyi_kernel fyi_native_pool_relu_bwd_blocked = { .name = "native-blocks",
                                                      .op = &fyi_op_pool_relu_bwd,
                                                      .propose = propose_pool_relu,
                                                      .run = run_pool_relu };

#else

FYI_NATIVE_ABSENT(max_pool2d);
const fyi_kernel fyi_native_pool_relu_bwd_blocked = { .name = "native-blocks",
                                                      .op = &fyi_op_pool_relu_bwd,
                                                      .propose = fyi_native_absent };
const fyi_kernel fyi_native_max_pool2d_bwd_blocked = { .name = "native-blocks",
                                                       .op = &fyi_op_max_pool2d_bwd,
                                                       .propose = fyi_native_absent };

#endif
