/* conv_first_avx512.c: convolution of a source of few channels, pooled at once: the k x k map
 * between is never stored. A tile of two result rows, six columns and 32 channels stays in
 * registers. */
#include "backend/native/avx512.h"
#include "backend/native/conv_pool.h"

#include <stddef.h>

/* The 2 x (2 cols) results of `blocks` channel blocks whose top left source element is src. */
INLINE void tile(int cols, int blocks, const fyi_conv_pool_sizes *s, const float *src,
                 const float *weights, vec acc[2][6][2])
{
    const int64_t pitch = s->w + 2 * s->pad, plane = (s->h + 2 * s->pad) * pitch;
    const int64_t block_floats = s->k * s->k * s->ic * 16;
    EACH (i, 24)
        (&acc[0][0][0])[i] = zero();
    for (int64_t y = 0; y < s->k; y++)
        for (int64_t x = 0; x < s->k; x++)
            for (int64_t c = 0; c < s->ic; c++, weights += 16) {
                const float *p = src + c * plane + y * pitch + x;
                vec w[2];
                EACH (b, blocks)
                    w[b] = load(weights + b * block_floats);
                EACH (i, 2)
                    EACH (j, 2 * cols) {
                        const vec v = splat(p[i * pitch + j]);
                        EACH (b, blocks)
                            acc[i][j][b] = fma3(v, w[b], acc[i][j][b]);
                    }
            }
}

/* `left` true channels from the first block on. */
INLINE void pool_tile(int cols, int blocks, const fyi_conv_pool_sizes *s, const float *bias,
                      int64_t left, vec acc[2][6][2], float *dst, uint8_t *index)
{
    EACH (b, blocks) {
        const __mmask16 lanes = lanes_below(16 * b, left);
        const vec shift = load_some(lanes, bias + 16 * b);
        EACH (q, cols) {
            const int64_t at = (b * s->qh * s->qw + q) * 16;
            __m128i which;
            vec v = max4(acc[0][2 * q][b], acc[0][2 * q + 1][b], acc[1][2 * q][b],
                         acc[1][2 * q + 1][b], &which);
            v = add(v, shift);
            store(dst + at, keep(lanes, s->relu ? vmax(zero(), v) : v));
            _mm_storeu_si128((__m128i *)(index + at), which);
        }
    }
}

INLINE void convolve(int cols, int blocks, const fyi_conv_pool_sizes *s, const float *src,
                     const float *weights, const float *bias, int64_t left, float *dst,
                     uint8_t *index)
{
    vec acc[2][6][2];
    tile(cols, blocks, s, src, weights, acc);
    pool_tile(cols, blocks, s, bias, left, acc, dst, index);
}

/* A row of windows, three at a time; the last three may overlap those before. */
INLINE void row(int blocks, const fyi_conv_pool_sizes *s, const float *src, const float *weights,
                const float *bias, int64_t left, float *dst, uint8_t *index)
{
    if (s->qw < 3) {
        for (int64_t q = 0; q < s->qw; q++)
            convolve(1, blocks, s, src + 2 * q, weights, bias, left, dst + 16 * q, index + 16 * q);
        return;
    }
    for (int64_t q = 0;; q += 3) {
        q = q + 3 < s->qw ? q : s->qw - 3;
        convolve(3, blocks, s, src + 2 * q, weights, bias, left, dst + 16 * q, index + 16 * q);
        if (q + 3 == s->qw)
            return;
    }
}

void fyi_conv_first_avx512(const fyi_conv_pool_sizes *s, const float *src, const float *weights,
                           const float *bias, float *dst, uint8_t *index)
{
    const int64_t pitch = s->w + 2 * s->pad, n_blocks = s->oc / 16;
    const int64_t block_floats = s->k * s->k * s->ic * 16;
    for (int64_t b = 0; b < n_blocks; b += 2)
        for (int64_t r = 0; r < s->qh; r++) {
            const int64_t at = (b * s->qh + r) * s->qw * 16;
            const int64_t left = s->true_oc - 16 * b;
            const float *w = weights + b * block_floats;
            if (b + 1 < n_blocks)
                row(2, s, src + 2 * r * pitch, w, bias + 16 * b, left, dst + at, index + at);
            else
                row(1, s, src + 2 * r * pitch, w, bias + 16 * b, left, dst + at, index + at);
        }
}

/* ---- gradient of the weights ----------------------------------------------------------------- */

/* `ways` winners at a time: one sum alone would wait for itself. */
INLINE void gather_window(int n, int ways, float *dw, const float *columns, const float *g,
                          const int32_t *offset, int64_t count)
{
    vec sum[4][6];
    int64_t i = 0;
    EACH (k, ways)
        EACH (j, n)
            sum[k][j] = k ? zero() : load(dw + 16 * j);
    for (; i + ways <= count; i += ways)
        EACH (k, ways) {
            const float *p = columns + offset[i + k];
            const vec x = splat(g[i + k]);
            EACH (j, n)
                sum[k][j] = fma3(x, load(p + 16 * j), sum[k][j]);
        }
    for (; i < count; i++)
        EACH (j, n)
            sum[0][j] = fma3(splat(g[i]), load(columns + offset[i] + 16 * j), sum[0][j]);
    EACH (j, n) {
        EACH_BY (k, ways, 2)
            sum[k][j] = add(sum[k][j], sum[k + 1][j]);
        store(dw + 16 * j, ways == 4 ? add(sum[0][j], sum[2][j]) : sum[0][j]);
    }
}

void fyi_gather_window_avx512(float *dw, int64_t lanes, const float *columns, const float *g,
                              const int32_t *offset, int64_t count)
{
    switch (lanes / 16) {
    case 1: gather_window(1, 4, dw, columns, g, offset, count); break;
    case 2: gather_window(2, 4, dw, columns, g, offset, count); break;
    case 3: gather_window(3, 4, dw, columns, g, offset, count); break;
    case 4: gather_window(4, 2, dw, columns, g, offset, count); break;
    case 5: gather_window(5, 2, dw, columns, g, offset, count); break;
    default: gather_window(6, 2, dw, columns, g, offset, count); break;
    }
}
