/* critic.c: a critic that tells the domains apart, and features that learn to make it fail, in one objective by a gradient that is
 * turned round between them (Ganin et al. 2016, section 4). */
#include "methods/carry/carry.h"

#include "methods/losses.h"

/* The source's rows are 0, the target's 1. */
fy_node carry_domain_loss(carry_stage *s, fy_node weights)
{
    const carrying *c = s->c;
    const fy_node f = fy_grad_reverse(s->g, s->f, carry_ramp(s));
    const fy_node seen = c->method->critic_view(c, s->g, f, s->logits);
    const fy_node said = fy_model_apply(s->g, c->critic, seen, FY_TRAIN);
    const fy_node is_target = loss_domain_labels(s->g, c->o->batch, c->o->batch);
    const fy_node each = fy_cross_entropy(s->g, said, is_target);
    carry_watch(s, "critic.accuracy", fy_accuracy(s->g, said, is_target));
    if (!weights.id)
        return fy_mean_all(s->g, each);
    return fy_div(s->g, fy_sum_all(s->g, fy_mul(s->g, each, weights)), fy_sum_all(s->g, weights));
}

/* Of features, where some layers are frozen: these are read from the cache. */
static fy_node judge(void *arg, fy_graph *g, bool is_target, fy_node x)
{
    const carrying *c = arg;
    (void)is_target; /* one encoder has both */
    const fy_node f = c->moves ? x : fy_model_apply(g, c->encoder, x, FY_EVAL);
    const fy_node logits = fy_model_apply(g, c->classifier, f, FY_EVAL);
    return fy_model_apply(g, c->critic, c->method->critic_view(c, g, f, logits), FY_EVAL);
}

fy_status carry_draw_critic(carrying *c, int64_t step)
{
    const picture_critic_of of = { .dev = c->dev,
                                   .data = c->data,
                                   .fn = judge,
                                   .arg = c,
                                   .encoder = c->moves ? c->adapt.predictor : NULL };
    return c->critic ? picture_critic(c->moments, &of, step) : FY_OK;
}
