/* information.c: J. Liang, D. Hu and J. Feng (ICML 2020), "Do We Really Need to Access the Source Data?", equation 3, after A. Krause,
 * P. Perona and R. Gomes (NIPS 2010):
 *
 *   L_ent + L_div = mean_i H(p_i) + sum_k m_k log m_k,   m = mean_i p_i */
#include "train/losses/losses.h"

#include <ferry/domains.h>

fy_node fy_information_loss(fy_graph *g, fy_node logits)
{
    static const int samples[] = { 0 };
    if (!fyi_domains_rows(g, "information_loss", logits, FY_NO_NODE))
        return FY_NO_NODE;
    const fy_node mean = fy_mean(g, fy_softmax(g, logits), samples, 1, false);
    const fy_node log_mean = fy_log(g, fyi_kd_above_zero(g, mean));
    return fy_add(g, fy_mean_all(g, fy_entropy(g, logits)),
                  fy_sum_all(g, fy_mul(g, mean, log_mean)));
}
