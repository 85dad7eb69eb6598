/* models.c: the source model, its copies that go on, and what a method has beside them: another classifier, a critic. */
#include "methods/carry/carry.h"

#include "methods/notes.h"
#include "methods/pretrained.h"
#include "methods/source.h"

#include <stdlib.h>
#include <string.h>

/* What the file has of the encoder, once: a resumed run finds it in its checkpoint, unless that is a light one. */
static fy_status read_weights(carrying *c)
{
    const pretrained_file file = { .path = c->o->weights,
                                   .part = c->o->weights_part,
                                   .prefix = c->o->weights_prefix };
    bool is_restored;
    fy_status st;
    if (!file.path)
        return FY_OK;
    FY_TRY(fy_run_keep_data(c->run, "carry.weights", &c->weights_are_read,
                            sizeof c->weights_are_read, &is_restored));
    if (!is_restored || fy_run_is_light(c->run))
        FY_TRY(pretrained_begin(c->run, c->source, &file));
    c->weights_are_read = true;
done:
    return st;
}

static fy_status open_new(carrying *c)
{
    const fy_adapt_opts *o = c->o;
    const source_networks n = { .encoder = o->encoder,
                                .classifier = o->classifier,
                                .features = o->features,
                                .of = c->data->source,
                                .pixels = o->source_pixels,
                                .seed = o->seed };
    fy_status st;
    FY_TRY(source_open(&n, &c->source, &c->source_classifier));
    FY_TRY(read_weights(c));
done:
    return st;
}

static fy_status open_saved(const char *path, const char *family, const char *name,
                            const fy_model_opts *m, fy_model **out)
{
    fy_weights *w = NULL;
    fy_status st;
    FY_TRY(fy_weights_open(path, &w));
    FY_TRY(fy_model_open_saved(w, family, name, m, out));
done:
    fy_weights_close(w);
    return st;
}

/* Without the source's samples the files say what its model is. */
static fy_status open_as_saved(carrying *c)
{
    const fy_adapt_opts *o = c->o;
    fy_model_opts m = fy_model_defaults();
    fy_status st;
    m.seed = o->seed;
    m.input = *fy_dataset_shape(c->data->target);
    m.n_classes = 0;
    m.hidden = o->features;
    FY_TRY(open_saved(o->source_weights, o->encoder, "source", &m, &c->source));
    m.input = *fy_model_output(c->source);
    m.hidden = 0;
    FY_TRY(
        open_saved(o->classifier_weights, o->classifier, "classifier", &m, &c->source_classifier));
    if (fy_shape_numel(fy_model_output(c->source_classifier)) < 2)
        st = fy_error(FY_ESHAPE,
                      "%s: '%s' is no classifier; it has to give a number for each of two classes "
                      "or more",
                      c->method->name, o->classifier_weights);
done:
    return st;
}

static fy_status open_source(carrying *c)
{
    return c->data->source ? open_new(c) : open_as_saved(c);
}

/* A method that moves the encoder is left something of it. */
static fy_status find_moves(carrying *c)
{
    const char *freeze = c->o->freeze ? c->o->freeze : "";
    fy_status st;
    if (freeze[strspn(freeze, " ")] == '\0')
        return FY_OK;
    FY_TRY(freeze_check(c->source, freeze, c->method->name));
    if (!(c->moves = freeze_from("*", freeze)))
        return fy_error(FY_ENOMEM, "%s: no memory for the names of what moves", c->method->name);
    if ((c->method->moves & CARRY_ENCODER) && !freeze_leaves_values(c->source, c->moves))
        st = fy_error(
            FY_EINVAL,
            "%s: it moves the encoder, and freeze '%s' takes all of '%s'; leave some of it "
            "out, or add a layer with 'features'; subspace and transport move none",
            c->method->name, freeze, fy_model_family(c->source));
done:
    return st;
}

freeze_look carry_look(const carrying *c)
{
    return (freeze_look){ c->run, c->dev, c->moves };
}

static fy_status open_copies(carrying *c)
{
    fy_status st;
    FY_TRY(fy_model_clone(c->source, "target", &c->encoder));
    FY_TRY(notes_set_pixels(c->encoder, c->o->target_pixels));
    FY_TRY(fy_model_clone(c->source_classifier, "target_classifier", &c->classifier));
done:
    return st;
}

static fy_status open_second(carrying *c)
{
    fy_model_opts m = fy_model_defaults();
    if (!(c->method->moves & CARRY_SECOND))
        return FY_OK;
    m.seed = c->o->seed;
    m.input = *fy_model_output(c->source);
    m.n_classes = fy_dataset_classes(c->data->source);
    return fy_model_open(c->o->classifier, "second", &m, &c->second);
}

static fy_status open_critic(carrying *c)
{
    fy_model_opts m = fy_model_defaults();
    if (!(c->method->moves & CARRY_CRITIC))
        return FY_OK;
    m.seed = c->o->seed;
    m.input = FY_SHAPE(c->method->critic_width(c));
    m.n_classes = 2;
    m.hidden = c->o->critic_hidden;
    m.activation = c->o->critic_activation;
    return fy_model_open(c->o->critic, "critic", &m, &c->critic);
}

static fy_status keep_models(carrying *c)
{
    fy_model *const all[] = { c->source, c->source_classifier, c->encoder, c->classifier, c->second,
                              c->critic };
    fy_status st = FY_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i])
            FY_TRY(fy_run_keep(c->run, all[i]));
done:
    return st;
}

fy_status carry_open_models(carrying *c)
{
    fy_status st;
    FY_TRY(open_source(c));
    FY_TRY(find_moves(c));
    FY_TRY(open_copies(c));
    FY_TRY(open_second(c));
    FY_TRY(open_critic(c));
    FY_TRY(keep_models(c));
done:
    return st;
}

void carry_close_models(carrying *c)
{
    fy_model_free(c->critic);
    fy_model_free(c->second);
    fy_model_free(c->classifier);
    fy_model_free(c->encoder);
    fy_model_free(c->source_classifier);
    fy_model_free(c->source);
    free(c->moves);
}
