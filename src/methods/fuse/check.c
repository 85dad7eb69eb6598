/* check.c: what is wrong with the options and the data, before anything runs. */
#include "methods/fuse/fuse.h"

#include <math.h>
#include <string.h>

/* ---- numbers ---------------------------------------------------------------------------------------------- */

/* Options that are numbers: what they are called, and what they may be. */
typedef struct limit {
    const char *name;
    double value, least, most;
} limit;

static fy_status check_limits(const limit *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(l[i].value >= l[i].least && l[i].value <= l[i].most))
            return fy_error(FY_EINVAL, "fuse: %s is %g; expected %g to %g", l[i].name, l[i].value,
                            l[i].least, l[i].most);
    return FY_OK;
}

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
    return check_limits(limits, sizeof limits / sizeof *limits);
}

/* ---- names ----------------------------------------------------------------------------------------------- */

/* What a run's files and figures are called beside the modalities. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = { "fusion", "best", "checkpoint", "loss", "fused" };
    static const char *const ends[] = { "-alone", "-expert" };
    const size_t n = strlen(name);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (n >= strlen(ends[i]) && strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static fy_status check_names(const fusing *f)
{
    static const char fits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    for (int m = 0; m < f->n; m++) {
        const char *name = fy_parts_name(f->data->train, m);
        const size_t n = strlen(name);
        if (n == 0 || n > 63 || strspn(name, fits) != n || *name == '.' || *name == '-')
            return fy_error(
                FY_EINVAL,
                "fuse: a modality is called '%.80s'; its encoder's file is to be called so: "
                "expected up to 63 letters, digits, '.', '_' and '-', neither '.' nor "
                "'-' first",
                name);
        if (is_taken(name))
            return fy_error(
                FY_EINVAL,
                "fuse: a modality is called '%s', as something else of a run is; call it "
                "otherwise",
                name);
    }
    return FY_OK;
}

/* The fusion's family knows what a missing part is. */
static fy_status check_fusion(const fusing *f)
{
    static const char begins[] = "fusion_";
    if (f->o->fusion && strncmp(f->o->fusion, begins, sizeof begins - 1) == 0)
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "fuse: the fusion is '%.80s'; expected a family that begins with "
                    "'fusion_', such as fusion_concat",
                    f->o->fusion ? f->o->fusion : "");
}

/* ---- samples ---------------------------------------------------------------------------------------------- */

static fy_status check_classes(const fusing *f, const fy_dataset *d)
{
    const fy_dataset *train = fy_parts_dataset(f->data->train, 0);
    if (fy_dataset_classes(d) < 1)
        return fy_error(FY_EINVAL, "fuse: '%s' has no labels, and models are judged by it",
                        fy_dataset_name(d));
    if (fy_dataset_classes(d) > f->n_classes)
        return fy_error(FY_EINVAL, "fuse: '%s' has %d classes, the training data only %d",
                        fy_dataset_name(d), fy_dataset_classes(d), f->n_classes);
    for (int c = 0; c < fy_dataset_classes(d); c++)
        if (strcmp(fy_dataset_class_name(d, c), fy_dataset_class_name(train, c)) != 0)
            return fy_error(FY_EINVAL, "fuse: class %d is '%s' in '%s' and '%s' in training samples",
                            c, fy_dataset_class_name(d, c), fy_dataset_name(d),
                            fy_dataset_class_name(train, c));
    return FY_OK;
}

static fy_status check_modality(const fusing *f, const fy_parts *p, int m)
{
    char is[64], expected[64];
    const fy_parts *train = f->data->train;
    const fy_dataset *d = fy_parts_dataset(p, m), *of = fy_parts_dataset(train, m);
    if (strcmp(fy_parts_name(p, m), fy_parts_name(train, m)) != 0)
        return fy_error(FY_EINVAL,
                        "fuse: modality %d is '%s' in training samples and '%s' elsewhere; give "
                        "them in one order",
                        m + 1, fy_parts_name(train, m), fy_parts_name(p, m));
    if (!fy_shape_equal(fy_dataset_shape(d), fy_dataset_shape(of)))
        return fy_error(FY_ESHAPE,
                        "fuse: '%s' of '%s' is %s, and %s in training samples; prepare them alike",
                        fy_parts_name(p, m), fy_dataset_name(d),
                        fy_shape_text(fy_dataset_shape(d), is, sizeof is),
                        fy_shape_text(fy_dataset_shape(of), expected, sizeof expected));
    return check_classes(f, d);
}

static fy_status check_side(const fusing *f, const fy_parts *p)
{
    fy_status st = FY_OK;
    if (!p)
        return FY_OK;
    if (fy_parts_modalities(p) != f->n)
        return fy_error(FY_EINVAL, "fuse: training samples have %d parts, others %d", f->n,
                        fy_parts_modalities(p));
    if (fy_parts_count(p) < 1)
        return fy_error(FY_EINVAL, "fuse: there is no sample to look at");
    for (int m = 0; m < f->n; m++)
        FY_TRY(check_modality(f, p, m));
done:
    return st;
}

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
    FY_TRY(check_side(f, d->val));
    FY_TRY(check_side(f, d->test));
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

/* A part that no sample has cannot be learnt, nor its epoch chosen. */
static fy_status check_there(const fy_parts *p, const char *side)
{
    for (int m = 0; m < fy_parts_modalities(p); m++) {
        const float *there = fy_parts_there(p, m);
        int64_t n = 0;
        for (int64_t i = 0; i < fy_parts_count(p); i++)
            n += there[i] != 0;
        if (n == 0)
            return fy_error(FY_EINVAL,
                            "fuse: no %s sample has its part '%s'; leave the modality out", side,
                            fy_parts_name(p, m));
    }
    return FY_OK;
}

fy_status fuse_check(const fusing *f)
{
    fy_status st;
    if (!fy_run_dir(f->run))
        return fy_error(FY_EINVAL,
                        "fuse: the run has no directory, and the best model is kept there");
    FY_TRY(check_data(f));
    FY_TRY(check_names(f));
    FY_TRY(check_fusion(f));
    FY_TRY(check_there(f->data->train, "training"));
    FY_TRY(check_there(f->data->val, "validation"));
    FY_TRY(check_numbers(f->o));
    FY_TRY(check_weak(f));
    if (f->method->check)
        FY_TRY(f->method->check(f));
done:
    return st;
}
