/* bf16_avx512.c: rows of bf16 and f32, 16 at a time. The integer form is used rather than the conversion of
 * AVX512_BF16, which flushes denormal numbers and is missing on many processors; both are waiting for memory. */
#include "backend/native/avx512.h"
#include "backend/native/bf16.h"

static void widen(float *dst, const uint16_t *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = lanes_below(i, n);
        const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, src + i));
        _mm512_mask_storeu_epi32(dst + i, lanes, _mm512_slli_epi32(wide, 16));
    }
}

/* The half that is dropped rounds up from just over a half on, and from a half on if the rest is odd. NaN keeps
 * its upper half, made quiet. */
INLINE __m256i rounded(__m512 x)
{
    const __m512i bits = _mm512_castps_si512(x), upper = _mm512_srli_epi32(bits, 16);
    const __m512i odd = _mm512_and_epi32(upper, _mm512_set1_epi32(1));
    const __m512i near = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __mmask16 is_nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i quiet = _mm512_or_epi32(upper, _mm512_set1_epi32(0x40));
    return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(_mm512_srli_epi32(near, 16), is_nan, quiet));
}

static void narrow(uint16_t *dst, const float *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16) {
        const __mmask16 lanes = lanes_below(i, n);
        _mm256_mask_storeu_epi16(dst + i, lanes, rounded(_mm512_maskz_loadu_ps(lanes, src + i)));
    }
}

const fyi_bf16_rows fyi_bf16_avx512 = { widen, narrow };
