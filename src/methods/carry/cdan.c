/* cdan.c: conditional domain-adversarial training (Long et al. 2018): as in dann.c, with a critic that sees features times
 * predictions, T(f, p), without gradient through p; where that is more than 4,096 wide, random projections of both. CDAN+E lets samples
 * count by 1 + exp(-H(p)), how certain they are, either domain by itself to the same sum. */
#include "methods/carry/carry.h"

#define WIDEST 4096
#define DRAWN 1024

static int64_t product(const carrying *c)
{
    return fy_shape_numel(fy_model_output(c->source)) *
           fy_shape_numel(fy_model_output(c->source_classifier));
}

static int64_t width(const carrying *c)
{
    return product(c) > WIDEST ? DRAWN : product(c);
}

static fy_node view(const carrying *c, fy_graph *g, fy_node f, fy_node logits)
{
    const fy_node p = fy_detach(g, fy_softmax(g, logits));
    return fy_multilinear(g, f, p, product(c) > WIDEST ? DRAWN : 0, c->o->seed);
}

static fy_node term(carry_stage *s)
{
    return carry_domain_loss(s, FY_NO_NODE);
}

/* Weights that sum to 1. */
static fy_node shares(fy_graph *g, fy_node logits)
{
    const fy_node w = fy_detach(g, fy_certainty(g, logits));
    return fy_div(g, w, fy_sum_all(g, w));
}

static fy_node term_by_certainty(carry_stage *s)
{
    return carry_domain_loss(s, fy_concat2(s->g, 0, shares(s->g, s->ls), shares(s->g, s->lt)));
}

const carry_method carry_cdan = {
    .name = "cdan",
    .text = "a critic cannot tell the domains apart by features times predictions (CDAN, Long et "
            "al. 2018)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER | CARRY_CRITIC,
    .trade_off = 1,
    .term = term,
    .critic_view = view,
    .critic_width = width,
};

const carry_method carry_cdan_e = {
    .name = "cdan_e",
    .text = "the same, where certain predictions count more (CDAN+E, Long et al. 2018)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER | CARRY_CRITIC,
    .trade_off = 1,
    .term = term_by_certainty,
    .critic_view = view,
    .critic_width = width,
};
