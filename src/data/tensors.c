/* tensors.c: a dataset out of tensors that are already in memory. x [n, ...] f32 or u8, y [n]. */
#include "data/data.h"

#include <string.h>

typedef struct tensor_source {
    fyi_source base;
    fy_tensor *x; /* f32 or u8, [n, ...] */
} tensor_source;

static fy_status get(const fyi_source *s, int64_t i, float *x, float *scratch)
{
    const tensor_source *t = (const tensor_source *)s;
    const int64_t n = fy_shape_numel(&s->shape);

    (void)scratch;
    if (fy_tensor_dtype(t->x) == FY_F32) {
        memcpy(x, (const float *)fy_tensor_const_data(t->x) + i * n, (size_t)n * sizeof *x);
        return FY_OK;
    }
    for (int64_t k = 0; k < n; k++)
        x[k] = (float)((const uint8_t *)fy_tensor_const_data(t->x))[i * n + k] / 255.0f;
    return FY_OK;
}

static void close_source(fyi_source *s)
{
    fy_tensor_free(((tensor_source *)s)->x);
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source };

static fy_status check(const char *name, const fy_tensor *x, const fy_tensor *y)
{
    const fy_shape *s = fy_tensor_shape(x);
    const fy_dtype t = y != NULL ? fy_tensor_dtype(y) : FY_I32;
    char text[96];

    if (fy_tensor_dtype(x) != FY_F32 && fy_tensor_dtype(x) != FY_U8)
        return fyi_fail(FY_EDTYPE, "dataset '%s': samples are %s, expected f32 or u8", name,
                        fy_dtype_name(fy_tensor_dtype(x)));
    if (s->rank < 2 || fy_tensor_numel(x) == 0)
        return fyi_fail(FY_ESHAPE, "dataset '%s': samples are %s, expected [n, ...] with values",
                        name, fy_shape_text(s, text, sizeof text));
    if (t != FY_I32 && t != FY_I64 && t != FY_U8)
        return fyi_fail(FY_EDTYPE, "dataset '%s': labels are %s, expected i32, i64 or u8", name,
                        fy_dtype_name(t));
    if (y != NULL && (fy_tensor_shape(y)->rank != 1 || fy_tensor_shape(y)->d[0] != s->d[0]))
        return fyi_fail(FY_ESHAPE, "dataset '%s': %lld samples, but labels are %s", name,
                        (long long)s->d[0], fy_shape_text(fy_tensor_shape(y), text, sizeof text));
    return FY_OK;
}

static int64_t label_at(const fy_tensor *y, int64_t i)
{
    const void *p = fy_tensor_const_data(y);

    switch (fy_tensor_dtype(y)) {
    case FY_U8: return ((const uint8_t *)p)[i];
    case FY_I32: return ((const int32_t *)p)[i];
    default: return ((const int64_t *)p)[i];
    }
}

/* Too many classes is a mistake (a regression target, an index) long before it is a problem. */
#define MAX_CLASSES 1000000

static fy_status read_labels(const char *name, const fy_tensor *y, int32_t *label, int *n_classes)
{
    const int64_t limit = *n_classes > 0 ? *n_classes : MAX_CLASSES;
    int64_t top = -1;

    for (int64_t i = 0; i < fy_tensor_numel(y); i++) {
        const int64_t v = label_at(y, i);

        if (v < 0 || v >= limit)
            return fyi_fail(FY_EINVAL, "dataset '%s': label %lld of sample %lld is not in 0 .. %lld",
                            name, (long long)v, (long long)i, (long long)limit - 1);
        label[i] = (int32_t)v;
        top = FYI_MAX(top, v);
    }
    if (*n_classes <= 0)
        *n_classes = (int)top + 1;
    return FY_OK;
}

static void hash_tensor(fyi_sha256 *sum, const fy_tensor *t)
{
    char spec[FYI_SPEC_CHARS];

    fyi_spec_text(fy_tensor_dtype(t), fy_tensor_shape(t), spec);
    fyi_sha256_update(sum, spec, strlen(spec));
    fyi_sha256_update(sum, fy_tensor_const_data(t),
                      fyi_shape_bytes(fy_tensor_shape(t), fy_tensor_dtype(t)));
}

static fy_status new_source(const fy_tensor *x, const fy_tensor *y, fyi_source **out)
{
    fy_shape sample = { .rank = fy_tensor_shape(x)->rank - 1 };
    tensor_source *s = fyi_calloc(1, sizeof *s);
    fyi_sha256 sum;
    fy_status st;

    if (s == NULL)
        return fyi_enomem(sizeof *s, "a dataset");
    for (int i = 0; i < sample.rank; i++)
        sample.d[i] = fy_tensor_shape(x)->d[i + 1];
    fyi_source_init(&s->base, &ops, fy_tensor_shape(x)->d[0], sample);
    st = fy_tensor_copy(x, &s->x);
    if (st != FY_OK) {
        fyi_source_drop(&s->base);
        return st;
    }
    fyi_sha256_init(&sum);
    hash_tensor(&sum, x);
    if (y != NULL)
        hash_tensor(&sum, y);
    fyi_sha256_hex(&sum, s->base.hash);
    memcpy(s->base.key, s->base.hash, sizeof s->base.key);
    *out = &s->base;
    return FY_OK;
}

fy_status fy_dataset_from_tensors(const char *name, const fy_tensor *x, const fy_tensor *y,
                                  int n_classes, fy_dataset **out)
{
    fyi_source *source = NULL;
    int32_t *label = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check(name, x, y));
    if (y != NULL) {
        label = fyi_calloc((size_t)fy_tensor_numel(y), sizeof *label);
        if (label == NULL)
            return fyi_enomem((size_t)fy_tensor_numel(y) * sizeof *label, name);
        FY_TRY(read_labels(name, y, label, &n_classes));
    }
    FY_TRY(new_source(x, y, &source));
    st = fyi_dataset_new(&(fyi_dataset_spec){ .source = source,
                                              .n = source->n,
                                              .label = label,
                                              .n_classes = n_classes,
                                              .name = name,
                                              .how = "" },
                         out);
done:
    fyi_source_drop(source);
    fyi_free(label);
    return st;
}
