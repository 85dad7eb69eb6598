/* axis.c: copying along an axis, for concat, slice and pad. */
#include "backend/native/axis.h"

static bool keeps_first_axis(const fyi_layout *l)
{
    bool keeps = l->rank > 0 && l->outer[0] == 0;
    for (int i = 0; i < l->n_inner; i++)
        keeps = keeps && l->inner_axis[i] != 0;
    return keeps;
}

/* The common layout along the first axis: any that keeps each of its indices in one piece. */
static fyi_layout layout_along_first(const fyi_site *site)
{
    for (int i = 0; i < site->n_src; i++)
        if (!fyi_layout_is_plain(&site->src[i].layout) && keeps_first_axis(&site->src[i].layout))
            return site->src[i].layout;
    return fyi_layout_plain(site->dst[0].shape.rank);
}

/* Do all pieces along the channels begin and end where a block of `block` does? */
static bool fills_blocks(const fyi_site *site, int64_t block)
{
    const fyi_axis_attr *a = site->attr;
    bool fills = site->dst[0].shape.d[1] % block == 0 && a->begin % block == 0 && a->step <= 1;
    for (int i = 0; i < site->n_src; i++)
        fills = fills && site->src[i].shape.d[1] % block == 0;
    return fills;
}

/* Whole blocks of channels are as good as channels: one piece per image. */
static fyi_layout layout_along_channels(const fyi_site *site)
{
    for (int i = 0; i < site->n_src; i++) {
        const fyi_layout *l = &site->src[i].layout;
        const fyi_layout blocked = fyi_layout_channel_block(4, FYI_MAX(l->inner_size[0], 1));
        if (l->n_inner == 1 && fyi_layout_equal(l, &blocked) && fills_blocks(site, l->inner_size[0]))
            return blocked;
    }
    return fyi_layout_plain(site->dst[0].shape.rank);
}

bool fyi_native_along(fy_device *dev, fyi_site *site)
{
    (void)dev;
    const int axis = ((const fyi_axis_attr *)site->attr)->axis;
    fyi_layout layout = fyi_layout_plain(site->dst[0].shape.rank);
    if (axis == 0)
        layout = layout_along_first(site);
    else if (axis == 1 && site->dst[0].shape.rank == 4)
        layout = layout_along_channels(site);
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

static void copy_words(const fyi_runs *r, char *dst, const char *src)
{
    for (int64_t k = 0; k < r->n; k++)
        memcpy(dst + k * r->dst_step, src + k * r->src_step, sizeof(uint32_t));
}

static void copy(void *ctx, int64_t begin, int64_t end)
{
    const fyi_runs *r = ctx;
    for (int64_t o = begin; o < end; o++) {
        char *dst = r->dst + o * r->dst_outer;
        const char *src = r->src + o * r->src_outer;
        if (r->bytes == sizeof(uint32_t)) {
            copy_words(r, dst, src);
            continue;
        }
        for (int64_t k = 0; k < r->n; k++)
            memcpy(dst + k * r->dst_step, src + k * r->src_step, (size_t)r->bytes);
    }
}

void fyi_native_copy_runs(const fyi_runs *runs)
{
    fyi_runs r = *runs;
    if (r.dst_step == r.bytes && r.src_step == r.bytes) {
        r.bytes *= r.n;
        r.n = 1;
    }
    if (r.n > 0 && r.bytes > 0)
        fyi_parallel(r.outer, fyi_grain(r.n * r.bytes / 4), copy, &r);
}
