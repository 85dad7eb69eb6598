/* bnm.c: batch nuclear-norm maximisation (Cui et al. 2020): a batch of predictions has a large nuclear norm where they are certain and of
 * many classes.
 *
 *   CE_s - w |p_t|_* / n */
#include "methods/carry/carry.h"

static fy_node term(carry_stage *s)
{
    const fy_node p = fy_softmax(s->g, s->lt);
    return fy_scale(s->g, fy_nuclear_norm(s->g, p), -1 / (float)s->c->o->batch);
}

const carry_method carry_bnm = {
    .name = "bnm",
    .text = "a batch of the target's predictions has a large nuclear norm (BNM, Cui et al. 2020)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 1,
    .term = term,
};
