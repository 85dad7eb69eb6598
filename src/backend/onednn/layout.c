/* layout.c: Ferry's layouts and oneDNN's memory descriptors, one into the other. Both split an
 * axis into inner blocks and order the rest; what is not dense or not blocked has no layout and
 * is refused. */
#include "backend/onednn/onednn.h"

#include <string.h>

dnnl_data_type_t fyi_dnnl_type(fy_dtype t)
{
    static const dnnl_data_type_t types[] = {
        [FY_F32] = dnnl_f32, [FY_F64] = dnnl_data_type_undef, [FY_BF16] = dnnl_bf16,
        [FY_I32] = dnnl_s32, [FY_I64] = dnnl_data_type_undef, [FY_U8] = dnnl_u8,
    };
    return types[t];
}

/* ---- to the library -------------------------------------------------------------------------- */

/* The blocking of a tensor of `shape` in layout l. */
static fyi_blocking blocking_of(const fyi_layout *l, const fy_shape *shape)
{
    fyi_blocking b = { .rank = l->rank, .n_inner = l->n_inner };
    const fy_shape padded = fyi_layout_padded(l, shape);
    dnnl_dims_t blocks = { 0 };
    int64_t step = 1;
    for (int i = 0; i < b.rank; i++) {
        b.dims[i] = shape->d[i];
        b.padded[i] = padded.d[i];
        blocks[i] = 1;
    }
    for (int i = 0; i < l->n_inner; i++) {
        b.inner_size[i] = l->inner_size[i];
        b.inner_axis[i] = l->inner_axis[i];
        blocks[l->inner_axis[i]] *= l->inner_size[i];
        step *= l->inner_size[i];
    }
    for (int i = b.rank - 1; i >= 0; i--) {
        const int axis = l->outer[i];
        b.strides[axis] = step;
        step *= padded.d[axis] / blocks[axis];
    }
    return b;
}

fyi_md fyi_md_of(const fyi_desc *d)
{
    char text[32];
    const dnnl_data_type_t t = fyi_dnnl_type(d->dtype);
    if (t == dnnl_data_type_undef || d->shape.rank < 1)
        return NULL;
    const fyi_blocking b = blocking_of(&d->layout, &d->shape);
    return fyi_md_blocked(&b, fyi_layout_text(&d->layout, text), t);
}

/* ---- from the library ------------------------------------------------------------------------ */

/* How many whole blocks an axis has. */
static int64_t block_count(const fyi_blocking *b, int axis)
{
    int64_t block = 1;
    for (int k = 0; k < b->n_inner; k++)
        if (b->inner_axis[k] == axis)
            block *= b->inner_size[k];
    return b->padded[axis] / block;
}

/* Axes from the largest stride to the smallest. Of equal strides one belongs to a single block,
 * which lies inside the other: only so do the strides come out again, and the library's fast
 * kernels compare them even where an axis has one element and its stride means nothing. */
static bool is_outside(const fyi_blocking *b, int i, int j)
{
    if (b->strides[i] != b->strides[j])
        return b->strides[i] > b->strides[j];
    return block_count(b, i) > block_count(b, j);
}

static void order_axes(const fyi_blocking *b, fyi_layout *l)
{
    for (int i = 0; i < b->rank; i++) {
        int at = i;
        while (at > 0 && is_outside(b, i, l->outer[at - 1])) {
            l->outer[at] = l->outer[at - 1];
            at--;
        }
        l->outer[at] = (uint8_t)i;
    }
}

/* The strides of single blocks may differ: nothing is ever a block further. */
static bool same_places(const fyi_blocking *a, const fyi_blocking *b)
{
    for (int i = 0; i < a->rank; i++)
        if (a->padded[i] != b->padded[i] ||
            (block_count(a, i) > 1 && a->strides[i] != b->strides[i]))
            return false;
    return true;
}

static bool to_layout(const fyi_blocking *b, const fy_shape *shape, fyi_layout *out)
{
    fyi_layout l = { .rank = (uint8_t)b->rank, .n_inner = (uint8_t)b->n_inner };
    if (b->rank != shape->rank || b->n_inner > FYI_MAX_INNER)
        return false;
    for (int i = 0; i < b->n_inner; i++) {
        if (b->inner_size[i] > UINT8_MAX)
            return false;
        l.inner_axis[i] = (uint8_t)b->inner_axis[i];
        l.inner_size[i] = (uint8_t)b->inner_size[i];
    }
    order_axes(b, &l);
    const fyi_blocking made = blocking_of(&l, shape);
    *out = l;
    return memcmp(b->dims, shape->d, sizeof(int64_t) * (size_t)b->rank) == 0 &&
           same_places(b, &made);
}

bool fyi_md_to_layout(fyi_md md, const fyi_desc *d, fyi_layout *out)
{
    fyi_blocking b;
    dnnl_data_type_t t;
    return md && fyi_md_read(md, &b, &t) && t == fyi_dnnl_type(d->dtype) &&
           to_layout(&b, &d->shape, out);
}

/* ---- grouped weights ------------------------------------------------------------------------- */

/* A depthwise kernel is blocked over groups, [oc, 1, ...] seen as [oc, 1, 1, ...]. Otherwise
 * blocks lie within a group, and the groups follow each other: axis 0 of four is axis 1 of five. */
static fy_shape grouped_shape(const fy_shape *s, int64_t groups)
{
    return FY_SHAPE(groups, s->d[0] / groups, s->d[1], s->d[2], s->d[3]);
}

static bool is_depthwise(const fy_shape *s, int64_t groups)
{
    return s->d[0] == groups && s->d[1] == 1;
}

/* Axis of four to axis of five. */
static uint8_t wider_axis(uint8_t axis, bool depthwise)
{
    return (uint8_t)(axis > 0 ? axis + 1 : depthwise ? 0 : 1);
}

static bool widen(const fyi_layout *l, const fy_shape *s, int64_t groups, fyi_layout *out)
{
    const bool depthwise = is_depthwise(s, groups);
    if (!depthwise && l->outer[0] != 0)
        return false;
    *out = (fyi_layout){ .rank = 5, .n_inner = l->n_inner };
    int n = 0;
    for (int i = 0; i < 4; i++) {
        if (l->outer[i] == 0)
            out->outer[n++] = 0;
        out->outer[n++] = l->outer[i] == 0 ? 1 : (uint8_t)(l->outer[i] + 1);
    }
    for (int i = 0; i < l->n_inner; i++) {
        out->inner_axis[i] = wider_axis(l->inner_axis[i], depthwise);
        out->inner_size[i] = l->inner_size[i];
    }
    return true;
}

fyi_md fyi_md_grouped_any(const fyi_desc *d, int64_t groups)
{
    const fy_shape wide = grouped_shape(&d->shape, groups);
    return fyi_md_any(5, wide.d, fyi_dnnl_type(d->dtype));
}

fyi_md fyi_md_of_grouped(const fyi_desc *d, int64_t groups)
{
    fyi_desc wide = { .dtype = d->dtype, .shape = grouped_shape(&d->shape, groups) };
    return widen(&d->layout, &d->shape, groups, &wide.layout) ? fyi_md_of(&wide) : NULL;
}

/* The narrow layout whose widening is the library's. */
bool fyi_md_to_layout_grouped(fyi_md md, const fyi_desc *d, int64_t groups, fyi_layout *out)
{
    fyi_desc wide = { .dtype = d->dtype, .shape = grouped_shape(&d->shape, groups) };
    fyi_layout again;
    const bool depthwise = is_depthwise(&d->shape, groups);
    if (!fyi_md_to_layout(md, &wide, &wide.layout))
        return false;
    fyi_layout l = { .rank = 4, .n_inner = wide.layout.n_inner };
    int n = 0;
    for (int i = 0; i < 5; i++) /* group and channel follow each other: one of them is dropped */
        if (wide.layout.outer[i] != (depthwise ? 1 : 0))
            l.outer[n++] = wide.layout.outer[i] < 2 ? 0 : (uint8_t)(wide.layout.outer[i] - 1);
    for (int i = 0; i < l.n_inner; i++) {
        const uint8_t axis = wide.layout.inner_axis[i];
        if (axis == (depthwise ? 1 : 0))
            return false;
        l.inner_axis[i] = axis < 2 ? 0 : (uint8_t)(axis - 1);
        l.inner_size[i] = wide.layout.inner_size[i];
        if (!depthwise && axis == 1 && wide.shape.d[1] % l.inner_size[i] != 0)
            return false; /* padding inside each group has no place in four axes */
    }
    if (!widen(&l, &d->shape, groups, &again))
        return false;
    const fyi_blocking want = blocking_of(&wide.layout, &wide.shape);
    const fyi_blocking is = blocking_of(&again, &wide.shape);
    *out = l;
    return same_places(&want, &is);
}
