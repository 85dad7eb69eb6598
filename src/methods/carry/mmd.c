/* mmd.c: deep adaptation (DAN, Long et al. 2015): the domains' features come to have the same means under several kernels.
 *
 *   CE_s + w MMD^2(f_s, f_t) */
#include "methods/carry/carry.h"

static fy_node term(carry_stage *s)
{
    return fy_mmd(s->g, s->fs, s->ft, FY_NO_NODE);
}

const carry_method carry_mmd = {
    .name = "mmd",
    .text = "features of both domains come to have the same mean under several kernels (DAN, Long "
            "et al. 2015)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_ENCODER | CARRY_CLASSIFIER,
    .trade_off = 1,
    .term = term,
};
