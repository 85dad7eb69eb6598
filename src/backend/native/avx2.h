/* avx2.h: the words of avx512.h for AVX2, 8 floats to a register. Included by *_avx2.c only. */
#ifndef FYI_AVX2_H
#define FYI_AVX2_H

#include "backend/native/unroll.h"

#include <immintrin.h>
#include <stdint.h>

typedef __m256 vec; /* 8 floats */

INLINE vec load(const float *p)
{
    return _mm256_loadu_ps(p);
}

INLINE void store(float *p, vec v)
{
    _mm256_storeu_ps(p, v);
}

INLINE vec splat(float x)
{
    return _mm256_set1_ps(x);
}

INLINE vec zero(void)
{
    return _mm256_setzero_ps();
}

/* a * b + c, rounded once */
INLINE vec fma3(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* c - a * b, rounded once */
INLINE vec fnma3(vec a, vec b, vec c)
{
    return _mm256_fnmadd_ps(a, b, c);
}

INLINE vec add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

INLINE vec sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

INLINE vec mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

/* NaN in b comes through: max(0, NaN) is NaN. */
INLINE vec vmax(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

/* NaN in b comes through here too. */
INLINE vec vmin(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

/* t[i][j] = r[j][i] */
INLINE void transpose8(vec r[8])
{
    vec t[8];
    EACH_BY (i, 8, 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    EACH_BY (i, 8, 4) {
        r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    EACH (i, 4) {
        t[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
        t[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
    }
    EACH (i, 8)
        r[i] = t[i];
}

/* ---- 8 numbers stored as bf16, in registers as f32 ------------------------------------------------------ */

INLINE vec load_bf16(const uint16_t *p)
{
    const __m256i x = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16));
}

/* Rounded as in bf16_avx512.h. */
INLINE void store_bf16(uint16_t *p, vec v)
{
    const __m256i bits = _mm256_castps_si256(v), upper = _mm256_srli_epi32(bits, 16);
    const __m256i odd = _mm256_and_si256(upper, _mm256_set1_epi32(1));
    const __m256i near = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    const __m256i quiet = _mm256_or_si256(upper, _mm256_set1_epi32(0x40));
    const __m256i half = _mm256_blendv_epi8(_mm256_srli_epi32(near, 16), quiet, is_nan);
    const __m256i packed = _mm256_packus_epi32(half, half);
    _mm_storeu_si128((void *)p, _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08)));
}

#endif
