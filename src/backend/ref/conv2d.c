/* conv2d.c: see graph/ops/conv2d.c. */
#include "backend/ref/windows.h"

/* (conv(src, weights))[n, oc, oy, ox] for group g = oc / ocg */
static double conv_at(const fyi_launch *l, const conv_dims *c, int64_t n, int64_t oc, int64_t oy,
                      int64_t ox)
{
    const int64_t first = oc / c->ocg * c->icg; /* the group's first channel */
    double sum = 0;
    for (int64_t ic = 0; ic < c->icg; ic++)
        for (int64_t kh = 0; kh < c->y.kernel; kh++)
            for (int64_t kw = 0; kw < c->x.kernel; kw++) {
                const int64_t y = element_under(&c->y, oy, kh), x = element_under(&c->x, ox, kw);
                if (y >= 0 && x >= 0)
                    sum += SRC(l, 0, at4(&c->src, n, first + ic, y, x)) *
                           SRC(l, 1, at4(&c->weights, oc, ic, kh, kw));
            }
    return sum;
}

static double clipped(double v, double lo, double hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static fy_status run(const fyi_launch *l)
{
    const fyi_conv_attr *a = l->site->attr;
    const conv_dims c = conv_dims_of(&a->o, l->site->src[0].shape, l->site->src[1].shape);
    for (int64_t n = 0; n < c.n; n++)
        for (int64_t oc = 0; oc < c.dst.d[1]; oc++)
            for (int64_t oy = 0; oy < c.y.n; oy++)
                for (int64_t ox = 0; ox < c.x.n; ox++) {
                    const int64_t at = at4(&c.dst, n, oc, oy, ox);
                    double v = conv_at(l, &c, n, oc, oy, ox);
                    if (a->has_bias)
                        v += SRC(l, 2, oc);
                    if (a->has_other)
                        v += SRC(l, 2 + a->has_bias, at);
                    DST(l, 0, at, a->has_act ? clipped(v, a->lo, a->hi) : v);
                }
    return FY_OK;
}

FYI_REF_KERNEL(conv2d, run);

/* ---- gradients ------------------------------------------------------------------------------- */

/* diff_dst, weights -> diff_src[n, g icg + ic, y, x] */
static double diff_src_at(const fyi_launch *l, const conv_dims *c, int64_t n, int64_t channel,
                          int64_t y, int64_t x)
{
    const int64_t group = channel / c->icg, ic = channel % c->icg;
    double sum = 0;
    for (int64_t oc = group * c->ocg; oc < (group + 1) * c->ocg; oc++)
        for (int64_t kh = 0; kh < c->y.kernel; kh++)
            for (int64_t kw = 0; kw < c->x.kernel; kw++) {
                const int64_t oy = window_over(&c->y, y, kh), ox = window_over(&c->x, x, kw);
                if (oy >= 0 && ox >= 0)
                    sum += SRC(l, 0, at4(&c->dst, n, oc, oy, ox)) *
                           SRC(l, 1, at4(&c->weights, oc, ic, kh, kw));
            }
    return sum;
}

static fy_status run_bwd_data(const fyi_launch *l)
{
    const fyi_conv_attr *a = l->site->attr;
    const conv_dims c = conv_dims_of(&a->o, l->site->dst[0].shape, l->site->src[1].shape);
    for (int64_t n = 0; n < c.n; n++)
        for (int64_t ch = 0; ch < c.src.d[1]; ch++)
            for (int64_t y = 0; y < c.y.size; y++)
                for (int64_t x = 0; x < c.x.size; x++)
                    DST(l, 0, at4(&c.src, n, ch, y, x), diff_src_at(l, &c, n, ch, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(conv2d_bwd_data, run_bwd_data);

/* diff_dst, src -> diff_weights[oc, ic, kh, kw] */
static double diff_weight_at(const fyi_launch *l, const conv_dims *c, int64_t oc, int64_t ic,
                             int64_t kh, int64_t kw)
{
    const int64_t first = oc / c->ocg * c->icg;
    double sum = 0;
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t oy = 0; oy < c->y.n; oy++)
            for (int64_t ox = 0; ox < c->x.n; ox++) {
                const int64_t y = element_under(&c->y, oy, kh), x = element_under(&c->x, ox, kw);
                if (y >= 0 && x >= 0)
                    sum += SRC(l, 0, at4(&c->dst, n, oc, oy, ox)) *
                           SRC(l, 1, at4(&c->src, n, first + ic, y, x));
            }
    return sum;
}

static double diff_bias_at(const fyi_launch *l, const conv_dims *c, int64_t oc)
{
    double sum = 0;
    for (int64_t n = 0; n < c->n; n++)
        for (int64_t oy = 0; oy < c->y.n; oy++)
            for (int64_t ox = 0; ox < c->x.n; ox++)
                sum += SRC(l, 0, at4(&c->dst, n, oc, oy, ox));
    return sum;
}

static fy_status run_bwd_weights(const fyi_launch *l)
{
    const fyi_conv_attr *a = l->site->attr;
    const conv_dims c = conv_dims_of(&a->o, l->site->src[1].shape, l->site->dst[0].shape);
    for (int64_t oc = 0; oc < c.weights.d[0]; oc++) {
        for (int64_t ic = 0; ic < c.icg; ic++)
            for (int64_t kh = 0; kh < c.y.kernel; kh++)
                for (int64_t kw = 0; kw < c.x.kernel; kw++)
                    DST(l, 0, at4(&c.weights, oc, ic, kh, kw),
                        diff_weight_at(l, &c, oc, ic, kh, kw));
        if (a->has_bias)
            DST(l, 1, oc, diff_bias_at(l, &c, oc));
    }
    return FY_OK;
}

FYI_REF_KERNEL(conv2d_bwd_weights, run_bwd_weights);
