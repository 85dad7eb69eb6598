/* information.c: Y. Shi and F. Sha (ICML 2012): mutual information of input and class under the model. */
#include "train/validators/validators.h"

static fy_status value(const fyi_look *l, double *out)
{
    *out = l->signs.information;
    return FY_OK;
}

const fyi_validator fyi_validator_information = {
    .name = "information",
    .text = "diversity less entropy (Shi and Sha 2012)",
    .is_gain = true,
    .needs_source = false,
    .votes = true,
    .value = value,
};
