/* fused.c: encoders and a fusion as one predictor. Features of all parts come first, one encoder after the other; what a subset of
 * the parts says is then the fusion's word on the same features, with the others marked as missing. */
#include "train/fused.h"

#include "tensor/tensor.h"

#include <string.h>

/* ---- opening -------------------------------------------------------------------------------------------- */

static fy_status check_encoder(const fy_fused *f, int m)
{
    char is[FYI_SPEC_CHARS];
    const fy_shape *s = fy_model_output(f->encoders[m]);
    if (s->rank == 1 && s->d[0] == f->width)
        return FY_OK;
    return fyi_fail(
        FY_ESHAPE,
        "encoder '%s' gives %s for a sample, and the fusion takes %lld features of each part",
        fy_model_name(f->encoders[m]), fy_shape_text(s, is, sizeof is), (long long)f->width);
}

static fy_status check(fy_fused *f)
{
    char is[FYI_SPEC_CHARS];
    const fy_shape *in = &fy_model_options(f->fusion)->input, *out = fy_model_output(f->fusion);
    if (f->n < 1 || f->n > FY_MAX_MODALITIES)
        return fyi_fail(FY_EINVAL, "a fused model of %d modalities; expected 1 to %d", f->n,
                        FY_MAX_MODALITIES);
    if (in->rank != 2 || in->d[0] != f->n || in->d[1] < 2 || out->rank != 1)
        return fyi_fail(FY_ESHAPE,
                        "fusion '%s' takes %s; expected [%d, features + 1] for %d modalities",
                        fy_model_name(f->fusion), fy_shape_text(in, is, sizeof is), f->n, f->n);
    f->width = in->d[1] - 1;
    f->classes = out->d[0];
    for (int m = 0; m < f->n; m++)
        FYI_FORWARD(check_encoder(f, m));
    return FY_OK;
}

static fy_status open_predictors(fy_fused *f, const fy_fused_moving *moving)
{
    fy_moving_opts o = { .batch = moving->batch, .moves = "*", .features = moving->features };
    FYI_FORWARD(fy_predictor_new_moving(f->dev, &f->fusion, 1, &o, &f->fuse));
    for (int m = 0; m < f->n; m++) {
        o.moves = moving->moves && moving->moves[m] ? moving->moves[m] : "*";
        FYI_FORWARD(fy_predictor_new_moving(f->dev, &f->encoders[m], 1, &o, &f->encode[m]));
    }
    return FY_OK;
}

static fy_status fill(fy_fused *f, fy_model *const *encoders, const fy_fused_moving *o)
{
    for (int m = 0; m < f->n && m < FY_MAX_MODALITIES; m++)
        f->encoders[m] = encoders[m];
    FYI_FORWARD(check(f));
    return open_predictors(f, o);
}

fy_status fy_fused_new(fy_device *dev, fy_model *const *encoders, fy_model *fusion, int n,
                       int64_t batch, fy_fused **out)
{
    return fy_fused_new_moving(dev, encoders, fusion, n, &(fy_fused_moving){ .batch = batch }, out);
}

fy_status fy_fused_new_moving(fy_device *dev, fy_model *const *encoders, fy_model *fusion, int n,
                              const fy_fused_moving *o, fy_fused **out)
{
    *out = NULL;
    fy_fused *f = fyi_calloc(1, sizeof *f);
    if (!f)
        return fyi_enomem(sizeof *f, "a fused model");
    f->dev = dev;
    f->n = n;
    f->fusion = fusion;
    const fy_status st = fill(f, encoders, o);
    if (st != FY_OK) {
        fy_fused_free(f);
        return st;
    }
    *out = f;
    return FY_OK;
}

void fy_fused_free(fy_fused *f)
{
    if (!f)
        return;
    fy_predictor_free(f->fuse);
    for (int m = 0; m < FY_MAX_MODALITIES; m++) {
        fy_predictor_free(f->encode[m]);
        if (f->is_owner)
            fy_model_free(f->encoders[m]);
    }
    if (f->is_owner)
        fy_model_free(f->fusion);
    fyi_free(f);
}

int fy_fused_modalities(const fy_fused *f)
{
    return f->n;
}

const char *fy_fused_name(const fy_fused *f, int m)
{
    return m >= 0 && m < f->n ? fy_model_name(f->encoders[m]) : NULL;
}

fy_model *fy_fused_encoder(const fy_fused *f, int m)
{
    return m >= 0 && m < f->n ? f->encoders[m] : NULL;
}

fy_model *fy_fused_fusion(const fy_fused *f)
{
    return f->fusion;
}

/* ---- predicting ----------------------------------------------------------------------------------------- */

/* Part m of all samples: from values [count, width], zeros where it is missing. */
static void put_part(const fy_fused *f, const fy_parts *p, int m, const float *values, float *z)
{
    const float *there = fy_parts_there(p, m);
    const int64_t row = f->width + 1;
    for (int64_t i = 0; i < fy_parts_count(p); i++) {
        float *to = z + (i * f->n + m) * row;
        if (there[i] == 0)
            continue;
        memcpy(to, values + i * f->width, (size_t)f->width * sizeof *to);
        to[f->width] = 1;
    }
}

static fy_status encode(const fy_fused *f, const fy_parts *p, int m, float *z)
{
    fy_tensor *values = NULL, **outs[] = { &values };
    const fy_status st = fy_predict(f->encode[m], fy_parts_dataset(p, m), outs);
    if (st == FY_OK)
        put_part(f, p, m, fy_tensor_const_data(values), z);
    fy_tensor_free(values);
    return st;
}

fy_status fy_fused_features(fy_fused *f, const fy_parts *p, unsigned subset, fy_tensor **z)
{
    fy_tensor *t = NULL;
    fy_status st = FY_OK;
    *z = NULL;
    if (fy_parts_modalities(p) != f->n)
        return fyi_fail(FY_EINVAL, "samples of %d modalities for a model of %d",
                        fy_parts_modalities(p), f->n);
    FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(fy_parts_count(p), f->n, f->width + 1), &t));
    memset(fy_tensor_data(t), 0, (size_t)fy_tensor_numel(t) * sizeof(float));
    for (int m = 0; m < f->n && st == FY_OK; m++)
        if (subset >> m & 1)
            st = encode(f, p, m, fy_tensor_data(t));
    if (st != FY_OK)
        fy_tensor_free(t);
    else
        *z = t;
    return st;
}

/* The parts outside the subset are marked as missing. */
static void mask(const fy_fused *f, fy_tensor *z, unsigned subset)
{
    const int64_t row = f->width + 1, n = fy_tensor_shape(z)->d[0];
    float *v = fy_tensor_data(z);
    for (int64_t i = 0; i < n * f->n; i++)
        if (!(subset >> (i % f->n) & 1))
            v[i * row + f->width] = 0;
}

static fy_status check_features(const fy_fused *f, const fy_tensor *z)
{
    char is[FYI_SPEC_CHARS];
    const fy_shape *s = fy_tensor_shape(z);
    if (fy_tensor_dtype(z) == FY_F32 && s->rank == 3 && s->d[1] == f->n && s->d[2] == f->width + 1)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "features %s; expected f32 [count, %d, %lld]",
                    fyi_spec_text(fy_tensor_dtype(z), s, is), f->n, (long long)f->width + 1);
}

fy_status fy_fused_logits(fy_fused *f, const fy_tensor *z, unsigned subset, fy_tensor **logits)
{
    fy_tensor *masked = NULL, **outs[] = { logits };
    fy_dataset *d = NULL;
    fy_status st;
    *logits = NULL;
    FYI_FORWARD(check_features(f, z));
    FY_TRY(fy_tensor_copy(z, &masked));
    mask(f, masked, subset);
    FY_TRY(fy_dataset_from_tensors("features", masked, NULL, 0, &d));
    FY_TRY(fy_predict(f->fuse, d, outs));
done:
    fy_dataset_free(d);
    fy_tensor_free(masked);
    return st;
}
