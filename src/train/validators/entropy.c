/* entropy.c: P. Morerio, J. Cavazza and V. Murino (ICLR 2018): certain predictions; a collapsed model has the best of all. */
#include "train/validators/validators.h"

static fy_status value(const fyi_look *l, double *out)
{
    *out = l->signs.entropy;
    return FY_OK;
}

const fyi_validator fyi_validator_entropy = {
    .name = "entropy",
    .text = "mean entropy of the target's predictions, over log k (Morerio et al. 2018)",
    .is_gain = false,
    .needs_source = false,
    .value = value,
};
