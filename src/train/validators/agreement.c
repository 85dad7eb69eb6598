/* agreement.c: how often a model says what several say in the mean. D. Hu, M. Luo, J. Liang and C.-S. Foo (NeurIPS 2024), "Towards Reliable
 * Model Selection for Unsupervised Domain Adaptation: An Empirical Study and A Certified Baseline" (EnsV): the mean of all candidates'
 * predictions stands for the labels; whoever agrees with it most is never the worst of them. */
#include "train/validators/validators.h"

static fy_status value(const fyi_look *l, double *out)
{
    *out = l->agreement;
    return FY_OK;
}

const fyi_validator fyi_validator_agreement = {
    .name = "agreement",
    .text =
        "agreement with the mean prediction of all models that were tried (EnsV, Hu et al. 2024)",
    .is_gain = true,
    .votes = true,
    .value = value,
};
