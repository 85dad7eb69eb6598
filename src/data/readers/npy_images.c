/* npy_images.c: a dataset out of two NumPy arrays.
 *
 *   images [n, h, w], [n, h, w, c] or [n, c, h, w] -> [n, c, h, w]; an axis of at most 4 holds the
 *   channels, the last one first. Labels [n]. */
#include "data/data.h"

#include <math.h>
#include <string.h>

#define MAX_CHANNELS 4

/* dst [c, area] from src [area, c], values of `bytes` bytes. */
static void split_channels(const char *src, int64_t area, int64_t c, size_t bytes, char *dst)
{
    for (int64_t k = 0; k < c; k++)
        for (int64_t i = 0; i < area; i++, dst += bytes)
            memcpy(dst, src + (size_t)(i * c + k) * bytes, bytes);
}

/* Where the channels are: 0 nowhere, 1 or 3; -1 if it cannot be told. */
static int channel_axis(const fy_shape *s)
{
    if (s->rank == 3)
        return 0;
    if (s->rank != 4)
        return -1;
    return s->d[3] <= MAX_CHANNELS ? 3 : s->d[1] <= MAX_CHANNELS ? 1 : -1;
}

/* [n, c, h, w]; takes t. */
static fy_status to_planes(const char *path, fy_tensor *t, fy_tensor **out)
{
    const fy_shape *s = fy_tensor_shape(t);
    const int axis = channel_axis(s);
    const int64_t c = axis == 0 ? 1 : axis > 0 ? s->d[axis] : 0;
    const fy_shape to = axis == 0   ? FY_SHAPE(s->d[0], 1, s->d[1], s->d[2])
                        : axis == 1 ? *s
                                    : FY_SHAPE(s->d[0], c, s->d[1], s->d[2]);
    const size_t bytes = fy_dtype_bytes(fy_tensor_dtype(t));
    const size_t sample = (size_t)(to.d[1] * to.d[2] * to.d[3]) * bytes;
    char text[96];

    if (axis < 0)
        return fyi_fail(FY_ESHAPE,
                        "'%s' holds an array %s; images are [n, h, w], [n, h, w, c] or "
                        "[n, c, h, w] with at most %d channels",
                        path, fy_shape_text(s, text, sizeof text), MAX_CHANNELS);
    FYI_FORWARD(fy_tensor_new(fy_tensor_dtype(t), to, out));
    if (axis != 3) {
        memcpy(fy_tensor_data(*out), fy_tensor_const_data(t), sample * (size_t)to.d[0]);
        return FY_OK;
    }
    for (int64_t i = 0; i < to.d[0]; i++)
        split_channels((const char *)fy_tensor_const_data(t) + (size_t)i * sample, to.d[2] * to.d[3],
                       c, bytes, (char *)fy_tensor_data(*out) + (size_t)i * sample);
    return FY_OK;
}

/* One value that is no number makes all that is learnt none. */
static fy_status check_finite(const char *path, const fy_tensor *x)
{
    const int64_t n = fy_tensor_numel(x), each = n / fy_tensor_shape(x)->d[0];
    const float *v = fy_tensor_const_data(x);

    for (int64_t i = 0; fy_tensor_dtype(x) == FY_F32 && i < n; i++)
        if (!isfinite(v[i]))
            return fyi_fail(FY_EFORMAT,
                            "'%s': value %lld of sample %lld, counted from 0, is %s; every value "
                            "must be finite: mend the file, or leave the sample out of it",
                            path, (long long)(i % each), (long long)(i / each),
                            isnan(v[i]) ? "not a number" : "infinite");
    return FY_OK;
}

fy_status fy_npy_images_open(const char *images_path, const char *labels_path, const char *name,
                             const fy_image_opts *o, fy_dataset **out)
{
    fy_tensor *file = NULL, *x = NULL, *y = NULL;
    fy_dataset *raw = NULL;
    fy_status st;

    *out = NULL;
    FY_TRY(fy_npy_read(images_path, &file));
    FY_TRY(to_planes(images_path, file, &x));
    if (fy_tensor_numel(x) > 0)
        FY_TRY(check_finite(images_path, x));
    if (labels_path != NULL)
        FY_TRY(fy_npy_read(labels_path, &y));
    FY_TRY(fy_dataset_from_tensors(name != NULL ? name : fyi_base_name(images_path), x, y, 0, &raw));
    FY_TRY(fyi_dataset_prepared(raw, o, out));
done:
    fy_tensor_free(y);
    fy_tensor_free(x);
    fy_tensor_free(file);
    return st;
}
