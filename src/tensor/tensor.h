/* What the library's own files share from the tensor room. */
#ifndef FYI_TENSOR_H
#define FYI_TENSOR_H

#include "base/base.h"

#include <ferry/tensor.h>

/* Bytes of a tensor that passed fy_shape_check. */
size_t fyi_shape_bytes(const fy_shape *s, fy_dtype t);
bool fyi_dtype_is_float(fy_dtype t);
/* "f32[64, 1, 28, 28]" in a buffer that lives until the end of the full expression's block. */
#define FYI_SPEC_CHARS 128
const char *fyi_spec_text(fy_dtype t, const fy_shape *s, char buf[FYI_SPEC_CHARS]);

/* The index of the first of x[0..n-1] that is NaN or infinite; n if all are finite. */
int64_t fyi_first_not_finite(const float *x, int64_t n);

static inline float fyi_bf16_to_f32(uint16_t h)
{
    const union {
        uint32_t u;
        float f;
    } c = { .u = (uint32_t)h << 16 };
    return c.f;
}

/* Rounds to nearest even; NaN stays NaN. */
static inline uint16_t fyi_f32_to_bf16(float f)
{
    const union {
        float f;
        uint32_t u;
    } c = { .f = f };
    if ((c.u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)((c.u >> 16) | 0x40u);
    return (uint16_t)((c.u + 0x7fffu + ((c.u >> 16) & 1u)) >> 16);
}

/* Exact; subnormal numbers, infinities and NaN included. */
float fyi_f16_to_f32(uint16_t h);

/* ---- stored.c: numbers as files hold them ------------------------------------------------------ */

/* A type of number that files hold; each is read as the smallest type of ours that has all its values. */
typedef struct fyi_stored {
    const char *name; /* safetensors': "F16" */
    size_t bytes;
    fy_dtype dtype; /* what it is read as */
    /* Of n numbers in this machine's order at any address; false if one is too large for dtype. */
    bool (*widen)(void *dst, const void *src, size_t n);
} fyi_stored;

const fyi_stored *fyi_stored_find(const char *name); /* NULL: no such type, or Ferry cannot read it */
/* FYI_STORED_NAMES lists them for sentences. */
#define FYI_STORED_NAMES "F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8 and BOOL"

/* Numbers in a block of a file: element [i, j, ...] is the number offset + i * stride[0] + j * stride[1] + ...
 * of the block. */
typedef struct fyi_view {
    const fyi_stored *stored;
    bool is_swapped; /* not in this machine's order of bytes */
    fy_shape shape;
    int64_t offset, stride[FY_MAX_RANK];
} fyi_view;

/* Strides of a row-major array, or with `columns_first` of a column-major one (Fortran's). */
void fyi_view_pack(fyi_view *v, bool columns_first);
/* FY_EFORMAT unless all of it lies in a block of `numbers` numbers; refuses views that say far more than their
 * block holds. `owner` and `name` are for the sentence: the file's and the tensor's. */
fy_status fyi_view_check(const fyi_view *v, uint64_t numbers, const char *owner, const char *name);
/* Writes the view's numbers, row-major, of type v->stored->dtype. `block` holds whole numbers at any address;
 * the view was checked against it. */
fy_status fyi_view_read(const fyi_view *v, const void *block, void *dst, const char *owner,
                        const char *name);

#endif
