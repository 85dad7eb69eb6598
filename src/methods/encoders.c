/* encoders.c: the networks that models of several modalities are made of. */
#include "encoders.h"

#include "notes.h"
#include "pretrained.h"

static const char *family_for(const fy_shape *s)
{
    return s->rank == 3 ? "conv4" : s->rank == 2 ? "conv4_1d" : "mlp";
}

fy_status encoder_load(fy_model *m, const fy_network_opts *o)
{
    const pretrained_file file = { .path = o->weights,
                                   .part = o->weights_part,
                                   .prefix = o->weights_prefix };
    return pretrained_begin(NULL, m, &file);
}

fy_status encoder_open(const encoder_how *how, const char *name, fy_model **out)
{
    const fy_network_opts *given = how->network;
    fy_model_opts o = fy_model_defaults();
    fy_status st;
    o.input = *fy_dataset_shape(how->of);
    o.n_classes = how->features;
    o.width = (float)given->width;
    o.dropout = (float)given->dropout;
    o.pool = given->pool;
    o.edits = given->edit;
    o.seed = how->seed;
    FY_TRY(fy_model_open(given->family ? given->family : family_for(&o.input), name, &o, out));
    FY_TRY(encoder_load(*out, given));
    FY_TRY(notes_set_pixels(*out, how->pixels));
done:
    return st;
}

fy_status fusion_open(const fusion_how *how, const char *name, fy_model **out)
{
    const fy_dataset *of = fy_parts_dataset(how->train, 0);
    fy_model_opts o = fy_model_defaults();
    fy_status st;
    o.input = FY_SHAPE(fy_parts_modalities(how->train), how->features + 1);
    o.n_classes = fy_dataset_classes(of);
    o.hidden = how->hidden;
    o.seed = how->seed;
    FY_TRY(fy_model_open(how->family, name, &o, out));
    FY_TRY(notes_set_classes(*out, of));
done:
    return st;
}
