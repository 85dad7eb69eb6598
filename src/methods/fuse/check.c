/* check.c: what is wrong with the options and the data, before anything runs. */
#include "methods/fuse/fuse.h"

#include "methods/limits.h"
#include "methods/modalities.h"

#include <math.h>
#include <string.h>

/* ---- numbers ---------------------------------------------------------------------------------------------- */

static fy_status check_numbers(const fy_fuse_opts *o)
{
    const fy_unique_opts *u = &o->unique;
    const limit limits[] = {
        { "features", (double)o->features, 1, 65536 },
        { "epochs", (double)o->epochs, 1, 1e9 },
        { "hidden", (double)o->hidden, 0, 65536 },
        { "patience", (double)o->patience, 0, 1e9 },
        { "optim.lr", o->optim.lr, 0, 1e6 },
        { "encoder_rate", o->encoder_rate, 0, 1e6 },
        { "alpha", o->alpha, 0, 1e6 },
        { "ogm.alpha", o->ogm.alpha, 0, 1e3 },
        { "agm_alpha", o->agm_alpha, 0, 1e3 },
        { "mmpareto_gamma", o->mmpareto_gamma, 0, 1e3 },
        { "umt_weight", o->umt_weight, 0, 1e6 },
        { "unique.beta_max", u->beta_max, 0, 1e6 },
        { "unique.kappa", u->kappa, 0, 1e3 },
        { "unique.epsilon", u->epsilon, 1e-6, 0.999 },
        { "unique.temperature", u->temperature, 0, 1e3 },
        { "unique.gamma", u->gamma, 0, 1e3 },
        { "unique.delta", u->delta, 1e-9, 1e3 },
        { "unique.begin", u->begin, 0, 1 },
        { "unique.rate", u->rate, 0, 1e6 },
    };
    return limits_check("fuse", limits, sizeof limits / sizeof *limits);
}

/* ---- samples ---------------------------------------------------------------------------------------------- */

static fy_status check_data(const fusing *f)
{
    const fy_fuse_data *d = f->data;
    const int64_t n = fy_parts_count(d->train);
    fy_status st;
    if (f->n < 2)
        return fy_error(FY_EINVAL, "fuse: samples have one part; there is nothing to fuse");
    if (f->n_classes < 2 || f->n_classes > FY_MAX_SCORED)
        return fy_error(FY_EINVAL, "fuse: the training data has %d classes; expected 2 to %d",
                        f->n_classes, FY_MAX_SCORED);
    if (f->o->batch < 2 || f->o->batch > n)
        return fy_error(FY_EINVAL,
                        "fuse: batch is %lld and there are %lld training samples; expected 2 to "
                        "that many",
                        (long long)f->o->batch, (long long)n);
    if (!d->val)
        return fy_error(FY_EINVAL, "fuse: there are no validation samples; hold some out");
    FY_TRY(modalities_check_side("fuse", d->train, d->val));
    FY_TRY(modalities_check_side("fuse", d->train, d->test));
done:
    return st;
}

static fy_status check_weak(const fusing *f)
{
    if (!f->o->weak)
        return FY_OK;
    for (int m = 0; m < f->n; m++)
        if (strcmp(fy_parts_name(f->data->train, m), f->o->weak) == 0)
            return FY_OK;
    return fy_error(FY_EINVAL,
                    "fuse: weak is '%.80s', and no modality is called so; the first is '%s'",
                    f->o->weak, fy_parts_name(f->data->train, 0));
}

fy_status fuse_check(const fusing *f)
{
    fy_status st;
    if (!fy_run_dir(f->run))
        return fy_error(FY_EINVAL,
                        "fuse: the run has no directory, and the best model is kept there");
    FY_TRY(check_data(f));
    FY_TRY(modalities_check_names("fuse", f->data->train));
    FY_TRY(modalities_check_fusion("fuse", f->o->fusion));
    FY_TRY(modalities_check_there("fuse", f->data->train, "training"));
    FY_TRY(modalities_check_there("fuse", f->data->val, "validation"));
    FY_TRY(check_numbers(f->o));
    FY_TRY(check_weak(f));
    if (f->method->check)
        FY_TRY(f->method->check(f));
done:
    return st;
}
