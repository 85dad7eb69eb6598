/* bf16_avx512.h: 16 numbers stored as bf16, in registers as f32. Included by *_avx512.c only. */
#ifndef FYI_BF16_AVX512_H
#define FYI_BF16_AVX512_H

#include "backend/native/avx512.h"

INLINE vec widened(__m256i x)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}

/* The half that is dropped rounds up from just over a half on, and from a half on if the rest is odd. NaN keeps
 * its upper half, made quiet. The conversion of AVX512_BF16 is not used: it flushes denormal numbers. */
INLINE __m256i narrowed(vec x)
{
    const __m512i bits = _mm512_castps_si512(x), upper = _mm512_srli_epi32(bits, 16);
    const __m512i odd = _mm512_and_epi32(upper, _mm512_set1_epi32(1));
    const __m512i near = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __mmask16 is_nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const __m512i quiet = _mm512_or_epi32(upper, _mm512_set1_epi32(0x40));
    return _mm512_cvtepi32_epi16(_mm512_mask_mov_epi32(_mm512_srli_epi32(near, 16), is_nan, quiet));
}

INLINE vec load_bf16(const uint16_t *p)
{
    return widened(_mm256_loadu_si256((const void *)p));
}

INLINE void store_bf16(uint16_t *p, vec v)
{
    _mm256_storeu_si256((void *)p, narrowed(v));
}

#endif
