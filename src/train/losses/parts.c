/* parts.c: what several losses are built from: means with weights, directions, products of rows. */
#include "train/losses/losses.h"

#include <float.h>

fy_node fyi_kd_sum_layers(fy_graph *g, const fy_kd *k, const fy_kd_in *in, fyi_kd_layer_fn fn)
{
    fy_node sum = fn(g, k, in, 0);
    for (int i = 1; i < in->student.n_layers; i++)
        sum = fy_add(g, sum, fn(g, k, in, i));
    return sum;
}

/* ---- means ------------------------------------------------------------------------------------ */

fy_node fyi_kd_mean_each(fy_graph *g, fy_node x)
{
    static const int rest[] = { 1 };
    return fy_mean(g, fy_flatten(g, x), rest, 1, false);
}

fy_node fyi_kd_above_zero(fy_graph *g, fy_node x)
{
    return fy_clip(g, x, 1e-12f, FLT_MAX);
}

fy_node fyi_kd_mean(fy_graph *g, fy_node x, fy_node rows)
{
    if (!rows.id)
        return fy_mean_all(g, x);
    return fy_div(g, fy_sum_all(g, fy_mul(g, x, rows)), fyi_kd_above_zero(g, fy_sum_all(g, rows)));
}

fy_node fyi_kd_sum_columns(fy_graph *g, fy_node x, fy_node columns, bool keep)
{
    const int last = fy_node_shape(g, x).rank - 1;
    return fy_sum(g, columns.id ? fy_mul(g, x, columns) : x, &last, 1, keep);
}

fy_node fyi_kd_mean_columns(fy_graph *g, fy_node x, fy_node columns, bool keep)
{
    const int last = fy_node_shape(g, x).rank - 1;
    if (!columns.id)
        return fy_mean(g, x, &last, 1, keep);
    return fy_div(g, fyi_kd_sum_columns(g, x, columns, keep),
                  fyi_kd_above_zero(g, fy_sum_all(g, columns)));
}

fy_node fyi_kd_mean_pairs(fy_graph *g, fy_node x, fy_node rows)
{
    return fyi_kd_mean(g, fyi_kd_mean_columns(g, x, rows, false), rows);
}

/* ---- vectors ---------------------------------------------------------------------------------- */

#define LEAST_SQUARE 1e-16f

/* 0 up to the least square, and from there to twice that up to 1. */
static fy_node has_direction(fy_graph *g, fy_node square, fy_node least)
{
    const fy_node times = fy_div(g, fy_detach(g, square), least);
    return fy_clip(g, fy_affine(g, times, 1, -1), 0, 1);
}

static fy_node unit_beyond(fy_graph *g, fy_node x, fy_node square, fy_node least)
{
    const fy_node length = fy_sqrt(g, fy_clip(g, square, LEAST_SQUARE, FLT_MAX));
    return fy_mul(g, x, fy_div(g, has_direction(g, square, least), length));
}

fy_node fyi_kd_unit(fy_graph *g, fy_node x, fy_node columns)
{
    const fy_node square = fyi_kd_sum_columns(g, fy_square(g, x), columns, true);
    return unit_beyond(g, x, square, fy_fill(g, FY_SCALAR, LEAST_SQUARE));
}

fy_node fyi_kd_centred_unit(fy_graph *g, fy_node x, fy_node columns)
{
    const fy_node whole = fyi_kd_sum_columns(g, fy_square(g, fy_detach(g, x)), columns, true);
    const fy_node off = fy_sub(g, x, fyi_kd_mean_columns(g, x, columns, true));
    const fy_node square = fyi_kd_sum_columns(g, fy_square(g, off), columns, true);
    return unit_beyond(g, off, square, fy_affine(g, whole, 1e-12f, LEAST_SQUARE));
}

fy_node fyi_kd_gram(fy_graph *g, fy_node x)
{
    const fy_node rows = fy_flatten(g, x);
    return fy_matmul(g, rows, false, rows, true);
}

void fyi_kd_meet(fy_graph *g, fy_node *a, fy_node *b)
{
    const fy_shape s = fy_node_shape(g, *a), t = fy_node_shape(g, *b);
    if (s.rank != 4 || t.rank != 4)
        return;
    const int64_t h = FYI_MIN(s.d[2], t.d[2]), w = FYI_MIN(s.d[3], t.d[3]);
    *a = fy_adaptive_avg_pool2d(g, *a, h, w);
    *b = fy_adaptive_avg_pool2d(g, *b, h, w);
}

fy_node fyi_kd_flat_maps(fy_graph *g, fy_node x)
{
    const fy_shape s = fy_node_shape(g, x);
    return fy_reshape(g, x, FY_SHAPE(s.d[0], s.d[1], s.d[2] * s.d[3]));
}

fy_node fyi_kd_smooth_l1(fy_graph *g, fy_node x)
{
    const fy_node size = fy_abs(g, x), inner = fy_clip(g, size, 0, 1);
    return fy_mul(g, inner, fy_sub(g, size, fy_scale(g, inner, 0.5f)));
}
