/* dann.c: domain-adversarial training (Ganin et al. 2016): a critic learns to tell the domains apart by their features, which by a
 * gradient reversed and r times as large learn to make it fail.
 *
 *   D minimises, F maximises r times   CE(D(f_s), 0) / 2 + CE(D(f_t), 1) / 2        F, C minimise CE_s */
#include "methods/carry/carry.h"

static fy_node term(carry_stage *s)
{
    return carry_domain_loss(s, FY_NO_NODE);
}

static fy_node view(const carrying *c, fy_graph *g, fy_node f, fy_node logits)
{
    (void)c;
    (void)g;
    (void)logits;
    return f;
}

static int64_t width(const carrying *c)
{
    return fy_shape_numel(fy_model_output(c->source));
}

const carry_method carry_dann = {
    .name = "dann",
    .text = "a critic cannot tell the domains apart by their features (DANN, Ganin et al. 2016)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER | CARRY_CRITIC,
    .trade_off = 1,
    .term = term,
    .critic_view = view,
    .critic_width = width,
};
