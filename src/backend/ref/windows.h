/* windows.h: which element lies under which position of which window, for convolution and pooling
 * alike.
 *
 * Window o of an axis covers the elements o * stride - pad + k * dilation, k = 0 .. kernel - 1.
 * Backward kernels gather: each destination element sums what reaches it, so nothing is rounded
 * between additions. */
#ifndef FYI_WINDOWS_H
#define FYI_WINDOWS_H

#include "backend/ref/ref.h"

#include <math.h>

/* Offset of [a, b, c, d] in a plain rank-4 tensor. */
static inline int64_t at4(const fy_shape *s, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return ((a * s->d[1] + b) * s->d[2] + c) * s->d[3] + d;
}

/* One axis of a window operator. */
typedef struct window_axis {
    int64_t size, kernel, stride, pad, dilation, n; /* n: how many windows */
} window_axis;

/* The element under position k of window o, or -1 in the padding. */
static inline int64_t element_under(const window_axis *w, int64_t o, int64_t k)
{
    const int64_t i = o * w->stride - w->pad + k * w->dilation;
    return i < w->size ? FYI_MAX(i, (int64_t)-1) : -1;
}

/* The window whose position k lies over element i, or -1 if there is none. */
static inline int64_t window_over(const window_axis *w, int64_t i, int64_t k)
{
    const int64_t from = i + w->pad - k * w->dilation;
    return from >= 0 && from % w->stride == 0 && from / w->stride < w->n ? from / w->stride : -1;
}

/* ---- convolution ----------------------------------------------------------------------------- */

typedef struct conv_dims {
    int64_t n, icg, ocg; /* channels per group */
    fy_shape src, weights, dst;
    window_axis y, x;
} conv_dims;

static inline window_axis conv_axis(const fy_conv_opts *o, int i, int64_t size, int64_t kernel)
{
    window_axis w = { .size = size,
                      .kernel = kernel,
                      .stride = o->stride[i],
                      .pad = o->pad[i],
                      .dilation = o->dilation[i] };
    w.n = (size + 2 * w.pad - w.dilation * (kernel - 1) - 1) / w.stride + 1;
    return w;
}

static inline conv_dims conv_dims_of(const fy_conv_opts *o, fy_shape src, fy_shape weights)
{
    conv_dims c = { .n = src.d[0],
                    .icg = weights.d[1],
                    .ocg = weights.d[0] / o->groups,
                    .src = src,
                    .weights = weights };
    c.y = conv_axis(o, 0, src.d[2], weights.d[2]);
    c.x = conv_axis(o, 1, src.d[3], weights.d[3]);
    c.dst = FY_SHAPE(src.d[0], weights.d[0], c.y.n, c.x.n);
    return c;
}

/* ---- pooling --------------------------------------------------------------------------------- */

typedef struct pool_dims {
    fy_shape src, dst;
    window_axis y, x;
} pool_dims;

static inline pool_dims pool_dims_of(const fy_pool_opts *o, fy_shape src, fy_shape dst)
{
    pool_dims p = { .src = src, .dst = dst };
    p.y = (window_axis){ src.d[2], o->kernel[0], o->stride[0], o->pad[0], 1, dst.d[2] };
    p.x = (window_axis){ src.d[3], o->kernel[1], o->stride[1], o->pad[1], 1, dst.d[3] };
    return p;
}

/* The first of the largest so far, a NaN over all others. */
typedef struct pool_winner {
    double value;
    int64_t where; /* kh * KW + kw; -1: none yet */
} pool_winner;

static inline void pool_offer(pool_winner *w, double v, int64_t where)
{
    if (w->where < 0 || v > w->value || (isnan(v) && !isnan(w->value)))
        *w = (pool_winner){ v, where };
}

/* Which sources hold the winners' positions and, unless negative, their values, and between which bounds these have to
 * lie for a gradient to pass; with hi infinite all above lo do. */
typedef struct pool_gate {
    int index, dst;
    double lo, hi;
} pool_gate;

/* What reaches the max pooling's element [n, c, y, x]: diff_dst (source 0) of the windows that chose it. */
static inline double pooled_diff(const fyi_launch *l, const pool_dims *p, const pool_gate *g,
                                 int64_t n, int64_t c, int64_t y, int64_t x)
{
    double sum = 0;
    for (int64_t kh = 0; kh < p->y.kernel; kh++)
        for (int64_t kw = 0; kw < p->x.kernel; kw++) {
            const int64_t oy = window_over(&p->y, y, kh), ox = window_over(&p->x, x, kw);
            if (oy < 0 || ox < 0)
                continue;
            const int64_t at = at4(&p->dst, n, c, oy, ox);
            const double dst = g->dst < 0 ? 0 : SRC(l, g->dst, at);
            const bool passes = dst > g->lo && (dst < g->hi || isinf(g->hi));
            if (SRC(l, g->index, at) == (double)(kh * p->x.kernel + kw) && (g->dst < 0 || passes))
                sum += SRC(l, 0, at);
        }
    return sum;
}

#endif
