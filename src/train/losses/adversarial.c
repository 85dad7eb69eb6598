/* adversarial.c: values that a critic takes for the teacher's. Z. Xu, Y.-C. Hsu and J. Huang (2018), "Training Shallow and
 * Thin Networks for Acceleration via Knowledge Distillation with Conditional Adversarial Networks", section 3, with the
 * generator's loss that does not saturate (I. Goodfellow et al. 2014, section 3). With the critic's probability D that values
 * are the teacher's,
 *
 *   student: mean -ln D(s)   critic: mean -ln D(t) + mean -ln(1 - D(s))
 *
 * on logits, or on features of equal width. The teacher's label is 1 and not less: nothing is smoothed on either side. What makes
 * the paper's networks conditional is left out: its critic also names the class of what it sees, and both sides learn from
 * that. Here labels and other losses, such as soft, have their own weights beside this one. */
#include "train/losses/losses.h"

#include <math.h>

static fy_node looked_at(const fy_kd *k, const fy_kd_view *v)
{
    return k->o.critic_on_features ? v->features : v->logits;
}

static fy_status check(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    const int64_t s = fy_node_shape(g, looked_at(k, &in->student)).d[1];
    const int64_t t = fy_node_shape(g, looked_at(k, &in->teacher)).d[1];
    if (s == t)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "loss '%s' of '%s' has one critic for both networks, and the student has %lld "
                    "features and the teacher %lld; let it look at logits, or take hint",
                    k->loss->name, k->name, (long long)s, (long long)t);
}

static fy_status open(fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    return fyi_kd_add_critic(k, fy_node_shape(g, looked_at(k, &in->student)));
}

/* -ln of the probability that x is the teacher's (label 1) or the student's (0), averaged. */
static fy_node taken_for(fy_graph *g, const fy_kd *k, fy_node x, float label, fy_node rows)
{
    const fy_shape n = FY_SHAPE(fy_node_shape(g, x).d[0]);
    const fy_node score = fy_reshape(g, fy_model_apply(g, k->critic, x, FY_TRAIN), n);
    return fyi_kd_mean(g, fy_bce_logits(g, score, fy_fill(g, n, label)), rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return taken_for(g, k, looked_at(k, &in->student), 1, in->rows);
}

static fy_node critic(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return fy_add(g, taken_for(g, k, looked_at(k, &in->teacher), 1, in->rows),
                  taken_for(g, k, looked_at(k, &in->student), 0, in->rows));
}

const fyi_kd_loss fyi_kd_adversarial = {
    .name = "adversarial",
    .text = "what a critic can tell from the teacher's (Xu et al. 2018, without the critic's word "
            "on classes)",
    .needs = FYI_KD_LOGITS | FYI_KD_FEATURES,
    .usual_weight = NAN,
    .defaults = { .width = -1 },
    .check = check,
    .open = open,
    .build = build,
    .critic = critic,
};
