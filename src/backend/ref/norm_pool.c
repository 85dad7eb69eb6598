/* norm_pool.c: see graph/ops/norm_pool.c. */
#include "backend/ref/channels.h"
#include "backend/ref/windows.h"

#include <math.h>

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
    double largest = -INFINITY;
    int64_t where = -1;
    for (int64_t k = 0; k < p->y.kernel * p->x.kernel; k++) {
        const int64_t y = element_under(&p->y, oy, k / p->x.kernel);
        const int64_t x = element_under(&p->x, ox, k % p->x.kernel);
        if (y < 0 || x < 0)
            continue;
        const double v = on_line(f, SRC(l, 0, at4(&p->src, n, c, y, x)));
        if (where < 0 || v > largest || (isnan(v) && !isnan(largest))) {
            largest = v;
            where = k;
        }
    }
    DST(l, 0, at4(&p->dst, n, c, oy, ox), largest);
    DST(l, 1, at4(&p->dst, n, c, oy, ox), (double)where);
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

/* The gradient of what is normalised, element i of image n's channel c: what the windows send back, where the clip
 * lets it pass. A closed window's winner lies on a bound; so do all windows' that it wins. */
static double passing(const fyi_launch *l, const pool_dims *p, int64_t n, int64_t c, int64_t i)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const int64_t y = i / p->x.size, x = i % p->x.size;
    double sum = 0;
    for (int64_t k = 0; k < p->y.kernel * p->x.kernel; k++) {
        const int64_t oy = window_over(&p->y, y, k / p->x.kernel);
        const int64_t ox = window_over(&p->x, x, k % p->x.kernel);
        if (oy < 0 || ox < 0)
            continue;
        const int64_t at = at4(&p->dst, n, c, oy, ox);
        const double dst = SRC(l, 1, at);
        if (SRC(l, 2, at) == (double)k && dst > (double)a->lo && dst < (double)a->hi)
            sum += SRC(l, 0, at);
    }
    return sum;
}

static void channel_bwd(const fyi_launch *l, const channel_dims *d, const pool_dims *p, int64_t c)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const double mean = SRC(l, 4, c), rstd = 1 / sqrt(SRC(l, 5, c) + (double)a->eps);
    const double count = (double)(d->n * d->per);
    double diff_scale = 0, diff_shift = 0;
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const double diff = passing(l, p, n, c, i);
            diff_shift += diff;
            diff_scale += diff * (SRC(l, 3, element(d, n, c, i)) - mean) * rstd;
        }
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const int64_t at = element(d, n, c, i);
            const double xhat = (SRC(l, 3, at) - mean) * rstd;
            const double rest = (diff_shift + xhat * diff_scale) / count;
            DST(l, 0, at, SRC(l, 6, c) * rstd * (passing(l, p, n, c, i) - rest));
        }
    DST(l, 1, c, diff_scale);
    DST(l, 2, c, diff_shift);
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const fy_shape *src = &l->site->src[3].shape;
    const channel_dims d = channel_dims_of(src);
    const pool_dims p = pool_dims_of(&a->pool, *src, l->site->src[0].shape);
    for (int64_t c = 0; c < d.c; c++)
        channel_bwd(l, &d, &p, c);
    return FY_OK;
}

FYI_REF_KERNEL(norm_pool_bwd, run_bwd);
