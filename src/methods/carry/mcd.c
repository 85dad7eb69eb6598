/* mcd.c: maximum classifier discrepancy (Saito et al. 2018, section 3.3). Two classifiers C, C' on one encoder F; in each step
 *
 *   A   F, C, C' minimise  CE_s(C) + CE_s(C')
 *   B   C, C'    minimise  CE_s(C) + CE_s(C') - w d(p_t, p'_t)       they disagree where the source says nothing
 *   C   F        minimises w d(p_t, p'_t), n times                   and the target leaves these places
 *
 * with d the mean absolute difference. C is what is handed back. */
#include "methods/carry/carry.h"

#include "methods/losses.h"

#include <stdio.h>

#define MOST_STEPS 8

static fy_status check(const carrying *c)
{
    return c->o->mcd_steps >= 1 && c->o->mcd_steps <= MOST_STEPS
               ? FY_OK
               : fy_error(FY_EINVAL, "mcd: %lld steps of the encoder; expected 1 to %d",
                          (long long)c->o->mcd_steps, MOST_STEPS);
}

static void build(carry_stage *s)
{
    const carrying *c = s->c;
    const fy_node other = fy_model_apply(s->g, c->second, s->f, FY_TRAIN);
    const fy_node other_task = loss_cross_entropy(s->g, carry_rows(s, other, 0), &s->in[0], 0);
    const fy_node task = fy_add(s->g, s->task, other_task);
    const fy_node apart =
        fy_scale(s->g, fy_discrepancy(s->g, s->lt, carry_rows(s, other, 1)), (float)c->trade_off);
    char name[24];
    carry_watch(s, "transfer.loss", apart);
    (void)carry_objective(s, "task", task, CARRY_ENCODER | CARRY_CLASSIFIER | CARRY_SECOND);
    (void)carry_objective(s, "apart", fy_sub(s->g, task, apart), CARRY_CLASSIFIER | CARRY_SECOND);
    for (int64_t i = 0; i < c->o->mcd_steps; i++) {
        (void)snprintf(name, sizeof name, "together%d", (int)i + 1);
        (void)carry_objective(s, name, apart, CARRY_ENCODER);
    }
}

const carry_method carry_mcd = {
    .name = "mcd",
    .text = "two classifiers seek where they disagree, and features leave it (MCD, Saito et al. "
            "2018)",
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER | CARRY_SECOND,
    .trade_off = 1,
    .check = check,
    .build = build,
};
