/* pool2x2.c: gradients of max pooling by 2x2 windows side by side, alone and with ReLU's before
 * it, for channels in blocks and for plain layout. Each window is written whole, so nothing is
 * zeroed first but the last row and column of odd images. */
#include "backend/native/native.h"

#include <string.h>

static bool is_two_by_two(const fy_pool_opts *o)
{
    bool two = !o->ceil_mode;
    for (int i = 0; i < 2; i++)
        two &= o->kernel[i] == 2 && o->stride[i] == 2 && o->pad[i] == 0;
    return two;
}

/* All in the layout of `index`, which the forward pass chose. */
static bool propose(fyi_site *site, int index)
{
    const fyi_pool_attr *a = site->attr;
    const fyi_layout l = site->src[index].layout;
    const fyi_layout blocked = fyi_layout_channel_block(4, 16);
    if (!is_two_by_two(&a->o) || site->src[index].dtype != FY_U8 || !fyi_native_is_f32(site) ||
        !(fyi_layout_is_plain(&l) || fyi_layout_equal(&l, &blocked)))
        return false;
    for (int i = 0; i < site->n_src; i++) {
        site->src[i].layout = l;
    }
    site->dst[0].layout = l;
    return true;
}

typedef struct job {
    const float *diff, *gate; /* gate NULL: without ReLU */
    const uint8_t *index;
    float *to;
    int64_t h, w, oh, ow; /* of diff_src, of diff_dst */
} job;

/* One window of `block` channels: exactly one of four gets the gradient. */
static inline void window(const job *j, int64_t block, int64_t at, float *to)
{
    float *below = to + j->w * block;
    FYI_VECTOR
    for (int64_t c = 0; c < block; c++) {
        const int which = j->index[at + c];
        const float g = !j->gate || j->gate[at + c] > 0.0f ? j->diff[at + c] : 0.0f;
        to[c] = which == 0 ? g : 0.0f;
        to[block + c] = which == 1 ? g : 0.0f;
        below[c] = which == 2 ? g : 0.0f;
        below[block + c] = which == 3 ? g : 0.0f;
    }
}

/* Planes [begin, end): one channel, or a block of them, of one image. */
static inline void planes(const job *j, int64_t block, int64_t begin, int64_t end)
{
    const int64_t size = j->h * j->w * block;
    for (int64_t p = begin; p < end; p++) {
        float *to = j->to + p * size;
        if (j->h != 2 * j->oh || j->w != 2 * j->ow)
            memset(to, 0, (size_t)size * sizeof *to);
        for (int64_t y = 0; y < j->oh; y++)
            for (int64_t x = 0; x < j->ow; x++)
                window(j, block, ((p * j->oh + y) * j->ow + x) * block,
                       to + (2 * y * j->w + 2 * x) * block);
    }
}

static void blocked_planes(void *ctx, int64_t begin, int64_t end)
{
    planes(ctx, 16, begin, end);
}

static void plain_planes(void *ctx, int64_t begin, int64_t end)
{
    planes(ctx, 1, begin, end);
}

static fy_status run(const fyi_launch *l, int index, const float *gate)
{
    const int64_t *src = l->site->dst[0].shape.d, *dst = l->site->src[0].shape.d;
    const int64_t block = fyi_layout_is_plain(&l->site->dst[0].layout) ? 1 : 16;
    job j = { .diff = l->src[0],
              .gate = gate,
              .index = l->src[index],
              .to = l->dst[0],
              .h = src[2],
              .w = src[3],
              .oh = dst[2],
              .ow = dst[3] };
    const int64_t n_planes = src[0] * ((src[1] + block - 1) / block);
    fyi_parallel(n_planes, fyi_grain(j.h * j.w * block), block == 1 ? plain_planes : blocked_planes,
                 &j);
    return FY_OK;
}

/* diff_dst, index -> diff_src */
static bool propose_max(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return propose(site, 1);
}

static fy_status run_max(const fyi_launch *l)
{
    return run(l, 1, NULL);
}

FYI_NATIVE_KERNEL(max_pool2d_bwd, propose_max, run_max);

/* diff_dst, dst, index -> diff_src */
static bool propose_pool_relu(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return propose(site, 2);
}

static fy_status run_pool_relu(const fyi_launch *l)
{
    return run(l, 2, l->src[1]);
}

FYI_NATIVE_KERNEL(pool_relu_bwd, propose_pool_relu, run_pool_relu);
