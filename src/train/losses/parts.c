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
    return fy_clip(g, x, 1e-30f, FLT_MAX);
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

/* 0 for lengths up to 1e-8, and from there to 1.4e-8 up to 1. */
static fy_node has_direction(fy_graph *g, fy_node square)
{
    const fy_node times = fy_scale(g, fy_detach(g, square), 1 / LEAST_SQUARE);
    return fy_clip(g, fy_affine(g, times, 1, -1), 0, 1);
}

fy_node fyi_kd_unit(fy_graph *g, fy_node x, fy_node columns)
{
    const fy_node square = fyi_kd_sum_columns(g, fy_square(g, x), columns, true);
    const fy_node length = fy_sqrt(g, fy_clip(g, square, LEAST_SQUARE, FLT_MAX));
    return fy_mul(g, x, fy_div(g, has_direction(g, square), length));
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
