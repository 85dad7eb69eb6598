/* afn.c: stepwise adaptive feature norm (Xu et al. 2019, equation 8): features of both domains come to be longer, step by step.
 *
 *   CE_s + w (mean (|f_s| - sg|f_s| - dr)^2 + mean (|f_t| - sg|f_t| - dr)^2) */
#include "methods/carry/carry.h"

static fy_node longer(const carry_stage *s, fy_node f)
{
    const fy_node is = fy_lengths(s->g, f);
    const fy_node wanted = fy_affine(s->g, fy_detach(s->g, is), 1, (float)s->c->o->afn_step);
    return fy_mse(s->g, is, wanted);
}

static fy_node term(carry_stage *s)
{
    return fy_add(s->g, longer(s, s->fs), longer(s, s->ft));
}

static fy_status check(const carrying *c)
{
    return carry_check_least(c, "the step of the norms", c->o->afn_step, 0);
}

const carry_method carry_afn = {
    .name = "afn",
    .text = "features come to be longer, step by step (AFN, Xu et al. 2019)",
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 0.05,
    .check = check,
    .term = term,
};
