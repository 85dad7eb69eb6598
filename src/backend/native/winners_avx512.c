/* winners_avx512.c: turns pooled gradients [windows, 16 channels] into one list per channel of
 * the windows that pass gradient on. Sixteen windows at a time are transposed, so that a
 * channel's sixteen lie in one register and are packed by one instruction. */
#include "backend/native/avx512.h"
#include "backend/native/conv_pool.h"

/* index [16 windows, 16 channels] to [16 channels, 16 windows] */
INLINE void transpose_bytes(const uint8_t *index, uint8_t *out)
{
    const __m512i gather_columns =
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i within =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    __m512i z[4], t[4];
    EACH (i, 4) {
        z[i] = _mm512_permutexvar_epi32(gather_columns, _mm512_loadu_si512(index + 64 * i));
        z[i] = _mm512_shuffle_epi8(z[i], within); /* dword c: four windows of channel c */
    }
    t[0] = _mm512_unpacklo_epi32(z[0], z[1]);
    t[1] = _mm512_unpackhi_epi32(z[0], z[1]);
    t[2] = _mm512_unpacklo_epi32(z[2], z[3]);
    t[3] = _mm512_unpackhi_epi32(z[2], z[3]);
    z[0] = _mm512_unpacklo_epi64(t[0], t[2]);
    z[1] = _mm512_unpackhi_epi64(t[0], t[2]);
    z[2] = _mm512_unpacklo_epi64(t[1], t[3]);
    z[3] = _mm512_unpackhi_epi64(t[1], t[3]);
    EACH (j, 4) { /* part k of z[j] is channel 4 k + j */
        _mm_storeu_si128((__m128i *)(out + 16 * j), _mm512_castsi512_si128(z[j]));
        _mm_storeu_si128((__m128i *)(out + 16 * (4 + j)), _mm512_extracti32x4_epi32(z[j], 1));
        _mm_storeu_si128((__m128i *)(out + 16 * (8 + j)), _mm512_extracti32x4_epi32(z[j], 2));
        _mm_storeu_si128((__m128i *)(out + 16 * (12 + j)), _mm512_extracti32x4_epi32(z[j], 3));
    }
}

/* The gradients of 16 windows, zero where ReLU was off, and their sum over windows. */
INLINE vec load_active(const float *diff, const float *dst, vec r[16], vec sum)
{
    EACH (i, 16) {
        r[i] = load(diff + 16 * i);
        if (dst)
            r[i] = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(load(dst + 16 * i), zero(), _CMP_GT_OQ),
                                       r[i]);
        sum = add(sum, r[i]);
    }
    return sum;
}

INLINE void append(fyi_winners *out, int channel, vec g, __m512i offset)
{
    const __mmask16 on = _mm512_cmp_ps_mask(g, zero(), _CMP_NEQ_UQ);
    const int64_t at = channel * out->cap + out->count[channel];
    store(out->g + at, _mm512_maskz_compress_ps(on, g));
    _mm512_storeu_si512(out->offset + at, _mm512_maskz_compress_epi32(on, offset));
    out->count[channel] += __builtin_popcount(on);
}

INLINE vec sixteen(const fyi_window_map *m, int64_t first, const float *diff, const float *dst,
                   const uint8_t *index, fyi_winners *out, vec sum)
{
    uint8_t position[256];
    vec r[16];
    const __m512i corner = _mm512_loadu_si512(m->corner + first);
    const __m512i step = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)m->step));
    sum = load_active(diff, dst, r, sum);
    transpose16(r);
    transpose_bytes(index, position);
    EACH (c, 16) {
        const __m512i at =
            _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(position + 16 * c)));
        append(out, c, r[c], _mm512_add_epi32(corner, _mm512_permutexvar_epi32(at, step)));
    }
    return sum;
}

/* The last windows, fewer than 16, go through a copy filled up with zeros. */
static vec rest(const fyi_window_map *m, int64_t first, const float *diff, const float *dst,
                const uint8_t *index, fyi_winners *out, vec sum)
{
    float diff16[256] = { 0 }, dst16[256] = { 0 };
    uint8_t index16[256] = { 0 };
    const int64_t n = (m->n_windows - first) * 16;
    for (int64_t i = 0; i < n; i++) {
        diff16[i] = diff[i];
        dst16[i] = dst ? dst[i] : 1.0f;
        index16[i] = index[i];
    }
    return sixteen(m, first, diff16, dst16, index16, out, sum);
}

void fyi_find_winners_avx512(const fyi_window_map *m, const float *diff, const float *dst,
                             const uint8_t *index, fyi_winners *out, float *sum)
{
    vec total = load(sum);
    int64_t i = 0;
    for (int c = 0; c < 16; c++)
        out->count[c] = 0;
    for (; i + 16 <= m->n_windows; i += 16)
        total = dst ? sixteen(m, i, diff + 16 * i, dst + 16 * i, index + 16 * i, out, total)
                    : sixteen(m, i, diff + 16 * i, NULL, index + 16 * i, out, total);
    if (i < m->n_windows)
        total = rest(m, i, diff + 16 * i, dst ? dst + 16 * i : NULL, index + 16 * i, out, total);
    store(sum, total);
}
