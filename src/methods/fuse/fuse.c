/* fuse.c: learning from several modalities, as a list of stages.
 *
 *   alone   each modality's encoder and classifier by themselves, where the method asks for it
 *   fuse    encoders and fusion together, by the method's loss; its best epoch is kept
 * and then what each modality has come to is measured, once. */
#include "methods/fuse/fuse.h"

#include <math.h>
#include <stdlib.h>

fy_fuse_opts fy_fuse_defaults(void)
{
    fy_fuse_opts o = {
        .method = "joint",
        .fusion = "fusion_concat",
        .features = 64,
        .optim = { .name = "adam", .lr = 1e-3, .momentum = 0.9, .beta1 = 0.9 },
        .encoder_rate = 1,
        .alpha = 1,
        .ogm = { .alpha = 0.3, .noise = true },
        .agm_alpha = 1,
        .mmpareto_gamma = 1.5,
        .umt_weight = 1,
        .unique = { .beta = -1,
                    .beta_max = 1,
                    .kappa = 1,
                    .epsilon = 0.1,
                    .gamma = 2,
                    .delta = 0.05,
                    .begin = 0.1,
                    .rate = 1 },
        .epochs = 20,
        .batch = 64,
        .schedule = "cosine",
        .workers = 1,
    };
    for (int m = 0; m < FUSE_MAX; m++)
        o.encoders[m].dropout = -1;
    return o;
}

/* ---- opening ---------------------------------------------------------------------------------------------- */

static fuse_kept kept_none(void)
{
    return (fuse_kept){ .best_epoch = -1 };
}

static fy_status keep_state(fusing *f)
{
    const size_t bytes = f->method->state_bytes;
    if (bytes == 0)
        return FY_OK;
    f->state = calloc(1, bytes);
    if (!f->state)
        return fy_error(FY_ENOMEM, "fuse: no memory for %zu bytes", bytes);
    return fy_run_keep_data(f->run, "fuse.state", f->state, bytes, NULL);
}

static fy_status open_all(fusing *f)
{
    fy_status st;
    f->alone = f->kept = kept_none();
    FY_TRY(fy_run_keep_data(f->run, "fuse.alone", &f->alone, sizeof f->alone, NULL));
    FY_TRY(fy_run_keep_data(f->run, "fuse.kept", &f->kept, sizeof f->kept, NULL));
    FY_TRY(keep_state(f));
    FY_TRY(fuse_open_models(f));
done:
    return st;
}

static void close_all(fusing *f)
{
    fy_run_forget(f->run); /* what it was asked to keep ends here */
    fuse_close_models(f);
    free(f->state);
}

/* ---- what came of it -------------------------------------------------------------------------------------- */

static int64_t values_of(const fy_model *m)
{
    int64_t n = 0;
    for (int i = 0; i < fy_model_count(m); i++)
        if (!fy_model_param_is_buffer(m, i))
            n += fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
    return n;
}

static int64_t count_values(const fusing *f)
{
    int64_t n = values_of(f->net.fusion);
    for (int m = 0; m < f->n; m++)
        n += values_of(f->net.encoders[m]);
    return n;
}

static void fill(const fusing *f, const fy_fused_figures *v, fy_fuse_report *r)
{
    const fuse_kept *k = f->method->build ? &f->kept : &f->alone;
    *r = (fy_fuse_report){ .fused = v->fused,
                           .fused_val = v->fused_val,
                           .n = f->n,
                           .weak = v->weak,
                           .epochs = k->epochs,
                           .best_epoch = k->best_epoch,
                           .moved = count_values(f) };
    for (int m = 0; m < f->n; m++)
        r->branches[m] = v->branches[m];
}

static fy_status finish(const fusing *f, fy_fuse_report *r)
{
    const fy_fuse_data *d = f->data;
    fy_fused_figures *v = malloc(sizeof *v);
    fy_status st;
    if (!v)
        return fy_error(FY_ENOMEM, "fuse: no memory for the figures");
    FY_TRY(fy_fused_save(f->net.fused, f->run));
    FY_TRY(fy_fused_measure(f->net.fused, d->train, d->val, d->test, f->o->weak, v));
    if (f->method->add_figures)
        f->method->add_figures(f, v);
    fill(f, v, r);
    const fy_fused_about about = { f->method->name, r->epochs, r->best_epoch, r->moved };
    FY_TRY(fy_run_write_fused(f->run, f->net.fused, v, &about));
done:
    free(v);
    return st;
}

static fy_status learn(fusing *f)
{
    const fuse_net *alone = f->method->build ? &f->teacher : &f->net;
    fy_status st = FY_OK;
    if (f->method->learns_alone)
        FY_TRY(fuse_learn_alone(f, alone));
    if (f->method->build)
        FY_TRY(fuse_learn(f));
done:
    return st;
}

fy_status fy_fuse(fy_run *r, fy_device *dev, const fy_fuse_data *data, const fy_fuse_opts *o,
                  fy_fuse_report *report)
{
    fusing f = { .run = r,
                 .dev = dev,
                 .o = o,
                 .data = data,
                 .n = fy_parts_modalities(data->train),
                 .n_classes = fy_dataset_classes(fy_parts_dataset(data->train, 0)) };
    fy_status st;
    *report = (fy_fuse_report){ 0 };
    FY_TRY(fuse_method_find(o->method, &f.method));
    FY_TRY(fuse_check(&f));
    FY_TRY(open_all(&f));
    FY_TRY(learn(&f));
    FY_TRY(finish(&f, report));
done:
    close_all(&f);
    return st;
}
