/* source_accuracy.c: what a model that goes astray loses first; it knows nothing of the target. */
#include "train/validators/validators.h"

static fy_status value(const fyi_look *l, double *out)
{
    *out = l->source_accuracy;
    return FY_OK;
}

const fyi_validator fyi_validator_source_accuracy = {
    .name = "source_accuracy",
    .text = "accuracy on held-out source samples",
    .is_gain = true,
    .needs_source = true,
    .value = value,
};
