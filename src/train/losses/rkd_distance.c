/* rkd_distance.c: how far samples are apart, relative to the batch. W. Park, D. Kim, Y. Lu and M. Cho (CVPR 2019),
 * "Relational Knowledge Distillation", section 3.2.1, equations 5 to 8:
 *
 *   psi_ij = |x_i - x_j| / mu   mean smooth_l1(psi_s - psi_t)
 *
 * mu is the mean distance between two samples of the batch; the mean is over all n^2 pairs, as in the authors' program. Two
 * samples nearer than a thousandth of the usual distance count as one, and get no gradient. */
#include "train/losses/losses.h"

static fy_node relative(fy_graph *g, fy_node x, fy_node rows)
{
    const fyi_kd_distances d = fyi_kd_distances_of(g, x, rows);
    const fy_node sum = fyi_kd_mean_pairs(g, d.distance, rows);
    const fy_node n_pairs = fyi_kd_above_zero(g, fyi_kd_mean_pairs(g, d.off_diagonal, rows));
    return fy_div(g, d.distance, fyi_kd_above_zero(g, fy_div(g, sum, n_pairs)));
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    (void)k;
    const fy_node off = fy_sub(g, relative(g, in->student.features, in->rows),
                               relative(g, in->teacher.features, in->rows));
    return fyi_kd_mean_pairs(g, fyi_kd_smooth_l1(g, off), in->rows);
}

const fyi_kd_loss fyi_kd_rkd_distance = {
    .name = "rkd_distance",
    .text = "how far samples are apart, relative to the batch (RKD-D, Park et al. 2019)",
    .needs = FYI_KD_FEATURES,
    .usual_weight = 25,
    .build = build,
};
