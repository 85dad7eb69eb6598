/* axis.c: copying along an axis, for concat and slice. */
#include "backend/native/axis.h"

static bool keeps_first_axis(const fyi_layout *l)
{
    bool keeps = l->rank > 0 && l->outer[0] == 0;
    for (int i = 0; i < l->n_inner; i++)
        keeps = keeps && l->inner_axis[i] != 0;
    return keeps;
}

bool fyi_native_along(fy_device *dev, fyi_site *site)
{
    (void)dev;
    fyi_layout layout = fyi_layout_plain(site->dst[0].shape.rank);
    if (((const fyi_axis_attr *)site->attr)->axis == 0)
        for (int i = site->n_src - 1; i >= 0; i--)
            if (!fyi_layout_is_plain(&site->src[i].layout) && keeps_first_axis(&site->src[i].layout))
                layout = site->src[i].layout;
    for (int i = 0; i < site->n_src; i++)
        site->src[i].layout = layout;
    site->dst[0].layout = layout;
    return true;
}

int64_t fyi_native_index_bytes(const fyi_desc *d, int axis)
{
    const int64_t bytes = (int64_t)fy_dtype_bytes(d->dtype);
    fy_shape one = d->shape;
    if (axis > 0)
        return fyi_axis_of(&d->shape, axis).inner * bytes;
    one.d[0] = 1;
    return fyi_layout_numel(&d->layout, &one) * bytes;
}

typedef struct job {
    int64_t n, dst_step, src_step;
    char *dst;
    const char *src;
} job;

static void copy(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t i = begin; i < end; i++)
        memcpy(j->dst + i * j->dst_step, j->src + i * j->src_step, (size_t)j->n);
}

void fyi_native_copy_runs(int64_t outer, int64_t n, char *dst, int64_t dst_step, const char *src,
                          int64_t src_step)
{
    job j = { .n = n, .dst = dst, .dst_step = dst_step, .src = src, .src_step = src_step };
    if (n > 0)
        fyi_parallel(outer, fyi_grain(n / 4), copy, &j);
}
