/* max_pool_avx512.c: the loops of max_pool.h. The first of equal elements wins, and a NaN over all others. */
#include "backend/native/max_pool.h"

#include "backend/native/avx512.h"
#include "backend/native/bf16_avx512.h"
#include "backend/native/stored.h"

#include <string.h>

/* Positions [begin, end) of a window that lie inside the image, whose first element would be `from`. */
typedef struct inside {
    int64_t from, begin, end;
} inside;

static inside inside_of(int64_t from, int64_t kernel, int64_t size)
{
    return (inside){ from, from < 0 ? -from : 0, size - from < kernel ? size - from : kernel };
}

/* ---- forward --------------------------------------------------------------------------------------------- */

typedef struct winner {
    vec best;
    __m512i which;
} winner;

INLINE winner better(winner a, vec v, int64_t position)
{
    const __mmask16 is_nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    const __mmask16 was_number = _mm512_cmp_ps_mask(a.best, a.best, _CMP_ORD_Q);
    const __mmask16 wins = _mm512_cmp_ps_mask(v, a.best, _CMP_GT_OQ) | (is_nan & was_number);
    return (winner){ _mm512_mask_mov_ps(a.best, wins, v),
                     _mm512_mask_set1_epi32(a.which, wins, (int)position) };
}

INLINE winner best_of(bool is_bf16, const fyi_max_pool *p, const void *src, inside y, inside x)
{
    const int64_t row = y.from + y.begin, column = x.from + x.begin;
    winner w = { load_stored(is_bf16, src, (row * p->w + column) * 16),
                 _mm512_set1_epi32((int)(y.begin * p->kernel[1] + x.begin)) };
    for (int64_t i = y.begin; i < y.end; i++)
        for (int64_t j = x.begin; j < x.end; j++)
            w = better(w, load_stored(is_bf16, src, ((y.from + i) * p->w + x.from + j) * 16),
                       i * p->kernel[1] + j);
    return w;
}

/* The same of a window of 2x2, `first` its first element. */
INLINE winner best_of_four(bool is_bf16, const fyi_max_pool *p, const void *src, int64_t first)
{
    const int64_t below = first + p->w * 16;
    winner w = { load_stored(is_bf16, src, first), _mm512_setzero_si512() };
    w = better(w, load_stored(is_bf16, src, first + 16), 1);
    w = better(w, load_stored(is_bf16, src, below), 2);
    return better(w, load_stored(is_bf16, src, below + 16), 3);
}

INLINE winner winner_at(bool is_bf16, bool is_2x2, const fyi_max_pool *p, const void *src,
                        int64_t oy, int64_t ox)
{
    if (is_2x2)
        return best_of_four(is_bf16, p, src, (2 * oy * p->w + 2 * ox) * 16);
    return best_of(is_bf16, p, src, inside_of(oy * p->stride[0] - p->pad[0], p->kernel[0], p->h),
                   inside_of(ox * p->stride[1] - p->pad[1], p->kernel[1], p->w));
}

INLINE void pool(bool is_bf16, const fyi_max_pool *p, int lanes, const void *src, void *dst,
                 uint8_t *index)
{
    const __m128i exists = _mm_movm_epi8(lanes_below(0, lanes));
    const bool is_2x2 = fyi_max_pool_is_2x2(p);
    for (int64_t oy = 0; oy < p->oh; oy++)
        for (int64_t ox = 0; ox < p->ow; ox++) {
            const winner w = winner_at(is_bf16, is_2x2, p, src, oy, ox);
            const int64_t o = (oy * p->ow + ox) * 16;
            store_stored(is_bf16, dst, o, w.best);
            _mm_storeu_si128((__m128i *)(index + o),
                             _mm_and_si128(exists, _mm512_cvtepi32_epi8(w.which)));
        }
}

void fyi_max_pool_avx512(const fyi_max_pool *p, int lanes, const void *src, void *dst,
                         uint8_t *index)
{
    if (p->is_bf16)
        pool(true, p, lanes, src, dst, index);
    else
        pool(false, p, lanes, src, dst, index);
}

/* ---- backward -------------------------------------------------------------------------------------------- */

/* Windows [begin, end) over element i of an axis. */
static inside windows_over(int64_t i, int64_t kernel, int64_t stride, int64_t pad, int64_t n)
{
    const int64_t past = i + pad - kernel; /* the last element before the first window's */
    const int64_t begin = past < 0 ? 0 : past / stride + 1, end = (i + pad) / stride + 1;
    return (inside){ i + pad, begin, end < n ? end : n };
}

/* What of the windows' gradients reaches the element that y and x are about. */
INLINE vec gathered(const fyi_max_pool *p, const void *diff_dst, const uint8_t *index, inside y,
                    inside x)
{
    vec sum = zero();
    for (int64_t oy = y.begin; oy < y.end; oy++)
        for (int64_t ox = x.begin; ox < x.end; ox++) {
            const int64_t position =
                (y.from - oy * p->stride[0]) * p->kernel[1] + x.from - ox * p->stride[1];
            const int64_t o = (oy * p->ow + ox) * 16;
            const __m128i which = _mm_loadu_si128((const __m128i *)(index + o));
            const __mmask16 won = _mm_cmpeq_epi8_mask(which, _mm_set1_epi8((char)position));
            sum = _mm512_mask_add_ps(sum, won, sum, load_stored(true, diff_dst, o));
        }
    return sum;
}

/* Each element gathers from the windows over it, and its sum is rounded once. */
static void pool_bwd_bf16(const fyi_max_pool *p, const void *diff_dst, const uint8_t *index,
                          void *diff_src)
{
    for (int64_t i = 0; i < p->h; i++) {
        const inside y = windows_over(i, p->kernel[0], p->stride[0], p->pad[0], p->oh);
        for (int64_t j = 0; j < p->w; j++) {
            const inside x = windows_over(j, p->kernel[1], p->stride[1], p->pad[1], p->ow);
            store_stored(true, diff_src, (i * p->w + j) * 16, gathered(p, diff_dst, index, y, x));
        }
    }
}

/* The same sums in the same order, from the windows' side: less to look up, but every sum is stored as it grows. */
static void pool_bwd_f32(const fyi_max_pool *p, const float *diff_dst, const uint8_t *index,
                         float *diff_src)
{
    memset(diff_src, 0, (size_t)(p->h * p->w) * 16 * sizeof *diff_src);
    for (int64_t oy = 0; oy < p->oh; oy++) {
        const inside y = inside_of(oy * p->stride[0] - p->pad[0], p->kernel[0], p->h);
        for (int64_t ox = 0; ox < p->ow; ox++, diff_dst += 16, index += 16) {
            const inside x = inside_of(ox * p->stride[1] - p->pad[1], p->kernel[1], p->w);
            const __m128i which = _mm_loadu_si128((const __m128i *)index);
            const vec diff = load(diff_dst);
            for (int64_t i = y.begin; i < y.end; i++) {
                float *to = diff_src + ((y.from + i) * p->w + x.from) * 16;
                for (int64_t j = x.begin; j < x.end; j++) {
                    const __m128i here = _mm_set1_epi8((char)(i * p->kernel[1] + j));
                    const __mmask16 won = _mm_cmpeq_epi8_mask(which, here);
                    const vec sum = load(to + j * 16);
                    store(to + j * 16, _mm512_mask_add_ps(sum, won, sum, diff));
                }
            }
        }
    }
}

INLINE __mmask16 above_zero(vec v)
{
    return _mm512_cmp_ps_mask(v, zero(), _CMP_GT_OQ);
}

/* Each window is written whole; what lies in none is zeroed first. dst NULL: without ReLU. */
INLINE void pool_bwd_2x2(bool is_bf16, const fyi_max_pool *p, const void *diff_dst, const void *dst,
                         const uint8_t *index, void *diff_src)
{
    if (p->h != 2 * p->oh || p->w != 2 * p->ow)
        memset(diff_src, 0, (size_t)(p->h * p->w) * 16 * (is_bf16 ? 2 : 4));
    for (int64_t oy = 0; oy < p->oh; oy++)
        for (int64_t ox = 0; ox < p->ow; ox++) {
            const int64_t o = (oy * p->ow + ox) * 16, to = (2 * oy * p->w + 2 * ox) * 16;
            const __m128i which = _mm_loadu_si128((const __m128i *)(index + o));
            vec diff = load_stored(is_bf16, diff_dst, o);
            if (dst)
                diff = keep(above_zero(load_stored(is_bf16, dst, o)), diff);
            EACH (k, 4)
                store_stored(is_bf16, diff_src, to + (k / 2 * p->w + k % 2) * 16,
                             keep(_mm_cmpeq_epi8_mask(which, _mm_set1_epi8((char)k)), diff));
        }
}

void fyi_pool_relu_bwd_avx512(const fyi_max_pool *p, const float *diff_dst, const float *dst,
                              const uint8_t *index, float *diff_src)
{
    pool_bwd_2x2(false, p, diff_dst, dst, index, diff_src);
}

void fyi_max_pool_bwd_avx512(const fyi_max_pool *p, const void *diff_dst, const uint8_t *index,
                             void *diff_src)
{
    if (fyi_max_pool_is_2x2(p) && p->is_bf16)
        pool_bwd_2x2(true, p, diff_dst, NULL, index, diff_src);
    else if (fyi_max_pool_is_2x2(p))
        pool_bwd_2x2(false, p, diff_dst, NULL, index, diff_src);
    else if (p->is_bf16)
        pool_bwd_bf16(p, diff_dst, index, diff_src);
    else
        pool_bwd_f32(p, diff_dst, index, diff_src);
}
