/* correlation.c: how samples correlate, by a Gaussian kernel. B. Peng, X. Jin, J. Liu, S. Zhou, Y. Wu, Y. Liu, D. Li and
 * Z. Zhang (ICCV 2019), "Correlation Congruence for Knowledge Distillation", sections 3.2 and 3.3: for rows x of length 1 the
 * kernel exp(-gamma |x - y|^2) to the second order of its Taylor series,
 *
 *   K = exp(-2 gamma) sum_{p = 0, 1, 2} (2 gamma)^p / p! (x . y)^p   mean (K_s - K_t)^2
 *
 * over pairs of samples. Matrices of n x n are compared, so widths may differ and no embedding is needed. (The program in
 * RepDistiller, by the same name, compares neighbours in the batch instead.) */
#include "train/losses/losses.h"

#include <math.h>

/* Without the term of order 0, which cancels. */
static fy_node kernel(fy_graph *g, fy_node x, double gamma)
{
    const double first = exp(-2 * gamma) * 2 * gamma;
    const fy_node gram = fyi_kd_gram(g, fyi_kd_unit(g, x, FY_NO_NODE));
    const fy_node second = fy_scale(g, fy_square(g, gram), (float)(first * gamma));
    return fy_add(g, fy_scale(g, gram, (float)first), second);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    const fy_node off = fy_sub(g, kernel(g, in->student.features, k->o.gamma),
                               kernel(g, in->teacher.features, k->o.gamma));
    return fyi_kd_mean_pairs(g, fy_square(g, off), in->rows);
}

const fyi_kd_loss fyi_kd_correlation = {
    .name = "correlation",
    .text = "how samples correlate, by a Gaussian kernel (CC, Peng et al. 2019)",
    .needs = FYI_KD_FEATURES,
    .usual_weight = NAN,
    .defaults = { .gamma = 0.4 },
    .build = build,
};
