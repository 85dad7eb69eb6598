/* begin.c: what every method begins with: the source model, and a second classifier where it has one. */
#include "methods/carry/carry.h"

#include "methods/pretrained.h"
#include "methods/source.h"

#include <stdio.h>
#include <string.h>

static source source_of(const carrying *c)
{
    return (source){ .label_smoothing = c->o->label_smoothing,
                     .run = c->run,
                     .dev = c->dev,
                     .train = c->data->source,
                     .test = c->data->source_test,
                     .encoder = c->source,
                     .classifier = c->source_classifier,
                     .moves = c->moves,
                     .augment = c->o->source_augment,
                     .optim = &c->o->source_optim,
                     .batch = c->o->source_batch,
                     .steps = c->source_steps,
                     .seed = c->o->seed,
                     .workers = c->o->workers };
}

/* Trained here, or before: then once, since a resumed run finds it in its checkpoint. */
fy_status carry_make_source(carrying *c)
{
    const fy_adapt_opts *o = c->o;
    const pretrained p = { .encoder_file = { .path = o->source_weights,
                                             .part = o->source_weights_part,
                                             .prefix = o->source_weights_prefix },
                           .classifier_file = { .path = o->classifier_weights,
                                                .part = o->classifier_weights_part,
                                                .prefix = o->classifier_weights_prefix },
                           .encoder = c->source,
                           .classifier = c->source_classifier,
                           .samples = c->data->target };
    const source s = source_of(c);
    if (!o->source_weights)
        return source_train(&s);
    return c->kept.begun ? FY_OK : pretrained_load(c->dev, &p);
}

fy_status carry_make_second(carrying *c)
{
    const bool is_alone = strcmp(c->stage, "adapt") == 0;
    source s = source_of(c);
    char stage[64];
    if (!c->second)
        return FY_OK;
    (void)snprintf(stage, sizeof stage, "%s_second", c->stage);
    s.stage = is_alone ? "second" : stage;
    s.keeps_encoder = true;
    s.classifier = c->second;
    return source_train(&s);
}

/* Done once: a resumed run finds it done. */
fy_status carry_begin(carrying *c)
{
    const source s = source_of(c);
    fy_status st;
    if (c->kept.begun)
        return FY_OK;
    FY_TRY(source_judge(&s, &c->kept.source_accuracy));
    FY_TRY(fy_model_copy(c->encoder, c->source));
    FY_TRY(fy_model_copy(c->classifier, c->source_classifier));
    c->kept.begun = 1;
    FY_TRY(fy_run_checkpoint(c->run));
done:
    return st;
}
