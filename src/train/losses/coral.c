/* coral.c: covariances of two domains. B. Sun and K. Saenko (ECCV workshops 2016), "Deep CORAL: Correlation Alignment for Deep
 * Domain Adaptation", section 3.1:
 *
 *   C = (D^T D - (1^T D)^T (1^T D) / n) / (n - 1)      L = |C_S - C_T|_F^2 / (4 d^2) */
#include "train/losses/losses.h"

#include <ferry/domains.h>

/* [d, d], of rows seen from their mean: the products above would lose digits. */
static fy_node covariance(fy_graph *g, fy_node x)
{
    static const int samples[] = { 0 };
    const int64_t n = fy_node_shape(g, x).d[0];
    const fy_node off = fy_sub(g, x, fy_mean(g, x, samples, 1, true));
    return fy_scale(g, fy_matmul(g, off, true, off, false), 1 / (float)FYI_MAX(n - 1, 1));
}

fy_node fy_coral(fy_graph *g, fy_node source, fy_node target)
{
    if (!fyi_domains_fit(g, "coral", source, target))
        return FY_NO_NODE;
    const float d = (float)fy_node_shape(g, source).d[1];
    const fy_node off = fy_sub(g, covariance(g, source), covariance(g, target));
    return fy_scale(g, fy_sum_all(g, fy_square(g, off)), 1 / (4 * d * d));
}
