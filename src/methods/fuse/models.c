/* models.c: the networks: an encoder for each modality, a fusion, and what some methods have beside them. */
#include "methods/fuse/fuse.h"

#include "methods/encoders.h"

#include <stdio.h>

/* ---- one network ------------------------------------------------------------------------------------------ */

static fy_status open_encoder(const fusing *f, int m, const char *name, fy_model **out)
{
    const encoder_how how = { .network = &f->o->encoders[m],
                              .of = fy_parts_dataset(f->data->train, m),
                              .pixels = f->o->pixels[m],
                              .features = f->o->features,
                              .seed = f->o->seed };
    return encoder_open(&how, name, out);
}

static fy_status open_fusion(const fusing *f, const char *family, const char *name, fy_model **out)
{
    const fusion_how how = { .family = family,
                             .train = f->data->train,
                             .features = f->o->features,
                             .hidden = f->o->hidden,
                             .seed = f->o->seed };
    return fusion_open(&how, name, out);
}

static fy_status keep_net(const fusing *f, fuse_net *net)
{
    fy_status st = FY_OK;
    for (int m = 0; m < f->n; m++)
        FY_TRY(fy_run_keep(f->run, net->encoders[m]));
    FY_TRY(fy_run_keep(f->run, net->fusion));
    FY_TRY(fy_fused_new(f->dev, net->encoders, net->fusion, f->n, f->o->batch, &net->fused));
done:
    return st;
}

/* Names end in `suffix`, so that two networks can be kept. */
static fy_status open_net(const fusing *f, const char *family, const char *suffix, fuse_net *net)
{
    char name[96];
    fy_status st = FY_OK;
    for (int m = 0; m < f->n; m++) {
        (void)snprintf(name, sizeof name, "%.64s%s", fy_parts_name(f->data->train, m), suffix);
        FY_TRY(open_encoder(f, m, name, &net->encoders[m]));
    }
    (void)snprintf(name, sizeof name, "fusion%s", suffix);
    FY_TRY(open_fusion(f, family, name, &net->fusion));
    FY_TRY(keep_net(f, net));
done:
    return st;
}

static void close_net(fuse_net *net)
{
    fy_fused_free(net->fused);
    for (int m = 0; m < FUSE_MAX; m++)
        fy_model_free(net->encoders[m]);
    fy_model_free(net->fusion);
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

static fy_status open_expert(fusing *f, int m)
{
    char name[96];
    fy_model_opts o = fy_model_defaults();
    fy_status st;
    (void)snprintf(name, sizeof name, "%.64s-expert", fy_parts_name(f->data->train, m));
    o.input = FY_SHAPE(f->o->features);
    o.n_classes = f->n_classes;
    o.seed = f->o->seed;
    FY_TRY(fy_model_open("linear", name, &o, &f->experts[m]));
    FY_TRY(fy_run_keep(f->run, f->experts[m]));
done:
    return st;
}

/* The classifiers of modalities that learn alone, as they were when each was best. */
static fy_status open_best(fusing *f)
{
    fy_status st;
    FY_TRY(open_fusion(f, "fusion_late", "best", &f->best));
    FY_TRY(fy_run_keep(f->run, f->best));
done:
    return st;
}

fy_status fuse_open_models(fusing *f)
{
    const bool is_late = f->method->learns_alone && !f->method->build;
    fy_status st;
    FY_TRY(open_net(f, is_late ? "fusion_late" : f->o->fusion, "", &f->net));
    if (f->method->learns_alone)
        FY_TRY(open_best(f));
    if (f->method->learns_alone && !is_late)
        FY_TRY(open_net(f, "fusion_late", "-alone", &f->teacher));
    for (int m = 0; m < f->n && f->method->has_experts; m++)
        FY_TRY(open_expert(f, m));
done:
    return st;
}

void fuse_close_models(fusing *f)
{
    for (int m = 0; m < FUSE_MAX; m++)
        fy_model_free(f->experts[m]);
    fy_model_free(f->best);
    close_net(&f->teacher);
    close_net(&f->net);
}
