/* reverse.c: reverse validation. E. Zhong, W. Fan, Q. Yang, O. Verscheure and J. Ren (ECML PKDD 2010), "Cross Validation Framework to Choose
 * amongst Models and Datasets for Transfer Learning": what the model calls the target teaches a classifier, which is asked about the
 * source, whose labels are known. Here a linear one on the model's features, so that nothing else has to be trained. */
#include "train/validators/validators.h"

#include <ferry/pid.h>

#include <math.h>

static fy_status value(const fyi_look *l, double *out)
{
    const fy_probe_data target = { l->target.z, l->target.y }, source = { l->source.z, l->source.y };
    fy_probe_opts o = fy_probe_defaults();
    fy_probe probe;

    o.l2[0] = 1e-2;
    o.n_l2 = 1;
    o.tolerance = 1e-3;
    o.max_iterations = 100;
    *out = (double)NAN;
    FYI_FORWARD(fy_linear_probe(&target, &source, l->k, &o, &probe));
    *out = probe.accuracy;
    return FY_OK;
}

const fyi_validator fyi_validator_reverse = {
    .name = "reverse",
    .text = "accuracy on the source of what learns the target's predictions (reverse validation, "
            "Zhong et al. 2010)",
    .is_gain = true,
    .needs_source = true,
    .votes = true,
    .value = value,
};
