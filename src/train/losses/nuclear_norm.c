/* nuclear_norm.c: S. Cui, S. Wang, J. Zhuo, L. Li, Q. Huang and Q. Tian (CVPR 2020), "Towards Discriminability and Diversity: Batch
 * Nuclear-norm Maximization under Label Insufficient Situations". With x = U S V^T:
 *
 *   |x|_* = sum S = <x, P>,  P = U V^T, which is its gradient
 *   X_0 = x / |x|_F,  X_{t+1} = 3/2 X_t - 1/2 X_t X_t^T X_t -> P    (Newton and Schulz)
 *
 * No gradient passes through P: <x, dP> is 0 where it has come to rest. */
#include "train/losses/losses.h"

#include <ferry/domains.h>

#define STEPS 20 /* 1.5^20 = 3,325 */

static fy_node step(fy_graph *g, fy_node x)
{
    const fy_node inner = fy_matmul(g, x, true, x, false);
    return fy_sub(g, fy_scale(g, x, 1.5f), fy_scale(g, fy_matmul(g, x, false, inner, false), 0.5f));
}

fy_node fy_nuclear_norm(fy_graph *g, fy_node x)
{
    if (!fyi_domains_rows(g, "nuclear_norm", x, FY_NO_NODE))
        return FY_NO_NODE;
    const fy_node fixed = fy_detach(g, x);
    const fy_node length = fy_sqrt(g, fyi_kd_above_zero(g, fy_sum_all(g, fy_square(g, fixed))));
    fy_node p = fy_div(g, fixed, length);
    for (int i = 0; i < STEPS; i++)
        p = step(g, p);
    return fy_sum_all(g, fy_mul(g, x, p));
}
