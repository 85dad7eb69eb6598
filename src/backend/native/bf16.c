/* bf16.c: rows of bf16 and f32 in plain C, and the choice for this processor. */
#include "backend/native/bf16.h"
#include "backend/cpu.h"
#include "backend/native/native.h"

static void widen(float *dst, const uint16_t *src, int64_t n)
{
    FYI_VECTOR
    for (int64_t i = 0; i < n; i++)
        dst[i] = fyi_bf16_to_f32(src[i]);
}

static void narrow(uint16_t *dst, const float *src, int64_t n)
{
    FYI_VECTOR
    for (int64_t i = 0; i < n; i++)
        dst[i] = fyi_f32_to_bf16(src[i]);
}

static const fyi_bf16_rows portable = { widen, narrow };

const fyi_bf16_rows *fyi_bf16(void)
{
#if FYI_X86_64
    if (fyi_cpu_has_avx512())
        return &fyi_bf16_avx512;
#endif
    return &portable;
}
