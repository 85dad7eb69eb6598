/* adaptive_avg_pool2d.c: see graph/ops/adaptive_avg_pool2d.c. Plain layout, one plane [h, w] at a time. */
#include "backend/native/native.h"
#include "graph/ops/adaptive.h"

#include <string.h>

typedef struct job {
    const float *from;
    float *to;
    int64_t h, w, oh, ow; /* of src, of dst */
} job;

typedef struct window {
    int64_t y, y_end, x, x_end;
    float scale; /* 1 / area */
} window;

static window window_of(const job *j, int64_t oy, int64_t ox)
{
    window w = { .y = fyi_adaptive_begin(oy, j->oh, j->h),
                 .y_end = fyi_adaptive_end(oy, j->oh, j->h),
                 .x = fyi_adaptive_begin(ox, j->ow, j->w),
                 .x_end = fyi_adaptive_end(ox, j->ow, j->w) };
    w.scale = 1.0f / (float)((w.y_end - w.y) * (w.x_end - w.x));
    return w;
}

static void average(const job *j, const float *src, float *dst)
{
    for (int64_t oy = 0; oy < j->oh; oy++)
        for (int64_t ox = 0; ox < j->ow; ox++) {
            const window w = window_of(j, oy, ox);
            float sum = 0;
            for (int64_t y = w.y; y < w.y_end; y++)
                for (int64_t x = w.x; x < w.x_end; x++)
                    sum += src[y * j->w + x];
            dst[oy * j->ow + ox] = sum * w.scale;
        }
}

/* Windows may overlap: each adds its share. */
static void spread(const job *j, const float *diff_dst, float *diff_src)
{
    memset(diff_src, 0, (size_t)(j->h * j->w) * sizeof *diff_src);
    for (int64_t oy = 0; oy < j->oh; oy++)
        for (int64_t ox = 0; ox < j->ow; ox++) {
            const window w = window_of(j, oy, ox);
            const float share = diff_dst[oy * j->ow + ox] * w.scale;
            for (int64_t y = w.y; y < w.y_end; y++)
                for (int64_t x = w.x; x < w.x_end; x++)
                    diff_src[y * j->w + x] += share;
        }
}

static void average_planes(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t p = begin; p < end; p++)
        average(j, j->from + p * j->h * j->w, j->to + p * j->oh * j->ow);
}

static void spread_planes(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t p = begin; p < end; p++)
        spread(j, j->from + p * j->oh * j->ow, j->to + p * j->h * j->w);
}

static fy_status run_planes(const fyi_launch *l, const int64_t *src, const int64_t *dst,
                            fyi_range_fn planes)
{
    job j = { .from = l->src[0], .to = l->dst[0] };
    j.h = src[2];
    j.w = src[3];
    j.oh = dst[2];
    j.ow = dst[3];
    fyi_parallel(src[0] * src[1], fyi_grain(FYI_MAX(j.h * j.w, j.oh * j.ow)), planes, &j);
    return FY_OK;
}

static fy_status run(const fyi_launch *l)
{
    return run_planes(l, l->site->src[0].shape.d, l->site->dst[0].shape.d, average_planes);
}

FYI_NATIVE_KERNEL(adaptive_avg_pool2d, fyi_native_plain, run);

static fy_status run_bwd(const fyi_launch *l)
{
    return run_planes(l, l->site->dst[0].shape.d, l->site->src[0].shape.d, spread_planes);
}

FYI_NATIVE_KERNEL(adaptive_avg_pool2d_bwd, fyi_native_plain, run_bwd);
