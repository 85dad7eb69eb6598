/* soft.c: softened predictions. G. Hinton, O. Vinyals and J. Dean (2015), "Distilling the Knowledge in a Neural Network",
 * section 2, equation 1, with the factor tau^2 of its last paragraph:
 *
 *   tau^2 KL(softmax(t / tau) || softmax(s / tau)), summed over classes, averaged over samples. */
#include "train/losses/losses.h"

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    const float cold = (float)(1 / k->o.tau);
    const fy_node p = fy_softmax(g, fy_scale(g, in->teacher.logits, cold));
    const fy_node log_q = fy_log_softmax(g, fy_scale(g, in->student.logits, cold));
    const fy_node each = fy_kl(g, p, log_q);
    return fy_scale(g, fyi_kd_mean(g, each, in->rows), (float)(k->o.tau * k->o.tau));
}

const fyi_kd_loss fyi_kd_soft = {
    .name = "soft",
    .text = "softened predictions, by Kullback-Leibler divergence (Hinton et al. 2015)",
    .needs = FYI_KD_LOGITS,
    .usual_weight = 0.9,
    .defaults = { .tau = 4 },
    .build = build,
};
