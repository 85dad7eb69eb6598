/* lengths.c: how long features are. R. Xu, G. Li, J. Yang and L. Lin (ICCV 2019), "Larger Norm More Transferable: An Adaptive
 * Feature Norm Approach for Unsupervised Domain Adaptation", move them. */
#include "train/losses/losses.h"

#include <ferry/domains.h>

#include <float.h>

#define LEAST_SQUARE 1e-16f

fy_node fy_lengths(fy_graph *g, fy_node x)
{
    const fy_node square = fyi_kd_sum_columns(g, fy_square(g, x), FY_NO_NODE, false);
    return fy_sqrt(g, fy_clip(g, square, LEAST_SQUARE, FLT_MAX));
}
