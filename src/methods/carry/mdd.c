/* mdd.c: margin disparity discrepancy (Zhang et al. 2019, section 5.2). An adversary C' on features behind a gradient reversal agrees
 * with the classes that C predicts on the source, gamma times, and denies them on the target; features make both hard. No gradient
 * reaches C through its classes. The reversal is r / 10, as in the authors' program.
 *
 *   CE_s + w (gamma E_S[-log s_h(C')] + E_T[-log(1 - s_h(C'))]),  h = argmax C */
#include "methods/carry/carry.h"

#define REVERSED 0.1f

static fy_node term(carry_stage *s)
{
    fy_graph *g = s->g;
    const fy_node f = fy_grad_reverse(g, s->f, fy_scale(g, carry_ramp(s), REVERSED));
    const fy_node said = fy_model_apply(g, s->c->second, f, FY_TRAIN);
    return fy_margin_disparity(g, carry_rows(s, said, 0), fy_argmax(g, s->ls),
                               carry_rows(s, said, 1), fy_argmax(g, s->lt),
                               (float)s->c->o->mdd_margin);
}

static fy_status check(const carrying *c)
{
    return carry_check_least(c, "the margin", c->o->mdd_margin, 0);
}

const carry_method carry_mdd = {
    .name = "mdd",
    .text = "an adversary agrees on the source and denies on the target, by a margin (MDD, Zhang "
            "et al. 2019)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER | CARRY_SECOND,
    .trade_off = 1,
    .check = check,
    .term = term,
};
