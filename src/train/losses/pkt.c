/* pkt.c: who is whose neighbour. N. Passalis and A. Tefas (ECCV 2018), "Learning Deep Representations with Probabilistic
 * Knowledge Transfer", section 3, equations 3 to 7, with the cosine kernel:
 *
 *   p_ij = (1 + cos(x_i, x_j)) / sum_j (1 + cos(x_i, x_j))   mean p_t ln((p_t + 1e-7) / (p_s + 1e-7))
 *
 * over all n^2 pairs, as in the authors' program, which also counts a sample as its own neighbour; the paper has the sum. */
#include "train/losses/losses.h"

#define LEAST 1e-7f

static fy_node neighbours(fy_graph *g, fy_node x, fy_node rows)
{
    const fy_node gram = fyi_kd_gram(g, fyi_kd_unit(g, x, FY_NO_NODE));
    const fy_node near = fy_affine(g, gram, 0.5f, 0.5f);
    const fy_node sum = fyi_kd_sum_columns(g, near, rows, true);
    return fy_div(g, near, fyi_kd_above_zero(g, sum));
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    (void)k;
    const fy_node s = neighbours(g, in->student.features, in->rows);
    const fy_node t = neighbours(g, in->teacher.features, in->rows);
    const fy_node log_s = fy_log(g, fy_affine(g, s, 1, LEAST));
    const fy_node log_t = fy_log(g, fy_affine(g, t, 1, LEAST));
    return fyi_kd_mean_pairs(g, fy_mul(g, t, fy_sub(g, log_t, log_s)), in->rows);
}

const fyi_kd_loss fyi_kd_pkt = {
    .name = "pkt",
    .text = "who is whose neighbour, as probabilities (PKT, Passalis and Tefas 2018)",
    .needs = FYI_KD_FEATURES,
    .usual_weight = 30000,
    .build = build,
};
