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

#endif
