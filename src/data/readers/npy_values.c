/* npy_values.c: vectors and series out of NumPy arrays.
 *
 *   FY_AXES_C    [n, columns]               -> [columns]
 *   FY_AXES_CT   [n, channels, t] or [n, t] -> [channels, t]
 *   FY_AXES_TC   [n, t, channels] or [n, t] -> [channels, t] */
#include "data/data.h"

#include <math.h>
#include <string.h>

fy_status fyi_array_read(const char *path, fy_tensor **out)
{
    const char *mark = strrchr(path, '#');
    char *file;
    fy_status st;

    *out = NULL;
    if (mark == NULL || fyi_path_exists(path))
        return fy_npy_read(path, out);
    file = fyi_strdup(path);
    if (file == NULL)
        return fyi_enomem(strlen(path), "a file's name");
    file[mark - path] = '\0';
    st = fy_npz_read(file, mark + 1, out);
    fyi_free(file);
    return st;
}

static fy_status sample_shape(const char *path, const fy_shape *s, fy_axes axes, fy_shape *out)
{
    const bool is_vector = axes == FY_AXES_C;
    char text[96];

    if (s->rank != 2 && (s->rank != 3 || is_vector))
        return fyi_fail(FY_ESHAPE, "'%s' holds an array %s; %s", path,
                        fy_shape_text(s, text, sizeof text),
                        is_vector ? "vectors are [n, columns]"
                                  : "series are [n, channels, t], [n, t, channels] or [n, t]");
    *out = is_vector            ? FY_SHAPE(s->d[1])
           : s->rank == 2       ? FY_SHAPE(1, s->d[1])
           : axes == FY_AXES_CT ? FY_SHAPE(s->d[1], s->d[2])
                                : FY_SHAPE(s->d[2], s->d[1]);
    return FY_OK;
}

/* dst [c, t] from src [t, c]. */
static void turn(const float *src, int64_t c, int64_t t, float *dst)
{
    for (int64_t k = 0; k < c; k++)
        for (int64_t i = 0; i < t; i++)
            dst[k * t + i] = src[i * c + k];
}

static fy_status check_values(const char *path, const fy_npy_opts *o, int64_t sample, float *x,
                              int64_t n)
{
    for (int64_t k = 0; k < n; k++) {
        if (isnan(x[k]) && o->missing == FY_MISSING_ZERO)
            x[k] = 0;
        if (!isfinite(x[k]) && !(isnan(x[k]) && o->missing == FY_MISSING_NAN))
            return fyi_fail(
                FY_EFORMAT,
                "'%s': value %lld of sample %lld is %s; say what stands for missing ones "
                "(missing: mean or zero), or mend it",
                path, (long long)k, (long long)sample,
                isnan(x[k]) ? "not a number" : "not finite in 32 bits");
    }
    return FY_OK;
}

/* f32 [n, ...] of what the file has. */
static fy_status convert(const char *path, const fy_tensor *file, const fy_npy_opts *o,
                         fy_tensor **out)
{
    const fy_shape *s = fy_tensor_shape(file);
    const size_t bytes = fy_dtype_bytes(fy_tensor_dtype(file));
    const char *from = fy_tensor_const_data(file);
    fy_shape sample;
    float *x, *scratch;
    int64_t numel;
    fy_status st = FY_OK;

    FYI_FORWARD(sample_shape(path, s, o->axes, &sample));
    FYI_FORWARD(fy_tensor_new(FY_F32, fy_shape_batch(s->d[0], &sample), out));
    numel = fy_shape_numel(&sample);
    x = fy_tensor_data(*out);
    scratch = fyi_calloc((size_t)numel, sizeof *scratch);
    if (scratch == NULL)
        return fyi_enomem((size_t)numel * sizeof *scratch, path);
    for (int64_t i = 0; st == FY_OK && i < s->d[0]; i++, x += numel, from += (size_t)numel * bytes) {
        fy_cast(FY_F32, scratch, fy_tensor_dtype(file), from, numel);
        if (o->axes == FY_AXES_TC && s->rank == 3)
            turn(scratch, sample.d[0], sample.d[1], x);
        else
            memcpy(x, scratch, (size_t)numel * sizeof *x);
        st = check_values(path, o, i, x, numel);
    }
    fyi_free(scratch);
    return st;
}

fy_npy_opts fy_npy_defaults(void)
{
    return (fy_npy_opts){ .axes = FY_AXES_C };
}

fy_status fy_npy_values_open(const char *path, const char *labels_path, const char *name,
                             const fy_npy_opts *o, fy_dataset **out)
{
    const fy_npy_opts defaults = fy_npy_defaults();
    fy_tensor *file = NULL, *x = NULL, *y = NULL;
    fy_status st;

    *out = NULL;
    FY_TRY(fyi_array_read(path, &file));
    FY_TRY(convert(path, file, o != NULL ? o : &defaults, &x));
    if (labels_path != NULL)
        FY_TRY(fyi_array_read(labels_path, &y));
    FY_TRY(fy_dataset_from_tensors(name != NULL ? name : fyi_base_name(path), x, y, 0, out));
done:
    fy_tensor_free(y);
    fy_tensor_free(x);
    fy_tensor_free(file);
    return st;
}
