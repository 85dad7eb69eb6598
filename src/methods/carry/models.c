/* models.c: the source model, its copies that go on, and what a method has beside them: another classifier, a critic. */
#include "methods/carry/carry.h"

#include "methods/notes.h"

static fy_status open_new(carrying *c, fy_model_opts *m)
{
    fy_status st;
    m->input = *fy_dataset_shape(c->data->source);
    m->n_classes = 0;
    m->hidden = c->o->features;
    FY_TRY(fy_model_open(c->o->encoder, "source", m, &c->source));
    FY_TRY(notes_set_pixels(c->source, c->o->source_pixels));
    m->input = *fy_model_output(c->source);
    m->n_classes = fy_dataset_classes(c->data->source);
    m->hidden = 0;
    FY_TRY(fy_model_open(c->o->classifier, "classifier", m, &c->source_classifier));
    FY_TRY(notes_set_classes(c->source_classifier, c->data->source));
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
static fy_status open_as_saved(carrying *c, fy_model_opts *m)
{
    const fy_adapt_opts *o = c->o;
    fy_status st;
    m->input = *fy_dataset_shape(c->data->target);
    m->n_classes = 0;
    m->hidden = o->features;
    FY_TRY(open_saved(o->source_weights, o->encoder, "source", m, &c->source));
    m->input = *fy_model_output(c->source);
    m->hidden = 0;
    FY_TRY(open_saved(o->classifier_weights, o->classifier, "classifier", m, &c->source_classifier));
    if (fy_shape_numel(fy_model_output(c->source_classifier)) < 2)
        st = fy_error(FY_ESHAPE,
                      "%s: '%s' is no classifier; it has to give a number for each of two classes "
                      "or more",
                      c->method->name, o->classifier_weights);
done:
    return st;
}

static fy_status open_source(carrying *c, fy_model_opts *m)
{
    return c->data->source ? open_new(c, m) : open_as_saved(c, m);
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

static fy_status open_critic(carrying *c, fy_model_opts *m)
{
    m->input = FY_SHAPE(c->method->critic_width(c));
    m->n_classes = 2;
    m->hidden = c->o->critic_hidden;
    m->activation = c->o->critic_activation;
    return fy_model_open(c->o->critic, "critic", m, &c->critic);
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
    fy_model_opts m = fy_model_defaults();
    fy_status st;
    m.seed = c->o->seed;
    FY_TRY(open_source(c, &m));
    FY_TRY(open_copies(c));
    if (c->method->moves & CARRY_SECOND)
        FY_TRY(fy_model_open(c->o->classifier, "second", &m, &c->second));
    if (c->method->moves & CARRY_CRITIC)
        FY_TRY(open_critic(c, &m));
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
}
