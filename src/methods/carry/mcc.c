/* mcc.c: minimum class confusion (Jin et al. 2020): of predictions at a temperature, certain ones counting more, few share classes.
 *
 *   CE_s + w confusion(C(f_t) / T) */
#include "methods/carry/carry.h"

static fy_node term(carry_stage *s)
{
    const float t = (float)s->c->o->mcc_temperature;
    const fy_node w = fy_certainty(s->g, fy_scale(s->g, s->lt, 1 / t));
    return fy_class_confusion(s->g, s->lt, t, w);
}

static fy_status check(const carrying *c)
{
    return carry_check_least(c, "the temperature", c->o->mcc_temperature, 0.01);
}

const carry_method carry_mcc = {
    .name = "mcc",
    .text = "the target's predictions confuse classes little (MCC, Jin et al. 2020)",
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 1,
    .check = check,
    .term = term,
};
