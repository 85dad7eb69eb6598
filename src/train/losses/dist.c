/* dist.c: predictions up to scale and shift. T. Huang, S. You, F. Wang, C. Qian and C. Xu (NeurIPS 2022), "Knowledge
 * Distillation from A Stronger Teacher", section 4, equations 7 to 10. With Y = softmax(logits / tau) and Pearson's rho,
 *
 *   tau^2 (alpha mean_i (1 - rho(Y_s[i, :], Y_t[i, :])) + beta mean_k (1 - rho(Y_s[:, k], Y_t[:, k])))
 *
 * between the classes of a sample, and within a class over the samples, which count as `rows` says. */
#include "train/losses/losses.h"

/* The correlation of each row of a with that of b, whose columns count as `columns` says: [rows]. 0 where one is constant. */
static fy_node pearson(fy_graph *g, fy_node a, fy_node b, fy_node columns)
{
    const fy_node both =
        fy_mul(g, fyi_kd_centred_unit(g, a, columns), fyi_kd_centred_unit(g, b, columns));
    return fyi_kd_sum_columns(g, both, columns, false);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    static const int turned[] = { 1, 0 };
    const float cold = (float)(1 / k->o.tau);
    const double heat = k->o.tau * k->o.tau;
    const fy_node s = fy_softmax(g, fy_scale(g, in->student.logits, cold));
    const fy_node t = fy_softmax(g, fy_scale(g, in->teacher.logits, cold));
    const fy_node between = pearson(g, s, t, FY_NO_NODE);
    const fy_node within =
        pearson(g, fy_transpose(g, s, turned), fy_transpose(g, t, turned), in->rows);
    const fy_node inter = fyi_kd_mean(g, fy_affine(g, between, -1, 1), in->rows);
    const fy_node intra = fy_mean_all(g, fy_affine(g, within, -1, 1));
    return fy_add(g, fy_scale(g, inter, (float)(heat * k->o.alpha)),
                  fy_scale(g, intra, (float)(heat * k->o.beta)));
}

const fyi_kd_loss fyi_kd_dist = {
    .name = "dist",
    .text = "predictions up to scale, of a sample and of a class (DIST, Huang et al. 2022)",
    .needs = FYI_KD_LOGITS,
    .usual_weight = 2,
    .defaults = { .tau = 1, .alpha = 1, .beta = 1 },
    .build = build,
};
