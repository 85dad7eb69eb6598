/* jan.c: joint adaptation (Long et al. 2017): features and predictions together come to have the same mean under a product of
 * kernels, of which that on predictions is one of width 1.68, as in the authors' program.
 *
 *   CE_s + w JMMD^2((f, p)_s, (f, p)_t) */
#include "methods/carry/carry.h"

#define PREDICTION_WIDTH 1.68f

static fy_node term(carry_stage *s)
{
    const fy_joint layers[] = { { .source = s->fs, .target = s->ft },
                                { .source = fy_softmax(s->g, s->ls),
                                  .target = fy_softmax(s->g, s->lt),
                                  .width = fy_fill(s->g, FY_SCALAR, PREDICTION_WIDTH),
                                  .is_single = true } };
    return fy_joint_mmd(s->g, layers, 2);
}

const carry_method carry_jan = {
    .name = "jan",
    .text = "features and predictions together come to have the same mean (JAN, Long et al. 2017)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 1,
    .term = term,
};
