/* class_confusion.c: Y. Jin, X. Wang, M. Long and J. Wang (ECCV 2020), "Minimum Class Confusion for Versatile Domain Adaptation",
 * section 3. Of Y = softmax(logits / T), [n, k], and weights W_ii of samples:
 *
 *   C = Y^T W Y       C~_jj' = C_jj' / sum_j'' C_jj''       L = (sum C~ - trace C~) / k = 1 - trace(C~) / k */
#include "train/losses/losses.h"

#include <ferry/domains.h>

/* sum_j'' C_jj'' = sum_i w_i Y_ij, since rows of Y add up to 1. */
fy_node fy_class_confusion(fy_graph *g, fy_node logits, float temperature, fy_node rows)
{
    static const int samples[] = { 0 };
    const fy_shape s = fy_node_shape(g, logits);
    if (!fyi_domains_rows(g, "class_confusion", logits, rows))
        return FY_NO_NODE;
    const fy_node y = fy_softmax(g, fy_scale(g, logits, 1 / temperature));
    const fy_node w = rows.id ? fy_reshape(g, fy_detach(g, rows), FY_SHAPE(s.d[0], 1)) : FY_NO_NODE;
    const fy_node weighted = rows.id ? fy_mul(g, y, w) : y;
    const fy_node same = fy_sum(g, fy_mul(g, weighted, y), samples, 1, false); /* C_jj */
    const fy_node all = fyi_kd_above_zero(g, fy_sum(g, weighted, samples, 1, false));
    return fy_affine(g, fy_mean_all(g, fy_div(g, same, all)), -1, 1);
}
