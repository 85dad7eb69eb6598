/* check.c: what is wrong with the options and the data, before anything runs. */
#include "methods/hdnet/hdnet.h"

#include "methods/limits.h"
#include "methods/modalities.h"

#include <string.h>

/* ---- numbers ---------------------------------------------------------------------------------------------- */

static fy_status check_numbers(const fy_hdnet_opts *o)
{
    const fy_hdnet_soft *s = &o->soft;
    const fy_hdnet_hard *d = &o->hard;
    const limit limits[] = {
        { "features", (double)o->features, 1, 65536 },
        { "hidden", (double)o->hidden, 0, 65536 },
        { "heads", (double)o->heads, 1, FY_HDNET_HEADS },
        { "head_hidden", (double)o->head_hidden, 0, 65536 },
        { "dropout", o->dropout, 0, 0.99 },
        { "optim.lr", o->optim.lr, 0, 1e6 },
        { "epochs", (double)o->epochs, 1, 1e9 },
        { "batch", (double)o->batch, 2, 1e9 },
        { "branch_epochs", (double)o->branch_epochs, 0, 1e9 },
        { "whole_epochs", (double)o->whole_epochs, 0, 1e9 },
        { "target_batch", (double)o->target_batch, 2, 1e9 },
        { "branch_rate", o->branch_rate, 0, 1e6 },
        { "whole_rate", o->whole_rate, 0, 1e6 },
        { "finetune_rate", o->finetune_rate, 0, 1e6 },
        { "patience", (double)o->patience, 0, 1e9 },
        { "aux_weight", o->aux_weight, 0, 1e6 },
        { "kd_weight", o->kd_weight, 0, 1e6 },
        { "tau", o->tau, 1e-3, 1e3 },
        { "kd_warmup", o->kd_warmup, 0, 1e9 },
        { "whole_aux", o->whole_aux, 0, 1e6 },
        { "soft.sign", s->sign, -1, 1 },
        { "soft.temperature", s->temperature, 1e-3, 1e3 },
        { "soft.floor", s->floor, 0, 1 },
        { "soft.memory", s->memory, 0, 0.9999 },
        { "soft.source", s->source, 0, 0.99 },
        { "hard.pressure", d->pressure, 0, 1e6 },
        { "hard.hidden", (double)d->hidden, 0, 65536 },
        { "hard.rate", d->rate, 0, 1e6 },
        { "hard.memory", d->memory, 0, 0.9999 },
        { "test_views", (double)o->test_views, 0, 1000 },
    };
    return limits_check("hdnet", limits, sizeof limits / sizeof *limits);
}

static fy_status check_words(const hdnet *h)
{
    const fy_hdnet_opts *o = h->o;
    const char *const *losses = fy_hdnet_aux_losses();
    int i = 0;
    while (losses[i] && strcmp(losses[i], o->aux_loss ? o->aux_loss : "") != 0)
        i++;
    if (!losses[i])
        return fy_error(FY_EINVAL, "hdnet: aux_loss is '%.80s'; expected ce, ce+kd or mse",
                        o->aux_loss ? o->aux_loss : "");
    if (o->soft.sign > -1 && o->soft.sign < 1)
        return fy_error(FY_EINVAL,
                        "hdnet: soft.sign is %g; expected 1, or -1 for the weaker to learn faster",
                        o->soft.sign);
    if (o->branch_epochs == 0 && o->whole_epochs == 0)
        return fy_error(FY_EINVAL,
                        "hdnet: branch_epochs and whole_epochs are 0, so that nothing learns the "
                        "target; let one of the stages run");
    return modalities_check_fusion("hdnet", o->fusion);
}

/* ---- samples ---------------------------------------------------------------------------------------------- */

static fy_status check_source(const hdnet *h)
{
    const fy_hdnet_data *d = h->data;
    const int64_t n = fy_parts_count(d->source);
    fy_status st;
    if (h->n_classes < 2 || h->n_classes > FY_MAX_SCORED)
        return fy_error(FY_EINVAL, "hdnet: the source has %d classes; expected 2 to %d",
                        h->n_classes, FY_MAX_SCORED);
    if (h->o->batch > n)
        return fy_error(FY_EINVAL,
                        "hdnet: batch is %lld and the source has %lld training samples; expected 2 "
                        "to that many",
                        (long long)h->o->batch, (long long)n);
    if (!d->source_val)
        return fy_error(FY_EINVAL, "hdnet: the source has no validation samples; hold some out");
    FY_TRY(modalities_check_names("hdnet", d->source));
    FY_TRY(modalities_check_there("hdnet", d->source, "source"));
    FY_TRY(modalities_check_side("hdnet", d->source, d->source_val));
    FY_TRY(modalities_check_there("hdnet", d->source_val, "source validation"));
done:
    return st;
}

static fy_status check_complete(const fy_hdnet_target *t)
{
    const struct {
        const char *name;
        const fy_parts *p;
        int64_t least;
        bool may_lack;
    } sets[] = { { "samples to fine-tune by", t->finetune, 2, false },
                 { "validation samples", t->val, 1, false },
                 { "test samples", t->test, 1, true } };
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        if (sets[i].p ? fy_parts_count(sets[i].p) < sets[i].least : !sets[i].may_lack)
            return fy_error(FY_EINVAL, "hdnet: the target '%s' has %lld %s; expected %lld or more",
                            t->name, (long long)(sets[i].p ? fy_parts_count(sets[i].p) : 0),
                            sets[i].name, (long long)sets[i].least);
    return FY_OK;
}

/* Nothing that adapts may come by the labels. */
static fy_status check_unlabelled(const fy_hdnet_target *t)
{
    for (int m = 0; t->train && m < fy_parts_modalities(t->train); m++)
        if (fy_dataset_has_labels(fy_parts_dataset(t->train, m)))
            return fy_error(FY_EINVAL,
                            "hdnet: the training samples of the target '%s' have labels, which "
                            "nobody is to see; take them away with fy_parts_unlabel",
                            t->name);
    return FY_OK;
}

static fy_status check_target(const hdnet *h, int i)
{
    const fy_hdnet_target *t = &h->data->targets[i];
    fy_status st;
    if (!t->name || !modalities_is_name(t->name))
        return fy_error(
            FY_EINVAL,
            "hdnet: a target is called '%.80s', and files are to be called so: expected "
            "up to 63 letters, digits, '.', '_' and '-', neither '.' nor '-' first",
            t->name ? t->name : "");
    for (int k = 0; k < i; k++)
        if (strcmp(h->data->targets[k].name, t->name) == 0)
            return fy_error(FY_EINVAL, "hdnet: two targets are called '%s'", t->name);
    FY_TRY(check_complete(t));
    FY_TRY(check_unlabelled(t));
    FY_TRY(modalities_check_unlabelled("hdnet", h->data->source, t->train));
    FY_TRY(modalities_check_side("hdnet", h->data->source, t->finetune));
    FY_TRY(modalities_check_side("hdnet", h->data->source, t->val));
    FY_TRY(modalities_check_side("hdnet", h->data->source, t->test));
done:
    return st;
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static fy_status check_mutual(const hdnet *h)
{
    if (!h->o->kd_on_target)
        return FY_OK;
    if (h->data->n_targets > 1)
        return fy_error(
            FY_EINVAL,
            "hdnet: kd_on_target is for one target, and there are %d, which share stage "
            "1; run them one by one, or leave it out",
            h->data->n_targets);
    if (!h->data->targets[0].train)
        return fy_error(
            FY_EINVAL,
            "hdnet: kd_on_target needs unlabelled samples of the target '%s', and there "
            "are none; leave it out",
            h->data->targets[0].name);
    return FY_OK;
}

fy_status hdnet_check(const hdnet *h)
{
    fy_status st;
    if (!fy_run_dir(h->run))
        return fy_error(FY_EINVAL,
                        "hdnet: the run has no directory, and the stages' models are kept there");
    if (h->data->n_targets < 1 || h->data->n_targets > FY_HDNET_TARGETS)
        return fy_error(FY_EINVAL, "hdnet: there are %d targets; expected 1 to %d",
                        h->data->n_targets, FY_HDNET_TARGETS);
    FY_TRY(check_numbers(h->o));
    FY_TRY(check_words(h));
    FY_TRY(check_source(h));
    for (int i = 0; i < h->data->n_targets; i++)
        FY_TRY(check_target(h, i));
    FY_TRY(check_mutual(h));
done:
    return st;
}
