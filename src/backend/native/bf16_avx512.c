/* bf16_avx512.c: rows of bf16 and f32, 16 at a time. */
#include "backend/native/bf16_avx512.h"
#include "backend/native/bf16.h"

static void widen(float *dst, const uint16_t *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = lanes_below(i, n);
        _mm512_mask_storeu_ps(dst + i, lanes, widened(_mm256_maskz_loadu_epi16(lanes, src + i)));
    }
}

static void narrow(uint16_t *dst, const float *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = lanes_below(i, n);
        _mm256_mask_storeu_epi16(dst + i, lanes, narrowed(load_some(lanes, src + i)));
    }
}

const fyi_bf16_rows fyi_bf16_avx512 = { widen, narrow };
