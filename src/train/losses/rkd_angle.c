/* rkd_angle.c: the angles between three samples. W. Park, D. Kim, Y. Lu and M. Cho (CVPR 2019), "Relational Knowledge
 * Distillation", section 3.2.2, equations 9 and 10:
 *
 *   psi_ijk = cos of the angle at x_j   mean smooth_l1(psi_s - psi_t)
 *
 * over all n^3 triples, as in the authors' program, which takes as much memory. Two samples nearer than a thousandth of the
 * usual distance have no direction from one to the other: the cosine is 0, and there is no gradient. */
#include "train/losses/losses.h"

/* [j, i, k] = (x_i - x_j) . (x_k - x_j) / (|x_i - x_j| |x_k - x_j|), by products of pairs. */
static fy_node cosines(fy_graph *g, fy_node x, fy_node rows)
{
    const int64_t n = fy_node_shape(g, x).d[0];
    const fy_shape row = FY_SHAPE(n, 1, n), column = FY_SHAPE(n, n, 1), all = FY_SHAPE(1, n, n);
    const fyi_kd_distances d = fyi_kd_distances_of(g, x, rows);
    const fy_node diagonal = fy_sub(g, fy_fill(g, FY_SHAPE(n, n), 1), d.off_diagonal);
    const fy_node own = fyi_kd_sum_columns(g, fy_mul(g, d.gram, diagonal), FY_NO_NODE, false);
    const fy_node at_vertex =
        fy_sub(g, fy_reshape(g, own, FY_SHAPE(n, 1, 1)), fy_reshape(g, d.gram, column));
    const fy_node across = fy_sub(g, fy_reshape(g, d.gram, all), fy_reshape(g, d.gram, row));
    const fy_node inverse =
        fy_mul(g, fy_reshape(g, d.inverse, row), fy_reshape(g, d.inverse, column));
    return fy_mul(g, fy_add(g, at_vertex, across), inverse);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    (void)k;
    const fy_node off = fy_sub(g, cosines(g, in->student.features, in->rows),
                               cosines(g, in->teacher.features, in->rows));
    const fy_node pairs = fyi_kd_mean_columns(g, fyi_kd_smooth_l1(g, off), in->rows, false);
    return fyi_kd_mean_pairs(g, pairs, in->rows);
}

const fyi_kd_loss fyi_kd_rkd_angle = {
    .name = "rkd_angle",
    .text = "the angles between three samples (RKD-A, Park et al. 2019)",
    .needs = FYI_KD_FEATURES,
    .usual_weight = 50,
    .build = build,
};
