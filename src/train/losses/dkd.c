/* dkd.c: softened predictions in two parts. B. Zhao, Q. Cui, R. Song, Y. Qiu and J. Liang (CVPR 2022), "Decoupled Knowledge
 * Distillation", section 3.2, equation 7:
 *
 *   tau^2 (alpha KL(b_t || b_s) + beta KL(o_t || o_s))
 *
 * b is (p_y, 1 - p_y), o the softmax over the classes but y. The authors let it grow over the first 20 epochs, which is for the
 * method to do. With two classes o is 1 for both networks, and there is nothing to learn from it. */
#include "train/losses/losses.h"

#define FAR_BELOW (-1e9f)

static fy_status check(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    const int64_t classes = fy_node_shape(g, in->student.logits).d[1];
    if (classes > 2)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "loss '%s' of '%s' compares the classes that are not the label, and with %lld "
                    "in all there is nothing to compare; take soft",
                    k->loss->name, k->name, (long long)classes);
}

/* A network's logits, seen from the labels. */
typedef struct parts {
    fy_node label;  /* [n], the logit of p_y */
    fy_node others; /* [n, k], log of o; far below 0 at the label */
} parts;

static parts part(fy_graph *g, fy_node logits, fy_node at_label, float cold)
{
    static const int classes[] = { 1 };
    const float n_others = (float)(fy_node_shape(g, logits).d[1] - 1);
    const fy_node x = fy_scale(g, logits, cold);
    const fy_node others = fy_log_softmax(g, fy_add(g, x, fy_scale(g, at_label, FAR_BELOW)));
    const fy_node elsewhere = fy_affine(g, at_label, -1 / n_others, 1 / n_others);
    /* Everywhere but at the label x - others is the log of the others' sum; p_y's logit is the label's x less that. */
    const fy_node log_sum = fy_sum(g, fy_mul(g, fy_sub(g, x, others), elsewhere), classes, 1, false);
    const fy_node own = fy_sum(g, fy_mul(g, x, at_label), classes, 1, false);
    return (parts){ .label = fy_sub(g, own, log_sum), .others = others };
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    const float cold = (float)(1 / k->o.tau), heat = (float)(k->o.tau * k->o.tau);
    const fy_node at_label = fy_one_hot(g, in->y, fy_node_shape(g, in->student.logits).d[1]);
    const parts s = part(g, in->student.logits, at_label, cold);
    const parts t = part(g, in->teacher.logits, at_label, cold);
    const fy_node p = fy_sigmoid(g, t.label);
    const fy_node target = fy_sub(g, fy_bce_logits(g, s.label, p), fy_bce_logits(g, t.label, p));
    const fy_node other = fy_kl(g, fy_exp(g, t.others), s.others);
    const fy_node each =
        fy_add(g, fy_scale(g, target, (float)k->o.alpha), fy_scale(g, other, (float)k->o.beta));
    return fy_scale(g, fyi_kd_mean(g, each, in->rows), heat);
}

const fyi_kd_loss fyi_kd_dkd = {
    .name = "dkd",
    .text = "predictions of the label and, apart, of all other classes (DKD, Zhao et al. 2022)",
    .needs = FYI_KD_LOGITS | FYI_KD_LABELS,
    .usual_weight = 1,
    .defaults = { .tau = 4, .alpha = 1, .beta = 8 },
    .check = check,
    .build = build,
};
