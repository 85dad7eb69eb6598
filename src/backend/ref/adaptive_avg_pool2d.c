/* adaptive_avg_pool2d.c: see graph/ops/adaptive_avg_pool2d.c. */
#include "backend/ref/windows.h"
#include "graph/ops/adaptive.h"

typedef struct window {
    int64_t y, y_end, x, x_end;
    double area;
} window;

static window window_of(const fy_shape *src, const fy_shape *dst, int64_t oy, int64_t ox)
{
    window w = { .y = fyi_adaptive_begin(oy, dst->d[2], src->d[2]),
                 .y_end = fyi_adaptive_end(oy, dst->d[2], src->d[2]),
                 .x = fyi_adaptive_begin(ox, dst->d[3], src->d[3]),
                 .x_end = fyi_adaptive_end(ox, dst->d[3], src->d[3]) };
    w.area = (double)((w.y_end - w.y) * (w.x_end - w.x));
    return w;
}

static double mean_at(const fyi_launch *l, int64_t n, int64_t c, int64_t oy, int64_t ox)
{
    const fy_shape *src = &l->site->src[0].shape;
    const window w = window_of(src, &l->site->dst[0].shape, oy, ox);
    double sum = 0;
    for (int64_t y = w.y; y < w.y_end; y++)
        for (int64_t x = w.x; x < w.x_end; x++)
            sum += SRC(l, 0, at4(src, n, c, y, x));
    return sum / w.area;
}

static fy_status run(const fyi_launch *l)
{
    const fy_shape *s = &l->site->dst[0].shape;
    for (int64_t n = 0; n < s->d[0]; n++)
        for (int64_t c = 0; c < s->d[1]; c++)
            for (int64_t y = 0; y < s->d[2]; y++)
                for (int64_t x = 0; x < s->d[3]; x++)
                    DST(l, 0, at4(s, n, c, y, x), mean_at(l, n, c, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(adaptive_avg_pool2d, run);

/* Of all windows those that cover [y, x]. */
static double diff_at(const fyi_launch *l, int64_t n, int64_t c, int64_t y, int64_t x)
{
    const fy_shape *dst = &l->site->src[0].shape;
    double sum = 0;
    for (int64_t oy = 0; oy < dst->d[2]; oy++)
        for (int64_t ox = 0; ox < dst->d[3]; ox++) {
            const window w = window_of(&l->site->dst[0].shape, dst, oy, ox);
            if (y >= w.y && y < w.y_end && x >= w.x && x < w.x_end)
                sum += SRC(l, 0, at4(dst, n, c, oy, ox)) / w.area;
        }
    return sum;
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fy_shape *s = &l->site->dst[0].shape;
    for (int64_t n = 0; n < s->d[0]; n++)
        for (int64_t c = 0; c < s->d[1]; c++)
            for (int64_t y = 0; y < s->d[2]; y++)
                for (int64_t x = 0; x < s->d[3]; x++)
                    DST(l, 0, at4(s, n, c, y, x), diff_at(l, n, c, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(adaptive_avg_pool2d_bwd, run_bwd);
