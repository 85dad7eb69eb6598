/* layout.c: how a value's elements lie in memory. An index splits per axis into the digits of its
 * inner blocks, innermost last, and what is left counts whole blocks in the outer order:
 *
 *   nChw16c: offset of [n, c, h, w] = (((n C/16 + c/16) H + h) W + w) 16 + c%16 */
#include "graph/kernel.h"

#include <string.h>

fyi_layout fyi_layout_plain(int rank)
{
    fyi_layout l = { .rank = (uint8_t)rank };
    for (int i = 0; i < rank; i++)
        l.outer[i] = (uint8_t)i;
    return l;
}

fyi_layout fyi_layout_channel_block(int rank, int block)
{
    fyi_layout l = fyi_layout_plain(rank);
    if (rank < 2 || block < 2)
        return l;
    l.n_inner = 1;
    l.inner_axis[0] = 1;
    l.inner_size[0] = (uint8_t)block;
    return l;
}

/* Entries past the rank and the inner count mean nothing and are not compared. */
bool fyi_layout_equal(const fyi_layout *a, const fyi_layout *b)
{
    return a->rank == b->rank && a->n_inner == b->n_inner &&
           memcmp(a->outer, b->outer, a->rank) == 0 &&
           memcmp(a->inner_axis, b->inner_axis, a->n_inner) == 0 &&
           memcmp(a->inner_size, b->inner_size, a->n_inner) == 0;
}

bool fyi_layout_is_plain(const fyi_layout *l)
{
    bool plain = l->n_inner == 0;
    for (int i = 0; i < l->rank; i++)
        plain &= l->outer[i] == i;
    return plain;
}

/* The product of an axis's inner blocks. */
static int64_t block_of(const fyi_layout *l, int axis)
{
    int64_t block = 1;
    for (int i = 0; i < l->n_inner; i++)
        if (l->inner_axis[i] == axis)
            block *= l->inner_size[i];
    return block;
}

fy_shape fyi_layout_padded(const fyi_layout *l, const fy_shape *s)
{
    fy_shape padded = *s;
    for (int i = 0; i < s->rank; i++) {
        const int64_t block = block_of(l, i);
        padded.d[i] = (s->d[i] + block - 1) / block * block;
    }
    return padded;
}

int64_t fyi_layout_numel(const fyi_layout *l, const fy_shape *s)
{
    const fy_shape padded = fyi_layout_padded(l, s);
    return fy_shape_numel(&padded);
}

int64_t fyi_layout_offset(const fyi_layout *l, const fy_shape *s, const int64_t *at)
{
    int64_t rest[FY_MAX_RANK] = { 0 }, offset = 0, step = 1;
    for (int i = 0; i < l->rank; i++)
        rest[i] = at[i];
    for (int i = l->n_inner - 1; i >= 0; i--) {
        const int axis = l->inner_axis[i];
        offset += rest[axis] % l->inner_size[i] * step;
        rest[axis] /= l->inner_size[i];
        step *= l->inner_size[i];
    }
    for (int i = l->rank - 1; i >= 0; i--) {
        const int axis = l->outer[i];
        const int64_t block = block_of(l, axis);
        offset += rest[axis] * step;
        step *= (s->d[axis] + block - 1) / block;
    }
    return offset;
}

/* A blocked axis is a capital letter, its blocks follow: "aBcd16b" is nChw16c. */
const char *fyi_layout_text(const fyi_layout *l, char buf[32])
{
    int n = 0;
    for (int i = 0; i < l->rank; i++)
        buf[n++] = (char)((block_of(l, l->outer[i]) > 1 ? 'A' : 'a') + l->outer[i]);
    buf[n] = 0;
    for (int i = 0; i < l->n_inner; i++)
        n += snprintf(buf + n, 32 - (size_t)n, "%d%c", l->inner_size[i], 'a' + l->inner_axis[i]);
    return buf;
}

fyi_desc fyi_desc_plain(fy_dtype t, const fy_shape *s)
{
    return (fyi_desc){ .dtype = t, .shape = *s, .layout = fyi_layout_plain(s->rank) };
}

fyi_desc fyi_desc_stored(const fy_device *dev, const fyi_spec *s)
{
    return fyi_desc_plain(s->dtype == FY_F32 ? dev->float_store : s->dtype, &s->shape);
}

bool fyi_desc_equal(const fyi_desc *a, const fyi_desc *b)
{
    return a->dtype == b->dtype && fy_shape_equal(&a->shape, &b->shape) &&
           fyi_layout_equal(&a->layout, &b->layout);
}

size_t fyi_desc_bytes(const fyi_desc *d)
{
    return (size_t)fyi_layout_numel(&d->layout, &d->shape) * fy_dtype_bytes(d->dtype);
}
