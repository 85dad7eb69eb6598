/* avg_pool2d.c: see graph/ops/avg_pool2d.c. */
#include "backend/ref/windows.h"

/* How many elements of window o count: those in the image, or those in the padded image. */
static int64_t counted(const window_axis *w, int64_t o, bool with_padding)
{
    const int64_t pad = with_padding ? w->pad : 0;
    const int64_t begin = FYI_MAX(o * w->stride - w->pad, -pad);
    const int64_t end = FYI_MIN(o * w->stride - w->pad + w->kernel, w->size + pad);
    return end - begin;
}

static double divisor(const fy_pool_opts *o, const pool_dims *p, int64_t oy, int64_t ox)
{
    return (double)(counted(&p->y, oy, o->count_include_pad) *
                    counted(&p->x, ox, o->count_include_pad));
}

static double mean_at(const fyi_launch *l, const pool_dims *p, int64_t n, int64_t c, int64_t oy,
                      int64_t ox)
{
    const fyi_pool_attr *a = l->site->attr;
    double sum = 0;
    for (int64_t kh = 0; kh < p->y.kernel; kh++)
        for (int64_t kw = 0; kw < p->x.kernel; kw++) {
            const int64_t y = element_under(&p->y, oy, kh), x = element_under(&p->x, ox, kw);
            if (y >= 0 && x >= 0)
                sum += SRC(l, 0, at4(&p->src, n, c, y, x));
        }
    return sum / divisor(&a->o, p, oy, ox);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_pool_attr *a = l->site->attr;
    const pool_dims p = pool_dims_of(&a->o, l->site->src[0].shape, l->site->dst[0].shape);
    for (int64_t n = 0; n < p.dst.d[0]; n++)
        for (int64_t c = 0; c < p.dst.d[1]; c++)
            for (int64_t oy = 0; oy < p.y.n; oy++)
                for (int64_t ox = 0; ox < p.x.n; ox++)
                    DST(l, 0, at4(&p.dst, n, c, oy, ox), mean_at(l, &p, n, c, oy, ox));
    return FY_OK;
}

FYI_REF_KERNEL(avg_pool2d, run);

static double diff_at(const fyi_launch *l, const pool_dims *p, int64_t n, int64_t c, int64_t y,
                      int64_t x)
{
    const fyi_pool_attr *a = l->site->attr;
    double sum = 0;
    for (int64_t kh = 0; kh < p->y.kernel; kh++)
        for (int64_t kw = 0; kw < p->x.kernel; kw++) {
            const int64_t oy = window_over(&p->y, y, kh), ox = window_over(&p->x, x, kw);
            if (oy >= 0 && ox >= 0)
                sum += SRC(l, 0, at4(&p->dst, n, c, oy, ox)) / divisor(&a->o, p, oy, ox);
        }
    return sum;
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_pool_attr *a = l->site->attr;
    const pool_dims p = pool_dims_of(&a->o, l->site->dst[0].shape, l->site->src[0].shape);
    for (int64_t n = 0; n < p.src.d[0]; n++)
        for (int64_t c = 0; c < p.src.d[1]; c++)
            for (int64_t y = 0; y < p.y.size; y++)
                for (int64_t x = 0; x < p.x.size; x++)
                    DST(l, 0, at4(&p.src, n, c, y, x), diff_at(l, &p, n, c, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(avg_pool2d_bwd, run_bwd);
