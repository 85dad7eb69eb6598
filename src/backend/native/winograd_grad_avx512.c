/* winograd_grad_avx512.c: the gradient of a convolution's weights by Winograd's transform,
 *
 *   diff_w = G^T (sum over tiles of (B^T d B) (A e A^T)) G      d: source tile, e: m x m elements
 * of diff_dst
 * the transpose of the forward form (Lavin and Gray 2016): 36 products whose inner size is the
 * tiles. */
#include "backend/native/avx512.h"
#include "backend/native/conv_pool.h"
#include "backend/native/winograd_tile.h"

/* A of a line of m, elements s apart in and t apart out. */
INLINE void line_diff(int m, const vec *e, int s, vec *o, int t)
{
    const vec two = splat(2), four = splat(4);
    vec even = e[0], odd = e[s], even2 = e[0], odd2 = e[s];
    if (m == 4) {
        even = add(even, e[2 * s]);
        odd = add(odd, e[3 * s]);
        even2 = fma3(four, e[2 * s], even2);
        odd2 = fma3(four, e[3 * s], odd2);
    }
    o[0] = e[0];
    o[t] = add(even, odd);
    o[2 * t] = sub(even, odd);
    o[3 * t] = fma3(two, odd2, even2);
    o[4 * t] = _mm512_fnmadd_ps(two, odd2, even2);
    o[5 * t] = e[(m - 1) * s];
}

/* G^T of a line of six. */
INLINE void line_weights_diff(int k, const vec *p, int s, vec *o, int t)
{
    const vec sixth = splat(-1.0f / 6), c = splat(1.0f / 24);
    const vec even = _mm512_mul_ps(sixth, add(p[s], p[2 * s]));
    const vec odd = _mm512_mul_ps(sixth, sub(p[s], p[2 * s]));
    const vec even2 = _mm512_mul_ps(c, add(p[3 * s], p[4 * s]));
    const vec odd2 = _mm512_mul_ps(c, sub(p[3 * s], p[4 * s]));
    o[0] = fma3(splat(0.25f), p[0], add(even, even2));
    o[t] = fma3(splat(2), odd2, odd);
    o[2 * t] = fma3(splat(4), even2, even);
    if (k == 5) {
        o[3 * t] = fma3(splat(8), odd2, odd);
        o[4 * t] = fma3(splat(16), even2, even);
    }
    o[(k - 1) * t] = add(o[(k - 1) * t], p[5 * s]);
}

/* ---- transforms of tiles --------------------------------------------------------------------- */

/* v [36, ic/16, chunk, 16] */
static void source_tile(const fyi_winograd *wg, const float *src, float *v, place at, int64_t i)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const int64_t m = 7 - s->k, n_icb = s->ic / 16, plane = wg->chunk * s->ic;
    for (int64_t b = 0; b < n_icb; b++) {
        float *to = v + (b * wg->chunk + i) * 16;
        vec d[36];
        transform_tile(s, src + (at.image * n_icb + b) * s->h * s->w * 16, at.y * m - s->pad,
                       at.x * m - s->pad, d);
        EACH (t, 36)
            store(to + t * plane, d[t]);
    }
}

INLINE void read_diff(int m, const fyi_winograd *wg, const float *diff, place at, vec *e)
{
    const int64_t y = at.y * m, x = at.x * m;
    const float *p = diff + (y * wg->ow + x) * 16;
    const bool whole = y + m <= wg->oh && x + m <= wg->ow;
    EACH (r, m)
        EACH (c, m)
            e[r * m + c] = whole || (y + r < wg->oh && x + c < wg->ow)
                               ? load(p + (r * wg->ow + c) * 16)
                               : zero();
}

/* e [36, oc/16, chunk, 16] */
INLINE void diff_tile(int m, const fyi_winograd *wg, const float *diff, float *e, place at,
                      int64_t i)
{
    const int64_t n_ocb = wg->s.oc / 16, plane = wg->chunk * wg->s.oc;
    for (int64_t b = 0; b < n_ocb; b++) {
        float *to = e + (b * wg->chunk + i) * 16;
        vec in[16], half[24], out[36];
        read_diff(m, wg, diff + (at.image * n_ocb + b) * wg->oh * wg->ow * 16, at, in);
        EACH (c, m)
            line_diff(m, in + c, m, half + c, m);
        EACH (r, 6)
            line_diff(m, half + m * r, 1, out + 6 * r, 1);
        EACH (t, 36)
            store(to + t * plane, out[t]);
    }
}

void fyi_winograd_grad_tiles_avx512(const fyi_winograd *wg, const float *src, const float *diff,
                                    float *v, float *e, int64_t first, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        const place at = place_of(wg, first + i);
        source_tile(wg, src, v, at, i);
        if (wg->s.k == 5)
            diff_tile(2, wg, diff, e, at, i);
        else
            diff_tile(4, wg, diff, e, at, i);
    }
}

/* ---- products -------------------------------------------------------------------------------- */

/* sum [8, cols 16] += v [count, 8 of 16]^T e [cols][count, 16]. These are summed up by themselves
 * first:
 * errors grow with the length of a sum. */
INLINE void outer(int cols, const float *v, const float *e, int64_t e_pitch, float *sum,
                  int64_t pitch, int64_t count)
{
    vec acc[8][2];
    EACH (r, 8)
        EACH (c, cols)
            acc[r][c] = zero();
    for (int64_t i = 0; i < count; i++, v += 16, e += 16) {
        vec w[2];
        EACH (c, cols)
            w[c] = load(e + c * e_pitch);
        EACH (r, 8) {
            const vec x = splat(v[r]);
            EACH (c, cols)
                acc[r][c] = fma3(x, w[c], acc[r][c]);
        }
    }
    EACH (r, 8)
        EACH (c, cols)
            store(sum + r * pitch + 16 * c, add(acc[r][c], load(sum + r * pitch + 16 * c)));
}

/* Tiles whose lines of e stay in the first-level cache while all of ic passes by. */
#define SOME_TILES 96

static void product(const fyi_winograd *wg, const float *v, const float *e, float *sum,
                    int64_t count)
{
    const int64_t ic = wg->s.ic, oc = wg->s.oc, block = wg->chunk * 16;
    for (int64_t o = 0; o < oc; o += 32)
        for (int64_t i = 0; i < ic; i += 8) {
            const float *from = v + i / 16 * block + i % 16, *with = e + o / 16 * block;
            if (o + 32 <= oc)
                outer(2, from, with, block, sum + i * oc + o, oc, count);
            else
                outer(1, from, with, block, sum + i * oc + o, oc, count);
        }
}

void fyi_winograd_grad_product_avx512(const fyi_winograd *wg, const float *v, const float *e,
                                      float *sum, int64_t count)
{
    for (int64_t i = 0; i < count; i += SOME_TILES)
        product(wg, v + 16 * i, e + 16 * i, sum, count - i < SOME_TILES ? count - i : SOME_TILES);
}

/* ---- back to weights ------------------------------------------------------------------------- */

INLINE void result_block(int k, const fyi_winograd *wg, const float *sum, float *diff_w, int64_t ob,
                         int64_t ib)
{
    const int64_t oc = wg->s.oc, plane = wg->s.ic * oc;
    float *to = diff_w + (ob * (wg->s.ic / 16) + ib) * k * k * 256;
    for (int64_t i = 0; i < 16; i++) {
        const float *from = sum + (ib * 16 + i) * oc + ob * 16;
        vec in[36], half[30], out[25];
        EACH (t, 36)
            in[t] = load(from + t * plane);
        EACH (x, 6)
            line_weights_diff(k, in + x, 6, half + x, 6);
        EACH (y, k)
            line_weights_diff(k, half + 6 * y, 1, out + k * y, 1);
        EACH (t, k * k)
            store(to + t * 256 + i * 16, out[t]);
    }
}

void fyi_winograd_grad_weights_avx512(const fyi_winograd *wg, const float *sum, float *diff_w,
                                      int64_t begin, int64_t end)
{
    const int64_t n_icb = wg->s.ic / 16;
    for (int64_t i = begin; i < end; i++)
        if (wg->s.k == 5)
            result_block(5, wg, sum, diff_w, i / n_icb, i % n_icb);
        else
            result_block(3, wg, sum, diff_w, i / n_icb, i % n_icb);
}

/* ---- gradient of the bias -------------------------------------------------------------------- */

void fyi_channel_sums_avx512(const float *diff, int64_t n, int64_t n_blocks, int64_t size,
                             float *sums, int64_t begin, int64_t end)
{
    for (int64_t b = begin; b < end; b++) {
        vec total = zero();
        for (int64_t image = 0; image < n; image++) {
            const float *p = diff + (image * n_blocks + b) * size * 16;
            vec part[4] = { zero(), zero(), zero(), zero() };
            for (int64_t i = 0; i < size; i++)
                part[i % 4] = add(part[i % 4], load(p + 16 * i));
            total = add(total, add(add(part[0], part[1]), add(part[2], part[3])));
        }
        store(sums + 16 * b, total);
    }
}
