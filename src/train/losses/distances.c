/* distances.c: distances between samples, with gradients that stay finite where two samples are the same. */
#include "train/losses/losses.h"

#include <float.h>

/* Squares of distances are differences of products. From the batch's centre the rounding of f32 makes them wrong by 1e-7 of the
 * mean; what is below this part of it is no distance. */
#define NEAR 1e-6f
#define NEAREST_SQUARE 1e-12f

fy_node fyi_kd_off_diagonal(fy_graph *g, int64_t n)
{
    size_t bytes;
    float *v = fyi_mul_overflows((size_t)n, (size_t)n * sizeof *v, &bytes) ? NULL : fyi_alloc(bytes);
    if (!v) {
        fy_graph_fail(g, fyi_enomem((size_t)n, "pairs of samples"));
        return FY_NO_NODE;
    }
    for (int64_t i = 0; i < n * n; i++)
        v[i] = i % (n + 1) ? 1 : 0;
    const fy_node x = fy_constant(g, FY_F32, FY_SHAPE(n, n), v);
    fyi_free(v);
    return x;
}

/* Diagonal of the products as a column. */
static fy_node squares(fy_graph *g, fy_node x)
{
    return fyi_kd_sum_columns(g, fy_square(g, x), FY_NO_NODE, true);
}

fy_node fyi_kd_square_distances(fy_graph *g, fy_node x, fy_node gram)
{
    const int64_t n = fy_node_shape(g, x).d[0];
    const fy_node own = squares(g, x);
    const fy_node both = fy_add(g, own, fy_reshape(g, own, FY_SHAPE(1, n)));
    return fy_sub(g, both, fy_scale(g, gram, 2));
}

fyi_kd_distances fyi_kd_distances_of(fy_graph *g, fy_node x, fy_node rows)
{
    static const int samples[] = { 0 };
    const int64_t n = fy_node_shape(g, x).d[0];
    fyi_kd_distances d = { 0 };
    x = fy_sub(g, x, fy_detach(g, fy_mean(g, x, samples, 1, true)));
    d.gram = fyi_kd_gram(g, x);
    d.off_diagonal = fyi_kd_off_diagonal(g, n);
    const fy_node square = fy_mul(g, fyi_kd_square_distances(g, x, d.gram), d.off_diagonal);
    const fy_node mean = fy_detach(g, fyi_kd_mean_pairs(g, square, rows));
    const fy_node near = fy_affine(g, fy_clip(g, mean, 0, FLT_MAX), NEAR, NEAREST_SQUARE);
    const fy_node times = fy_div(g, square, near);
    const fy_node is_apart = fy_clip(g, fy_affine(g, fy_detach(g, times), 1, -1), 0, 1);
    const fy_node apart = fy_mul(g, is_apart, d.off_diagonal);
    const fy_node length = fy_mul(g, fy_sqrt(g, fy_clip(g, times, 1, FLT_MAX)), fy_sqrt(g, near));
    d.distance = fy_mul(g, apart, length);
    d.inverse = fy_div(g, apart, length);
    return d;
}
