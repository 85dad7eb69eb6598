/* margin_disparity.c: Y. Zhang, T. Liu, M. Long and M. Jordan (ICML 2019), "Bridging Theory and Algorithm for Domain Adaptation",
 * section 5.2. With h = argmax f, the adversary f':
 *
 *   gamma E_S[-log s_h(f')] + E_T[-log(1 - s_h(f'))]       f' minimises it, features maximise it, f does not know of it */
#include "train/losses/losses.h"

#include <ferry/domains.h>

#include <float.h>

/* -log(1 - p[c]), with 1 - p[c] the sum of the others: it keeps its digits. */
static fy_node denial(fy_graph *g, fy_node logits, fy_node classes)
{
    const fy_node p = fy_softmax(g, logits);
    const fy_node others =
        fy_affine(g, fy_one_hot(g, classes, fy_node_shape(g, logits).d[1]), -1, 1);
    const fy_node rest = fyi_kd_sum_columns(g, p, others, false);
    return fy_scale(g, fy_log(g, fy_clip(g, rest, 1e-6f, FLT_MAX)), -1);
}

fy_node fy_margin_disparity(fy_graph *g, fy_node source, fy_node source_class, fy_node target,
                            fy_node target_class, float gamma)
{
    if (!fyi_domains_fit(g, "margin_disparity", source, target))
        return FY_NO_NODE;
    const fy_node agreed = fy_mean_all(g, fy_cross_entropy(g, source, source_class));
    return fy_add(g, fy_scale(g, agreed, gamma), fy_mean_all(g, denial(g, target, target_class)));
}
