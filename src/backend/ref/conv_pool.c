/* conv_pool.c: see graph/ops/conv_pool.c. The convolution is computed again for every window that
 * looks at it, and the gradients for every use. */
#include "backend/ref/windows.h"

/* (conv(src, weights) + bias)[n, oc, cy, cx] */
static double conv_at(const fyi_launch *l, const conv_dims *c, int64_t n, int64_t oc, int64_t cy,
                      int64_t cx)
{
    const int64_t first = oc / c->ocg * c->icg;
    double sum = SRC(l, 2, oc);
    for (int64_t ic = 0; ic < c->icg; ic++)
        for (int64_t kh = 0; kh < c->y.kernel; kh++)
            for (int64_t kw = 0; kw < c->x.kernel; kw++) {
                const int64_t y = element_under(&c->y, cy, kh), x = element_under(&c->x, cx, kw);
                if (y >= 0 && x >= 0)
                    sum += SRC(l, 0, at4(&c->src, n, first + ic, y, x)) *
                           SRC(l, 1, at4(&c->weights, oc, ic, kh, kw));
            }
    return sum;
}

static void choose(const fyi_launch *l, const conv_dims *c, const pool_dims *p, int64_t n,
                   int64_t oc, int64_t oy, int64_t ox)
{
    const bool relu = ((const fyi_conv_pool_attr *)l->site->attr)->relu;
    pool_winner w = { 0, -1 };
    for (int64_t kh = 0; kh < p->y.kernel; kh++)
        for (int64_t kw = 0; kw < p->x.kernel; kw++) {
            const int64_t cy = element_under(&p->y, oy, kh), cx = element_under(&p->x, ox, kw);
            if (cy >= 0 && cx >= 0)
                pool_offer(&w, conv_at(l, c, n, oc, cy, cx), kh * p->x.kernel + kw);
        }
    DST(l, 0, at4(&p->dst, n, oc, oy, ox), relu && w.value < 0 ? 0 : w.value);
    DST(l, 1, at4(&p->dst, n, oc, oy, ox), (double)w.where);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_conv_pool_attr *a = l->site->attr;
    const conv_dims c = conv_dims_of(&a->conv, a->src, a->weights);
    const pool_dims p = pool_dims_of(&a->pool, c.dst, l->site->dst[0].shape);
    for (int64_t n = 0; n < c.n; n++)
        for (int64_t oc = 0; oc < c.dst.d[1]; oc++)
            for (int64_t oy = 0; oy < p.y.n; oy++)
                for (int64_t ox = 0; ox < p.x.n; ox++)
                    choose(l, &c, &p, n, oc, oy, ox);
    return FY_OK;
}

FYI_REF_KERNEL(conv_pool, run);

/* ---- gradients: diff_dst, dst, index, then weights or src ------------------------------------ */

/* The gradient of the convolution's result, which is never stored. */
static double conv_diff(const fyi_launch *l, const pool_dims *p, int64_t n, int64_t oc, int64_t cy,
                        int64_t cx)
{
    const bool relu = ((const fyi_conv_pool_attr *)l->site->attr)->relu;
    const pool_gate g = { .index = 2, .dst = relu ? 1 : -1, .lo = 0, .hi = INFINITY };
    return pooled_diff(l, p, &g, n, oc, cy, cx);
}

static double diff_src_at(const fyi_launch *l, const conv_dims *c, const pool_dims *p, int64_t n,
                          int64_t channel, int64_t y, int64_t x)
{
    const int64_t group = channel / c->icg, ic = channel % c->icg;
    double sum = 0;
    for (int64_t oc = group * c->ocg; oc < (group + 1) * c->ocg; oc++)
        for (int64_t kh = 0; kh < c->y.kernel; kh++)
            for (int64_t kw = 0; kw < c->x.kernel; kw++) {
                const int64_t cy = window_over(&c->y, y, kh), cx = window_over(&c->x, x, kw);
                if (cy >= 0 && cx >= 0)
                    sum += conv_diff(l, p, n, oc, cy, cx) *
                           SRC(l, 3, at4(&c->weights, oc, ic, kh, kw));
            }
    return sum;
}

static fy_status run_bwd_data(const fyi_launch *l)
{
    const fyi_conv_pool_attr *a = l->site->attr;
    const conv_dims c = conv_dims_of(&a->conv, a->src, a->weights);
    const pool_dims p = pool_dims_of(&a->pool, c.dst, l->site->src[0].shape);
    for (int64_t n = 0; n < c.n; n++)
        for (int64_t ch = 0; ch < c.src.d[1]; ch++)
            for (int64_t y = 0; y < c.y.size; y++)
                for (int64_t x = 0; x < c.x.size; x++)
                    DST(l, 0, at4(&c.src, n, ch, y, x), diff_src_at(l, &c, &p, n, ch, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(conv_pool_bwd_data, run_bwd_data);

static double diff_weight_at(const fyi_launch *l, const conv_dims *c, const pool_dims *p,
                             int64_t oc, int64_t ic, int64_t kh, int64_t kw)
{
    const int64_t first = oc / c->ocg * c->icg;
    double sum = 0;
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t cy = 0; cy < c->y.n; cy++)
            for (int64_t cx = 0; cx < c->x.n; cx++) {
                const int64_t y = element_under(&c->y, cy, kh), x = element_under(&c->x, cx, kw);
                if (y >= 0 && x >= 0)
                    sum += conv_diff(l, p, n, oc, cy, cx) *
                           SRC(l, 3, at4(&c->src, n, first + ic, y, x));
            }
    return sum;
}

static double diff_bias_at(const fyi_launch *l, const conv_dims *c, const pool_dims *p, int64_t oc)
{
    double sum = 0;
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t cy = 0; cy < c->y.n; cy++)
            for (int64_t cx = 0; cx < c->x.n; cx++)
                sum += conv_diff(l, p, n, oc, cy, cx);
    return sum;
}

static fy_status run_bwd_weights(const fyi_launch *l)
{
    const fyi_conv_pool_attr *a = l->site->attr;
    const conv_dims c = conv_dims_of(&a->conv, a->src, a->weights);
    const pool_dims p = pool_dims_of(&a->pool, c.dst, l->site->src[0].shape);
    for (int64_t oc = 0; oc < c.weights.d[0]; oc++) {
        for (int64_t ic = 0; ic < c.icg; ic++)
            for (int64_t kh = 0; kh < c.y.kernel; kh++)
                for (int64_t kw = 0; kw < c.x.kernel; kw++)
                    DST(l, 0, at4(&c.weights, oc, ic, kh, kw),
                        diff_weight_at(l, &c, &p, oc, ic, kh, kw));
        DST(l, 1, oc, diff_bias_at(l, &c, &p, oc));
    }
    return FY_OK;
}

FYI_REF_KERNEL(conv_pool_bwd_weights, run_bwd_weights);
