/* winograd_avx512.c: convolution as 36 small matrix products (Lavin and Gray 2016); the result is
 * pooled
 * on the way out, or stored with bias, residual and ReLU.
 *
 *   tile = B^T d B       d: 6x6 source elements of 16 channels
 *   u = G w G^T          w: k x k weights, k = 3 or 5
 *   y = A^T (sum over ic of tile * u) A     y: m x m results, m = 4 or 2
 * with the points 0, 1, -1, 2, -2, infinity for both k, so that B is the same. Relative L2 error
 * about 1e-6. */
#include "backend/native/avx512.h"
#include "backend/native/conv_pool.h"
#include "backend/native/winograd_tile.h"

#include <stddef.h>
#include <string.h>

/* ---- transforms of one line, elements s apart in and t apart out ----------------------------- */

INLINE void line_weights(int k, const vec *w, int s, vec *o, int t)
{
    const vec sixth = splat(-1.0f / 6), c = splat(1.0f / 24);
    vec even = w[0], odd = w[s], even2 = w[0], odd2 = w[s];
    even = add(even, w[2 * s]);
    even2 = fma3(splat(4), w[2 * s], even2);
    if (k == 5) {
        even = add(even, w[4 * s]);
        odd = add(odd, w[3 * s]);
        even2 = fma3(splat(16), w[4 * s], even2);
        odd2 = fma3(splat(4), w[3 * s], odd2);
    }
    odd2 = add(odd2, odd2);
    o[0] = _mm512_mul_ps(splat(0.25f), w[0]);
    o[t] = _mm512_mul_ps(sixth, add(even, odd));
    o[2 * t] = _mm512_mul_ps(sixth, sub(even, odd));
    o[3 * t] = _mm512_mul_ps(c, add(even2, odd2));
    o[4 * t] = _mm512_mul_ps(c, sub(even2, odd2));
    o[5 * t] = w[(k - 1) * s];
}

INLINE void line_out(int m, const vec *p, int s, vec *o, int t)
{
    const vec a = add(p[s], p[2 * s]), b = sub(p[s], p[2 * s]);
    const vec c = add(p[3 * s], p[4 * s]), d = sub(p[3 * s], p[4 * s]);
    o[0] = add(add(p[0], a), c);
    if (m == 2) {
        o[t] = add(fma3(splat(2), d, b), p[5 * s]);
        return;
    }
    o[t] = fma3(splat(2), d, b);
    o[2 * t] = fma3(splat(4), c, a);
    o[3 * t] = add(fma3(splat(8), d, b), p[5 * s]);
}

/* ---- weights --------------------------------------------------------------------------------- */

/* u [36] of 16 filters side by side; taps are `apart` floats apart, rows of u `plane`. */
INLINE void transform_filters(int k, const float *w, int64_t apart, float *u, int64_t plane)
{
    vec in[25], half[30], out[36];
    EACH (t, k * k)
        in[t] = load(w + t * apart);
    EACH (x, k)
        line_weights(k, in + x, k, half + x, k);
    EACH (y, 6)
        line_weights(k, half + y * k, 1, out + 6 * y, 1);
    EACH (t, 36)
        store(u + t * plane, out[t]);
}

INLINE void transpose_block(const float *from, int64_t from_pitch, float *to, int64_t to_pitch)
{
    vec r[16];
    EACH (i, 16)
        r[i] = load(from + i * from_pitch);
    transpose16(r);
    EACH (i, 16)
        store(to + i * to_pitch, r[i]);
}

/* From [oc, ic/16, k, k, 16]: source channels are contiguous, and have to be turned. */
INLINE void from_oihw16i(int k, const fyi_winograd *wg, const float *weights, float *u, int64_t ob,
                         int64_t ib)
{
    const int64_t oc = wg->s.oc, n_icb = wg->s.ic / 16, plane = wg->s.ic * oc, taps = k * k;
    const int64_t left = wg->s.true_oc - ob * 16, n_rows = left < 16 ? left : 16;
    float turned[36 * 256] __attribute__((aligned(64))); /* [36, oc 16, ic 16] */
    if (n_rows < 16)
        memset(turned, 0, sizeof turned);
    for (int64_t o = 0; o < n_rows; o++)
        transform_filters(k, weights + ((ob * 16 + o) * n_icb + ib) * taps * 16, 16,
                          turned + o * 16, 256);
    for (int64_t t = 0; t < 36; t++)
        transpose_block(turned + t * 256, 16, u + t * plane + ib * 16 * oc + ob * 16, oc);
}

/* From [oc/16, ic/16, k, k, 16 ic, 16 oc]: nothing to turn. */
INLINE void from_oihw16i16o(int k, const fyi_winograd *wg, const float *weights, float *u,
                            int64_t ob, int64_t ib)
{
    const int64_t oc = wg->s.oc, plane = wg->s.ic * oc;
    const float *w = weights + (ob * (wg->s.ic / 16) + ib) * k * k * 256;
    for (int64_t i = 0; i < 16; i++)
        transform_filters(k, w + i * 16, 256, u + (ib * 16 + i) * oc + ob * 16, plane);
}

/* The same for the gradient of src, a convolution of diff_dst with each filter turned by half a
 * circle: what
 * wg calls ic is the forward pass's oc, and the other way round. */
INLINE void from_oihw16i16o_bwd(int k, const fyi_winograd *wg, const float *weights, float *u,
                                int64_t ob, int64_t ib)
{
    const int64_t oc = wg->s.oc, plane = wg->s.ic * oc, taps = k * k;
    const float *w = weights + (ib * (oc / 16) + ob) * taps * 256;
    float turned[25 * 256] __attribute__((aligned(64)));
    for (int64_t t = 0; t < taps; t++)
        transpose_block(w + (taps - 1 - t) * 256, 16, turned + t * 256, 16);
    for (int64_t i = 0; i < 16; i++)
        transform_filters(k, turned + i * 16, 256, u + (ib * 16 + i) * oc + ob * 16, plane);
}

INLINE void weights_block(int k, const fyi_winograd *wg, const float *weights, float *u, int64_t ob,
                          int64_t ib)
{
    if (wg->filters == FYI_OIHW16I)
        from_oihw16i(k, wg, weights, u, ob, ib);
    else if (wg->filters == FYI_OIHW16I16O)
        from_oihw16i16o(k, wg, weights, u, ob, ib);
    else
        from_oihw16i16o_bwd(k, wg, weights, u, ob, ib);
}

void fyi_winograd_weights_avx512(const fyi_winograd *wg, const float *weights, float *u,
                                 int64_t begin, int64_t end)
{
    const int64_t n_icb = wg->s.ic / 16;
    for (int64_t i = begin; i < end; i++)
        if (wg->s.k == 5)
            weights_block(5, wg, weights, u, i / n_icb, i % n_icb);
        else
            weights_block(3, wg, weights, u, i / n_icb, i % n_icb);
}

/* ---- tiles ----------------------------------------------------------------------------------- */

/* v [36, chunk, ic] */
static void tiles_in(const fyi_winograd *wg, const float *src, float *v, int64_t begin,
                     int64_t count)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const int64_t m = 7 - s->k, n_icb = s->ic / 16, plane = wg->chunk * s->ic;
    for (int64_t i = 0; i < count; i++) {
        const place at = place_of(wg, begin + i);
        for (int64_t b = 0; b < n_icb; b++) {
            const float *image = src + (at.image * n_icb + b) * s->h * s->w * 16;
            float *to = v + i * s->ic + b * 16;
            vec d[36];
            transform_tile(s, image, at.y * m - s->pad, at.x * m - s->pad, d);
            EACH (t, 36)
                store(to + t * plane, d[t]);
        }
    }
}

/* ---- products -------------------------------------------------------------------------------- */

/* p [rows, 16 cols] = v [rows, n] u [n, 16 cols]; rows of v are ic apart, those of u and p oc. */
INLINE void product(int rows, int cols, const float *v, const float *u, float *p, int64_t n,
                    int64_t ic, int64_t oc)
{
    vec acc[6][4];
    EACH (i, rows)
        EACH (j, cols)
            acc[i][j] = zero();
    for (int64_t c = 0; c < n; c++, u += oc) {
        vec w[4];
        EACH (j, cols)
            w[j] = load(u + 16 * j);
        EACH (i, rows) {
            const vec x = splat(v[i * ic + c]);
            EACH (j, cols)
                acc[i][j] = fma3(x, w[j], acc[i][j]);
        }
    }
    EACH (i, rows)
        EACH (j, cols)
            store(p + i * oc + 16 * j, acc[i][j]);
}

INLINE void product_rows(int cols, const fyi_conv_pool_sizes *s, const float *v, const float *u,
                         float *p, int64_t count)
{
    const int64_t n = s->true_ic, ic = s->ic, oc = s->oc;
    int64_t i = 0;
    for (; i + 6 <= count; i += 6)
        product(6, cols, v + i * ic, u, p + i * oc, n, ic, oc);
    for (; i + 3 <= count; i += 3)
        product(3, cols, v + i * ic, u, p + i * oc, n, ic, oc);
    for (; i < count; i++)
        product(1, cols, v + i * ic, u, p + i * oc, n, ic, oc);
}

static void products(const fyi_winograd *wg, const float *v, const float *u, float *p, int64_t count)
{
    const int64_t ic = wg->s.ic, oc = wg->s.oc;
    for (int64_t t = 0; t < 36; t++, v += wg->chunk * ic, u += ic * oc, p += wg->chunk * oc) {
        int64_t j = 0;
        for (; j + 64 <= oc; j += 64)
            product_rows(4, &wg->s, v, u + j, p + j, count);
        for (; j + 32 <= oc; j += 32)
            product_rows(2, &wg->s, v, u + j, p + j, count);
        if (j < oc)
            product_rows(1, &wg->s, v, u + j, p + j, count);
    }
}

/* ---- results --------------------------------------------------------------------------------- */

/* y [m, m] of 16 channels of one tile. */
INLINE void read_result(int m, const float *p, int64_t plane, vec *y)
{
    vec in[36], half[24];
    EACH (t, 36)
        in[t] = load(p + t * plane);
    EACH (x, 6)
        line_out(m, in + x, 6, half + x, 6);
    EACH (r, m)
        line_out(m, half + 6 * r, 1, y + m * r, 1);
}

INLINE void pool_out(int m, const fyi_winograd *wg, const float *p, const fyi_winograd_out *to,
                     int64_t begin, int64_t count)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const int64_t n_ocb = s->oc / 16, plane = wg->chunk * s->oc;
    for (int64_t i = 0; i < count; i++) {
        const place at = place_of(wg, begin + i);
        for (int64_t b = 0; b < n_ocb; b++) {
            const __mmask16 lanes = lanes_below(16 * b, s->true_oc);
            const vec shift = load_some(lanes, to->bias + 16 * b);
            vec y[16];
            read_result(m, p + i * s->oc + 16 * b, plane, y);
            EACH (r, m / 2)
                EACH (c, m / 2) {
                    const int64_t qy = at.y * (m / 2) + r, qx = at.x * (m / 2) + c;
                    const int64_t o = (((at.image * n_ocb + b) * s->qh + qy) * s->qw + qx) * 16;
                    const vec *corner = y + 2 * r * m + 2 * c;
                    __m128i which;
                    vec best = max4(corner[0], corner[1], corner[m], corner[m + 1], &which);
                    if (qy >= s->qh || qx >= s->qw)
                        continue;
                    best = add(best, shift);
                    store(to->dst + o, keep(lanes, s->relu ? vmax(zero(), best) : best));
                    _mm_storeu_si128((__m128i *)(to->index + o), which);
                }
        }
    }
}

INLINE void map_out(int m, const fyi_winograd *wg, const float *p, const fyi_winograd_out *to,
                    int64_t begin, int64_t count)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const int64_t n_ocb = s->oc / 16, plane = wg->chunk * s->oc;
    for (int64_t i = 0; i < count; i++) {
        const place at = place_of(wg, begin + i);
        for (int64_t b = 0; b < n_ocb; b++) {
            const vec shift = to->bias ? load(to->bias + 16 * b) : zero();
            const int64_t corner =
                (((at.image * n_ocb + b) * wg->oh + at.y * m) * wg->ow + at.x * m) * 16;
            vec y[16];
            read_result(m, p + i * s->oc + 16 * b, plane, y);
            EACH (r, m)
                EACH (c, m) {
                    const int64_t o = corner + (r * wg->ow + c) * 16;
                    vec v = add(y[r * m + c], shift);
                    if (at.y * m + r >= wg->oh || at.x * m + c >= wg->ow)
                        continue;
                    if (to->other)
                        v = add(v, load(to->other + o));
                    store(to->dst + o, s->relu ? vmax(zero(), v) : v);
                }
        }
    }
}

void fyi_winograd_chunk_avx512(const fyi_winograd *wg, const float *src, const float *u,
                               const fyi_winograd_out *to, float *scratch, int64_t begin,
                               int64_t count)
{
    float *v = scratch, *p = scratch + 36 * wg->chunk * wg->s.ic;
    tiles_in(wg, src, v, begin, count);
    products(wg, v, u, p, count);
    if (to->index && wg->s.k == 5)
        pool_out(2, wg, p, to, begin, count);
    else if (to->index)
        pool_out(4, wg, p, to, begin, count);
    else if (wg->s.k == 5)
        map_out(2, wg, p, to, begin, count);
    else
        map_out(4, wg, p, to, begin, count);
}
