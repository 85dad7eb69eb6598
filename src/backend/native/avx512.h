/* avx512.h: the few words the AVX-512 kernels are written in. Included by *_avx512.c only. */
#ifndef FYI_AVX512_H
#define FYI_AVX512_H

#include "backend/native/unroll.h"

#include <immintrin.h>
#include <stdint.h>

typedef __m512 vec; /* 16 floats */

INLINE vec load(const float *p)
{
    return _mm512_loadu_ps(p);
}

INLINE void store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

/* Of 16 lanes from `first` on, those below `end`. */
INLINE __mmask16 lanes_below(int64_t first, int64_t end)
{
    const unsigned lanes = end - first >= 16 ? 0xffffu
                           : end > first     ? (1u << (end - first)) - 1
                                             : 0;
    return (__mmask16)lanes;
}

/* Lanes outside the mask are not read, and zeros. */
INLINE vec load_some(__mmask16 lanes, const float *p)
{
    return _mm512_maskz_loadu_ps(lanes, p);
}

/* Zeros outside the mask, whatever stands there. */
INLINE vec keep(__mmask16 lanes, vec v)
{
    return _mm512_maskz_mov_ps(lanes, v);
}

INLINE vec splat(float x)
{
    return _mm512_set1_ps(x);
}

INLINE vec zero(void)
{
    return _mm512_setzero_ps();
}

/* a * b + c, rounded once */
INLINE vec fma3(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

/* c - a * b, rounded once */
INLINE vec fnma3(vec a, vec b, vec c)
{
    return _mm512_fnmadd_ps(a, b, c);
}

INLINE vec mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

INLINE vec add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

INLINE vec sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

/* NaN in b comes through: max(0, NaN) is NaN. */
INLINE vec vmax(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

/* NaN in b comes through here too. */
INLINE vec vmin(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

/* t[i][j] = r[j][i] */
INLINE void transpose16(vec r[16])
{
    vec t[16];
    EACH_BY (i, 16, 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    EACH_BY (i, 16, 4) {
        const __m512d a = _mm512_castps_pd(t[i]), b = _mm512_castps_pd(t[i + 1]);
        const __m512d c = _mm512_castps_pd(t[i + 2]), d = _mm512_castps_pd(t[i + 3]);
        r[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
        r[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
        r[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
        r[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
    }
    EACH (i, 4) {
        t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    }
    EACH (i, 4) {
        r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

/* The larger of four and which it is: the first of equals. */
INLINE vec max4(vec a, vec b, vec c, vec d, __m128i *which)
{
    const vec ab = vmax(a, b), cd = vmax(c, d);
    const __mmask16 b_wins = _mm512_cmp_ps_mask(b, a, _CMP_GT_OQ);
    const __mmask16 d_wins = _mm512_cmp_ps_mask(d, c, _CMP_GT_OQ);
    const __mmask16 cd_wins = _mm512_cmp_ps_mask(cd, ab, _CMP_GT_OQ);
    const __m512i of_ab = _mm512_maskz_set1_epi32(b_wins, 1);
    const __m512i of_cd = _mm512_mask_set1_epi32(_mm512_set1_epi32(2), d_wins, 3);
    *which = _mm512_cvtepi32_epi8(_mm512_mask_blend_epi32(cd_wins, of_ab, of_cd));
    return vmax(ab, cd);
}

#endif
