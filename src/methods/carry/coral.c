/* coral.c: Deep CORAL (Sun and Saenko 2016): covariances of both domains' features come to be the same.
 *
 *   CE_s + w |C_S - C_T|_F^2 / (4 d^2) */
#include "methods/carry/carry.h"

static fy_node term(carry_stage *s)
{
    return fy_coral(s->g, s->fs, s->ft);
}

const carry_method carry_coral = {
    .name = "coral",
    .text = "covariances of both domains' features come to be the same (Deep CORAL, Sun and Saenko "
            "2016)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 10,
    .term = term,
};
