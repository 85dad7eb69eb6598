/* max_pool2d.c: see graph/ops/max_pool2d.c. */
#include "backend/ref/windows.h"

static void choose(const fyi_launch *l, const pool_dims *p, int64_t n, int64_t c, int64_t oy,
                   int64_t ox)
{
    pool_winner w = { 0, -1 };
    for (int64_t kh = 0; kh < p->y.kernel; kh++)
        for (int64_t kw = 0; kw < p->x.kernel; kw++) {
            const int64_t y = element_under(&p->y, oy, kh), x = element_under(&p->x, ox, kw);
            if (y >= 0 && x >= 0)
                pool_offer(&w, SRC(l, 0, at4(&p->src, n, c, y, x)), kh * p->x.kernel + kw);
        }
    DST(l, 0, at4(&p->dst, n, c, oy, ox), w.value);
    DST(l, 1, at4(&p->dst, n, c, oy, ox), (double)w.where);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_pool_attr *a = l->site->attr;
    const pool_dims p = pool_dims_of(&a->o, l->site->src[0].shape, l->site->dst[0].shape);
    for (int64_t n = 0; n < p.dst.d[0]; n++)
        for (int64_t c = 0; c < p.dst.d[1]; c++)
            for (int64_t oy = 0; oy < p.y.n; oy++)
                for (int64_t ox = 0; ox < p.x.n; ox++)
                    choose(l, &p, n, c, oy, ox);
    return FY_OK;
}

FYI_REF_KERNEL(max_pool2d, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_pool_attr *a = l->site->attr;
    const pool_dims p = pool_dims_of(&a->o, l->site->dst[0].shape, l->site->src[0].shape);
    const pool_gate any = { .index = 1, .dst = -1 };
    for (int64_t n = 0; n < p.src.d[0]; n++)
        for (int64_t c = 0; c < p.src.d[1]; c++)
            for (int64_t y = 0; y < p.y.size; y++)
                for (int64_t x = 0; x < p.x.size; x++)
                    DST(l, 0, at4(&p.src, n, c, y, x), pooled_diff(l, &p, &any, n, c, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(max_pool2d_bwd, run_bwd);
