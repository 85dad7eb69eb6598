/* models.c: an encoder, heads and a critic for each modality, and the fusion. */
#include "methods/hdnet/hdnet.h"

#include "methods/encoders.h"
#include "methods/freeze.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- opening ---------------------------------------------------------------------------------------------- */

static fy_status open_encoder(hdnet *h, int m)
{
    const encoder_how how = { .network = &h->o->encoders[m],
                              .of = fy_parts_dataset(h->data->source, m),
                              .pixels = h->o->pixels[m],
                              .features = h->o->features,
                              .seed = h->o->seed };
    fy_status st;
    FY_TRY(encoder_open(&how, fy_parts_name(h->data->source, m), &h->encoders[m]));
    FY_TRY(fy_run_keep(h->run, h->encoders[m]));
done:
    return st;
}

static fy_status open_fusion(hdnet *h)
{
    const fusion_how how = { .family = h->o->fusion,
                             .train = h->data->source,
                             .features = h->o->features,
                             .hidden = h->o->hidden,
                             .seed = h->o->seed };
    fy_status st;
    FY_TRY(fusion_open(&how, "fusion", &h->fusion));
    FY_TRY(fy_run_keep(h->run, h->fusion));
done:
    return st;
}

/* What takes the features of modality m: its name begins with the modality's. */
static fy_status open_on_features(hdnet *h, int m, const char *what, const char *family,
                                  fy_model_opts o, fy_model **out)
{
    char name[96];
    fy_status st;
    (void)snprintf(name, sizeof name, "%.64s+%s", fy_parts_name(h->data->source, m), what);
    o.input = FY_SHAPE(h->o->features);
    o.seed = h->o->seed;
    FY_TRY(fy_model_open(family, name, &o, out));
    FY_TRY(fy_run_keep(h->run, *out));
done:
    return st;
}

static fy_status open_heads(hdnet *h, int m)
{
    const fy_moving_opts looking = { .batch = h->o->batch, .moves = "*" };
    fy_model_opts o = fy_model_defaults();
    char what[16];
    fy_status st = FY_OK;
    o.n_classes = h->n_classes;
    o.hidden = h->o->head_hidden;
    o.dropout = (float)h->o->dropout;
    for (int k = 0; k < h->o->heads; k++) {
        (void)snprintf(what, sizeof what, "head%d", k + 1);
        FY_TRY(open_on_features(h, m, what, h->o->head_family, o, &h->heads[m][k]));
        FY_TRY(fy_predictor_new_moving(h->dev, &h->heads[m][k], 1, &looking, &h->says[m][k]));
    }
done:
    return st;
}

static bool has_critics(const hdnet *h)
{
    for (int k = 0; k < FY_HDNET_WAYS; k++)
        if (h->runs[k] && hdnet_strategies[k].opposes)
            return true;
    return false;
}

static fy_status open_critic(hdnet *h, int m)
{
    fy_model_opts o = fy_model_defaults();
    o.n_classes = 2;
    o.hidden = h->o->hard.hidden;
    o.dropout = 0;
    return open_on_features(h, m, "critic", "head", o, &h->critics[m]);
}

/* Encoders and fusion, for looking. */
static fy_status open_fused(hdnet *h)
{
    const fy_fused_moving o = { .batch = h->o->batch,
                                .moves = (const char *const *)h->moves,
                                .features = fy_run_features(h->run) };
    return fy_fused_new_moving(h->dev, h->encoders, h->fusion, h->n, &o, &h->fused);
}

fy_status hdnet_open_models(hdnet *h)
{
    fy_status st = FY_OK;
    for (int m = 0; m < h->n; m++) {
        if (!(h->moves[m] = freeze_from("*", h->o->freeze[m])))
            return fy_error(FY_ENOMEM, "hdnet: no memory for the names of what moves");
        FY_TRY(open_encoder(h, m));
        FY_TRY(open_heads(h, m));
        if (has_critics(h))
            FY_TRY(open_critic(h, m));
    }
    FY_TRY(open_fusion(h));
    FY_TRY(open_fused(h));
done:
    return st;
}

void hdnet_close_models(hdnet *h)
{
    fy_fused_free(h->fused);
    fy_model_free(h->fusion);
    for (int m = 0; m < HDNET_MAX; m++) {
        for (int k = 0; k < FY_HDNET_HEADS; k++) {
            fy_predictor_free(h->says[m][k]);
            fy_model_free(h->heads[m][k]);
        }
        fy_model_free(h->critics[m]);
        fy_model_free(h->encoders[m]);
        free(h->moves[m]);
    }
}

/* ---- values ----------------------------------------------------------------------------------------------- */

typedef fy_status (*model_fn)(hdnet *h, fy_model *m, const char *stage);

/* Every model that is handed back. */
static fy_status each(hdnet *h, model_fn fn, const char *stage)
{
    fy_status st;
    FY_TRY(fn(h, h->fusion, stage));
    for (int m = 0; m < h->n; m++) {
        FY_TRY(fn(h, h->encoders[m], stage));
        for (int k = 0; k < h->o->heads; k++)
            FY_TRY(fn(h, h->heads[m][k], stage));
    }
done:
    return st;
}

static fy_status draw(hdnet *h, fy_model *m, const char *stage)
{
    (void)stage;
    return fy_model_init(m, h->o->seed);
}

static const char *file_of(fy_model *m, const char *stage, char *name, size_t bytes)
{
    (void)snprintf(name, bytes, "%s+%s", stage, fy_model_name(m));
    return name;
}

static fy_status save(hdnet *h, fy_model *m, const char *stage)
{
    char name[256];
    return fy_run_save_model(h->run, file_of(m, stage, name, sizeof name), m);
}

static fy_status restore(hdnet *h, fy_model *m, const char *stage)
{
    char name[256];
    return fy_run_load_model(h->run, file_of(m, stage, name, sizeof name), m);
}

fy_status hdnet_restart(hdnet *h)
{
    fy_status st;
    FY_TRY(each(h, draw, NULL));
    for (int m = 0; m < h->n; m++)
        FY_TRY(encoder_load(h->encoders[m], &h->o->encoders[m]));
done:
    return st;
}

fy_status hdnet_save(hdnet *h, const char *stage)
{
    return each(h, save, stage);
}

fy_status hdnet_restore(hdnet *h, const char *stage)
{
    return each(h, restore, stage);
}
