/* discrepancy.c: K. Saito, K. Watanabe, Y. Ushiku and T. Harada (CVPR 2018), "Maximum Classifier Discrepancy for Unsupervised
 * Domain Adaptation", equation 3: mean |p_1 - p_2| over samples and classes. */
#include "train/losses/losses.h"

#include <ferry/domains.h>

fy_node fy_discrepancy(fy_graph *g, fy_node a, fy_node b)
{
    if (!fyi_domains_fit(g, "discrepancy", a, b))
        return FY_NO_NODE;
    return fy_mean_all(g, fy_abs(g, fy_sub(g, fy_softmax(g, a), fy_softmax(g, b))));
}
