/* carry.c: adaptation by methods that share one stage, as a list of stages.
 *
 *   source   encoder and classifier learn the source, unless they come from files
 *   second   another classifier learns the source on the same features, where the method has one
 *   adapt    copies of both go on, by the method's losses
 * and then one of the stage's candidates is chosen without labels, or the source model is kept. */
#include "methods/carry/carry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define USUAL_EPOCHS 10

fy_adapt_opts fy_adapt_defaults(void)
{
    return (fy_adapt_opts){
        .method = "cdan_e",
        .encoder = "digits_bn",
        .classifier = "linear",
        .critic = "critic",
        .critic_activation = "relu",
        .source_optim = { .name = "adam", .lr = 1e-3, .momentum = 0.9, .beta1 = 0.9 },
        .source_epochs = 5,
        .source_batch = 64,
        .optim = { .name = "adam", .lr = 1e-3, .momentum = 0.9, .beta1 = 0.9 },
        .encoder_rate = 1,
        .schedule = "cosine",
        .batch = 64,
        .evaluations = 20,
        .rollbacks = 3,
        .trade_off = -1,
        .mcd_steps = 4,
        .mdd_margin = 4,
        .mcc_temperature = 2.5,
        .afn_step = 1,
        .threshold = 0.95,
        .transport_entropy = 0.05,
        .transport_classes = 0.1,
        .rule = fy_choice_defaults(),
        .workers = 1,
    };
}

/* ---- the method ------------------------------------------------------------------------------------------- */

static int64_t epochs_of(const carrying *c)
{
    const int64_t own = c->method->epochs > 0 ? c->method->epochs : USUAL_EPOCHS;
    return c->o->epochs > 0 ? c->o->epochs : own;
}

fy_status carry_set_lengths(carrying *c)
{
    const fy_adapt_opts *o = c->o;
    if (c->data->source)
        c->source_steps =
            adapt_steps(o->source_steps, o->source_epochs, c->data->source, o->source_batch);
    c->steps = adapt_steps(o->steps, epochs_of(c), c->data->target, o->batch);
    c->evaluations = o->evaluations < c->steps ? o->evaluations : c->steps;
    c->trade_off = o->trade_off >= 0 ? o->trade_off : c->method->trade_off;
    c->schedule = fy_schedule_defaults();
    c->schedule.name = o->schedule;
    c->schedule.steps = c->steps;
    return fy_schedule_check(&c->schedule);
}

static fy_status check_source(const carrying *c)
{
    const bool spares = c->method->flags & CARRY_SOURCE_FREE;
    if (c->data->source || (spares && c->o->source_weights && c->o->classifier_weights))
        return FY_OK;
    return spares ? fy_error(FY_EINVAL,
                             "%s: there is no source; it takes the files of a source model's "
                             "encoder and classifier instead",
                             c->method->name)
                  : fy_error(FY_EINVAL,
                             "%s: there is no source, and it learns from the source's samples; "
                             "adabn, tent and shot do without",
                             c->method->name);
}

static fy_status check_weights(const carrying *c)
{
    return !c->o->weights || !c->o->source_weights
               ? FY_OK
               : fy_error(FY_EINVAL,
                          "%s: weights '%s' are what a source model begins its training with, and "
                          "source_weights '%s' are one that is trained; give one of them",
                          c->method->name, c->o->weights, c->o->source_weights);
}

fy_status carry_check_least(const carrying *c, const char *what, double value, double least)
{
    return value >= least && isfinite(value)
               ? FY_OK
               : fy_error(FY_EINVAL, "%s: %s is %g; expected %g or more", c->method->name, what,
                          value, least);
}

fy_status carry_check(const carrying *c)
{
    const bool takes_source = !(c->method->flags & CARRY_SOURCE_FREE);
    const bool trains = !c->o->source_weights || (c->method->moves & CARRY_SECOND);
    adapt_batch rows[3] = { { "batch", c->o->batch, c->data->target } };
    int n = 1;
    fy_status st;
    FY_TRY(check_source(c));
    FY_TRY(check_weights(c));
    if (takes_source)
        rows[n++] = (adapt_batch){ "batch", c->o->batch, c->data->source };
    if (c->data->source && trains)
        rows[n++] = (adapt_batch){ "source_batch", c->o->source_batch, c->data->source };
    FY_TRY(adapt_check(c->method->name, rows, n, c->o->evaluations));
    if (c->o->batch < 2)
        st = fy_error(FY_EINVAL, "%s: batch is 1; domains are compared by two samples and more",
                      c->method->name);
done:
    return st;
}

static fy_status open_room(carrying *c)
{
    const size_t bytes = (size_t)fy_dataset_count(c->data->target) * sizeof *c->labels;
    fy_status st;
    c->labels = calloc(1, bytes + 1);
    c->moments = calloc(1, sizeof *c->moments);
    if (!c->labels || !c->moments)
        return fy_error(FY_ENOMEM, "%s: no memory for the target's labels", c->method->name);
    c->moments->last = c->evaluations;
    FY_TRY(fy_run_keep_data(c->run, "carry", &c->kept, sizeof c->kept, NULL));
    FY_TRY(fy_run_keep_data(c->run, "carry.labels", c->labels, bytes, NULL));
    FY_TRY(fy_run_keep_data(c->run, "carry.critic", c->moments, sizeof *c->moments, NULL));
done:
    return st;
}

static fy_status open_all(carrying *c)
{
    fy_status st;
    FY_TRY(carry_method_find(c->o->method, &c->method));
    FY_TRY(carry_check(c));
    FY_TRY(carry_set_lengths(c));
    FY_TRY(carry_open_models(c));
    if (c->method->check)
        FY_TRY(c->method->check(c));
    FY_TRY(open_room(c));
    const adapt_chain chain = { .models = { c->encoder, c->classifier },
                                .n_moved = c->method->moves & CARRY_CLASSIFIER ? 2 : 1,
                                .moves = c->moves,
                                .beside = c->critic ? c->critic : c->second };
    FY_TRY(adapt_open(&c->adapt, c->run, c->dev, c->data, c->stage, &chain));
done:
    return st;
}

static void close_all(carrying *c)
{
    fy_run_forget(c->run); /* what it was asked to keep ends here */
    adapt_close(&c->adapt);
    free(c->moments);
    free(c->labels);
    carry_close_models(c);
}

/* Shares of the classes can only be seen by what the source model calls the target. */
static void look_at_shares(const carrying *c, fy_adapt_report *report)
{
    const fy_signs *s = &c->adapt.kept->candidates[0].target;
    const double k = c->adapt.classes;
    if (!isfinite(s->largest) || !isfinite(s->smallest))
        return;
    if (!(c->method->flags & CARRY_BALANCED) || (s->largest * k <= c->o->rule.largest_share &&
                                                 s->smallest * k >= c->o->rule.smallest_share))
        return;
    (void)snprintf(report->warning, sizeof report->warning,
                   "%s takes both domains to have the same classes equally often, and the source "
                   "model calls %.0f%% of the target one class and %.1f%% another; %s bears that",
                   c->method->name, 100 * s->largest, 100 * s->smallest,
                   c->data->source ? "mcc, tent or self_training" : "tent");
}

fy_status carry_draw(const carrying *c)
{
    const picture_of of = { .run = c->run,
                            .dev = c->dev,
                            .data = c->data,
                            .before = { c->source, c->source_classifier },
                            .last = { c->encoder, c->classifier },
                            .moves = c->moves };
    fy_status st;
    FY_TRY(picture_write_features(&of, true, c->o->seed));
    FY_TRY(picture_write_samples(&of));
done:
    return st;
}

static fy_status finish(carrying *c, fy_adapt_report *report)
{
    fy_status st;
    report->source_accuracy = c->kept.source_accuracy;
    FY_TRY(adapt_finish(&c->adapt, &c->o->rule, report));
    look_at_shares(c, report);
    if (c->critic)
        FY_TRY(picture_write_critic(c->moments, c->run));
    FY_TRY(carry_draw(c));
done:
    return st;
}

fy_status carry_adapt(const carry_part *p, const fy_adapt_opts *o, fy_adapt_report *report)
{
    carrying c = { .run = p->run, .dev = p->dev, .data = p->data, .stage = p->stage, .o = o };
    fy_status st;
    *report = (fy_adapt_report){ .source_accuracy = NAN };
    FY_TRY(open_all(&c));
    FY_TRY(carry_make_source(&c));
    FY_TRY(carry_make_second(&c));
    FY_TRY(carry_begin(&c));
    FY_TRY(carry_run(&c));
    FY_TRY(finish(&c, report));
done:
    close_all(&c);
    return st;
}

fy_status fy_adapt(fy_run *r, fy_device *dev, const fy_adapt_data *data, const fy_adapt_opts *o,
                   fy_adapt_report *report)
{
    const carry_part all = { .run = r, .dev = dev, .data = data, .stage = "adapt" };
    return carry_adapt(&all, o, report);
}
