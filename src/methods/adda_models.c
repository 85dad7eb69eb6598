/* adda_models.c: ADDA's options checked, and its five models opened: M_S, C, D, M_T and the target's copy of C. */
#include "adda.h"
#include "notes.h"
#include "source.h"

fy_status adda_check(const fy_adda_opts *o, const fy_adapt_data *data)
{
    if (!data->source)
        return fy_error(FY_EINVAL, "adda: there is no source, and it learns from the source's "
                                   "samples; adabn, tent and shot do without");
    const adapt_batch rows[] = {
        { "source_batch", o->source_batch, data->source },
        { "batch", o->batch, data->source },
        { "batch", o->batch, data->target },
    };
    const int first = o->source_weights ? 1 : 0;
    return adapt_check("adda", rows + first, 3 - first, o->evaluations);
}

/* Features of one sample as the critic sees them. */
static int64_t critic_width(const adda *a)
{
    const int64_t k = fy_dataset_classes(a->data->source);
    const int64_t f = a->o->critic_on_logits ? k : fy_shape_numel(fy_model_output(a->source));
    return a->o->conditional ? f * k : f;
}

fy_status adda_open_models(adda *a)
{
    const source_networks n = { .encoder = a->o->encoder,
                                .classifier = a->o->classifier,
                                .features = a->o->features,
                                .of = a->data->source,
                                .pixels = a->o->source_pixels,
                                .seed = a->o->seed };
    fy_model_opts m = fy_model_defaults();
    fy_status st;
    FY_TRY(source_open(&n, &a->source, &a->classifier));
    m.seed = a->o->seed;
    m.input = FY_SHAPE(critic_width(a));
    m.n_classes = 2;
    m.hidden = a->o->critic_hidden;
    m.activation = a->o->critic_activation;
    FY_TRY(fy_model_open(a->o->critic, "critic", &m, &a->critic));
    FY_TRY(fy_model_clone(a->source, "target", &a->target));
    FY_TRY(notes_set_pixels(a->target, a->o->target_pixels));
    FY_TRY(fy_model_clone(a->classifier, "target_classifier", &a->target_classifier));
done:
    return st;
}

fy_status adda_keep_models(adda *a)
{
    fy_model *const all[] = { a->source, a->classifier, a->target, a->target_classifier, a->critic };
    fy_status st = FY_OK;
    for (int i = 0; st == FY_OK && i < 5; i++)
        st = fy_run_keep(a->run, all[i]);
    return st;
}
