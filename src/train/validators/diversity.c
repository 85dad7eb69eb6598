/* diversity.c: how evenly the classes are predicted; 0 for a collapsed model. */
#include "train/validators/validators.h"

static fy_status value(const fyi_look *l, double *out)
{
    *out = l->signs.diversity;
    return FY_OK;
}

const fyi_validator fyi_validator_diversity = {
    .name = "diversity",
    .text = "entropy of the mean of the target's predictions, over log k",
    .is_gain = true,
    .needs_source = false,
    .value = value,
};
