/* norm_pool.c: see graph/ops/norm_pool.c. */
#include "backend/ref/channels.h"
#include "backend/ref/windows.h"

/* ---- src, scale, shift -> dst, index, mean, var -------------------------------------------------------- */

typedef struct line {
    double mean, factor, shift, lo, hi;
} line;

static double on_line(const line *f, double x)
{
    const double y = (x - f->mean) * f->factor + f->shift;
    return y < f->lo ? f->lo : y > f->hi ? f->hi : y;
}

static void choose(const fyi_launch *l, const pool_dims *p, const line *f, int64_t n, int64_t c,
                   int64_t oy, int64_t ox)
{
    pool_winner w = { 0, -1 };
    for (int64_t k = 0; k < p->y.kernel * p->x.kernel; k++) {
        const int64_t y = element_under(&p->y, oy, k / p->x.kernel);
        const int64_t x = element_under(&p->x, ox, k % p->x.kernel);
        if (y >= 0 && x >= 0)
            pool_offer(&w, on_line(f, SRC(l, 0, at4(&p->src, n, c, y, x))), k);
    }
    DST(l, 0, at4(&p->dst, n, c, oy, ox), w.value);
    DST(l, 1, at4(&p->dst, n, c, oy, ox), (double)w.where);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    const pool_dims p = pool_dims_of(&a->pool, l->site->src[0].shape, l->site->dst[0].shape);
    for (int64_t c = 0; c < d.c; c++) {
        double mean, var;
        moments(l, &d, c, &mean, &var);
        const line f = { mean, SRC(l, 1, c) / sqrt(var + (double)a->eps), SRC(l, 2, c),
                         (double)a->lo, (double)a->hi };
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t i = 0; i < p.y.n * p.x.n; i++)
                choose(l, &p, &f, n, c, i / p.x.n, i % p.x.n);
        DST(l, 2, c, mean);
        DST(l, 3, c, var);
    }
    return FY_OK;
}

FYI_REF_KERNEL(norm_pool, run);

/* ---- diff_dst, dst, index, src, mean, var, scale -> diff_src, diff_scale, diff_shift -------------------- */

/* The gradient of what is pooled. A closed window's winner lies on a bound; so do all windows' that it wins. */
static double passing(const fyi_launch *l, int64_t n, int64_t c, int64_t i)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const pool_dims p = pool_dims_of(&a->pool, l->site->src[3].shape, l->site->src[0].shape);
    const pool_gate g = { .index = 2, .dst = 1, .lo = (double)a->lo, .hi = (double)a->hi };
    return pooled_diff(l, &p, &g, n, c, i / p.x.size, i % p.x.size);
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    norm_bwd_run(l, &(norm_bwd){ 3, (double)a->eps, false, passing });
    return FY_OK;
}

FYI_REF_KERNEL(norm_pool_bwd, run_bwd);
