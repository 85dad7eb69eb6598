/* winograd_loops.h: the loops of winograd.h in the words of avx512.h or avx2.h. Included once by winograd_<isa>.c, after
 * those words. */
#ifndef FYI_WINOGRAD_LOOPS_H
#define FYI_WINOGRAD_LOOPS_H

#include "backend/native/stored.h"
#include "backend/native/winograd.h"

#include <string.h>

#define WIDEST (WIDEST_VECS * LANES)

/* ---- transforms of one line, elements s apart in and t apart out --------------------------------------- */

/* B^T */
INLINE void line_in(const vec *d, int s, vec *o, int t)
{
    const vec four = splat(4), five = splat(5), two = splat(2);
    const vec a = fnma3(four, d[2 * s], d[4 * s]), b = fnma3(four, d[s], d[3 * s]);
    const vec c = sub(d[4 * s], d[2 * s]), e = sub(d[3 * s], d[s]);
    o[0] = fma3(four, d[0], fnma3(five, d[2 * s], d[4 * s]));
    o[t] = add(a, b);
    o[2 * t] = sub(a, b);
    o[3 * t] = fma3(two, e, c);
    o[4 * t] = fnma3(two, e, c);
    o[5 * t] = fma3(four, d[s], fnma3(five, d[3 * s], d[5 * s]));
}

/* G */
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
    o[0] = mul(splat(0.25f), w[0]);
    o[t] = mul(sixth, add(even, odd));
    o[2 * t] = mul(sixth, sub(even, odd));
    o[3 * t] = mul(c, add(even2, odd2));
    o[4 * t] = mul(c, sub(even2, odd2));
    o[5 * t] = w[(k - 1) * s];
}

/* A^T */
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

/* A */
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
    o[4 * t] = fnma3(two, odd2, even2);
    o[5 * t] = e[(m - 1) * s];
}

/* B */
INLINE void line_back(const vec *p, int s, vec *o, int t)
{
    const vec two = splat(2), four = splat(4), five = splat(5);
    const vec a = add(p[s], p[2 * s]), b = sub(p[s], p[2 * s]);
    const vec c = add(p[3 * s], p[4 * s]), d = sub(p[3 * s], p[4 * s]);
    o[0] = mul(four, p[0]);
    o[t] = fnma3(two, d, mul(four, sub(p[5 * s], b)));
    o[2 * t] = fnma3(five, p[0], fnma3(four, a, sub(zero(), c)));
    o[3 * t] = fnma3(five, p[5 * s], fma3(two, d, b));
    o[4 * t] = add(p[0], add(a, c));
    o[5 * t] = p[5 * s];
}

/* G^T */
INLINE void line_weights_diff(int k, const vec *p, int s, vec *o, int t)
{
    const vec sixth = splat(-1.0f / 6), c = splat(1.0f / 24);
    const vec even = mul(sixth, add(p[s], p[2 * s])), odd = mul(sixth, sub(p[s], p[2 * s]));
    const vec even2 = mul(c, add(p[3 * s], p[4 * s])), odd2 = mul(c, sub(p[3 * s], p[4 * s]));
    o[0] = fma3(splat(0.25f), p[0], add(even, even2));
    o[t] = fma3(splat(2), odd2, odd);
    o[2 * t] = fma3(splat(4), even2, even);
    if (k == 5) {
        o[3 * t] = fma3(splat(8), odd2, odd);
        o[4 * t] = fma3(splat(16), even2, even);
    }
    o[(k - 1) * t] = add(o[(k - 1) * t], p[5 * s]);
}

/* ---- weights -------------------------------------------------------------------------------------------- */

/* u [36] of one register of filters; taps are `apart` floats apart, rows of u `plane`. */
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
    vec r[LANES];
    EACH (i, LANES)
        r[i] = load(from + i * from_pitch);
    transpose(r);
    EACH (i, LANES)
        store(to + i * to_pitch, r[i]);
}

/* Where a block of filters goes, and how far apart its source channels are there. */
typedef struct filter_place {
    float *u;
    int64_t pitch;
} filter_place;

static filter_place filter_place_of(const fyi_winograd *wg, float *u, int64_t ob, int64_t ib)
{
    int64_t j = 0, width = fyi_product_width(wg, 0);
    for (; j + width <= ob * LANES; width = fyi_product_width(wg, j))
        j += width;
    return (filter_place){ u + j * wg->s.ic + ib * LANES * width + ob * LANES - j, width };
}

/* Source channels are contiguous, and have to be turned. */
INLINE void from_oihw_i(int k, const fyi_winograd *wg, const float *weights, filter_place to,
                        int64_t ob, int64_t ib)
{
    const int64_t n_icb = wg->s.ic / LANES, plane = wg->s.ic * wg->s.oc, taps = k * k;
    const int64_t left = wg->s.true_oc - ob * LANES, n_rows = left < LANES ? left : LANES;
    float turned[36 * LANES * LANES] __attribute__((aligned(64))); /* [36, oc, ic] */
    if (n_rows < LANES)
        memset(turned, 0, sizeof turned);
    for (int64_t o = 0; o < n_rows; o++)
        transform_filters(k, weights + ((ob * LANES + o) * n_icb + ib) * taps * LANES, LANES,
                          turned + o * LANES, LANES * LANES);
    for (int64_t t = 0; t < 36; t++)
        transpose_block(turned + t * LANES * LANES, LANES, to.u + t * plane, to.pitch);
}

INLINE void from_oihw_io(int k, const fyi_winograd *wg, const float *weights, filter_place to,
                         int64_t ob, int64_t ib)
{
    const float *w = weights + (ob * (wg->s.ic / LANES) + ib) * k * k * LANES * LANES;
    for (int64_t i = 0; i < LANES; i++)
        transform_filters(k, w + i * LANES, LANES * LANES, to.u + i * to.pitch, wg->s.ic * wg->s.oc);
}

/* The same for the gradient of src, a convolution of diff_dst with each filter turned by half a circle, or the forward form's adjoint
 * with the filters as they are: what wg calls ic is the forward pass's oc, and the other way round. */
INLINE void from_oihw_io_bwd(int k, const fyi_winograd *wg, const float *weights, filter_place to,
                             int64_t ob, int64_t ib)
{
    const int64_t taps = k * k, block = LANES * LANES;
    const bool is_adjoint = fyi_winograd_is_adjoint(wg);
    const float *w = weights + (ib * (wg->s.oc / LANES) + ob) * taps * block;
    float turned[25 * LANES * LANES] __attribute__((aligned(64)));
    for (int64_t t = 0; t < taps; t++)
        transpose_block(w + (is_adjoint ? t : taps - 1 - t) * block, LANES, turned + t * block,
                        LANES);
    for (int64_t i = 0; i < LANES; i++)
        transform_filters(k, turned + i * LANES, block, to.u + i * to.pitch, wg->s.ic * wg->s.oc);
}

INLINE void weights_block(int k, const fyi_winograd *wg, const float *weights, float *u, int64_t ob,
                          int64_t ib)
{
    const filter_place to = filter_place_of(wg, u, ob, ib);
    if (wg->filters == FYI_OIHW_I)
        from_oihw_i(k, wg, weights, to, ob, ib);
    else if (wg->filters == FYI_OIHW_IO)
        from_oihw_io(k, wg, weights, to, ob, ib);
    else
        from_oihw_io_bwd(k, wg, weights, to, ob, ib);
}

static void weights(const fyi_winograd *wg, const float *weights, float *u, int64_t begin,
                    int64_t end)
{
    const int64_t n_icb = wg->s.ic / LANES;
    for (int64_t i = begin; i < end; i++)
        if (wg->s.k == 5)
            weights_block(5, wg, weights, u, i / n_icb, i % n_icb);
        else
            weights_block(3, wg, weights, u, i / n_icb, i % n_icb);
}

/* ---- tiles ---------------------------------------------------------------------------------------------- */

typedef struct place {
    int64_t image, y, x; /* of the tile, y and x in tiles */
} place;

static place place_of(const fyi_winograd *wg, int64_t tile)
{
    const int64_t per_image = wg->tiles_h * wg->tiles_w, in_image = tile % per_image;
    return (place){ .image = tile / per_image,
                    .y = in_image / wg->tiles_w,
                    .x = in_image % wg->tiles_w };
}

/* 6x6 elements from (y, x) on; outside the image they are zeros. */
INLINE void read_tile(bool is_bf16, const fyi_conv_pool_sizes *s, const void *src, int64_t y,
                      int64_t x, vec d[36])
{
    if (y >= 0 && x >= 0 && y + 6 <= s->h && x + 6 <= s->w) {
        const void *p = at(is_bf16, src, (y * s->w + x) * LANES);
        EACH (i, 6)
            EACH (j, 6)
                d[6 * i + j] = load_stored(is_bf16, p, (i * s->w + j) * LANES);
        return;
    }
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            const bool inside = y + i >= 0 && y + i < s->h && x + j >= 0 && x + j < s->w;
            d[6 * i + j] =
                inside ? load_stored(is_bf16, src, ((y + i) * s->w + x + j) * LANES) : zero();
        }
}

/* B^T d B of a tile of channel block b, its 36 elements `plane` apart. */
INLINE void tile_in(bool is_bf16, const fyi_winograd *wg, const void *src, place where, int64_t b,
                    float *to, int64_t plane)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const int64_t m = 7 - s->k, image = (where.image * (s->ic / LANES) + b) * s->h * s->w * LANES;
    vec d[36], half[36];
    read_tile(is_bf16, s, at(is_bf16, src, image), where.y * m - s->pad, where.x * m - s->pad, d);
    EACH (i, 6)
        line_in(d + i, 6, half + i, 6);
    EACH (i, 6)
        line_in(half + 6 * i, 1, d + 6 * i, 1);
    EACH (t, 36)
        store(to + t * plane, d[t]);
}

/* The m x m elements of a tile of an image [h, w]; zeros where it hangs over. */
INLINE void read_diff(int m, bool is_bf16, const void *image, int64_t h, int64_t w, place where,
                      vec *e)
{
    const int64_t y = where.y * m, x = where.x * m;
    const void *p = at(is_bf16, image, (y * w + x) * LANES);
    const bool whole = y + m <= h && x + m <= w;
    EACH (r, m)
        EACH (c, m)
            e[r * m + c] = whole || (y + r < h && x + c < w)
                               ? load_stored(is_bf16, p, (r * w + c) * LANES)
                               : zero();
}

/* A e A^T, its 36 elements `plane` apart. */
INLINE void diff_in(int m, bool is_bf16, const void *image, int64_t h, int64_t w, place where,
                    float *to, int64_t plane)
{
    vec in[16], half[24], out[36];
    read_diff(m, is_bf16, image, h, w, where, in);
    EACH (c, m)
        line_diff(m, in + c, m, half + c, m);
    EACH (r, 6)
        line_diff(m, half + m * r, 1, out + 6 * r, 1);
    EACH (t, 36)
        store(to + t * plane, out[t]);
}

INLINE void some_tiles(bool is_bf16, const fyi_winograd *wg, const void *src, float *v,
                       int64_t first, int64_t begin, int64_t end)
{
    const int64_t ic = wg->s.ic;
    for (int64_t i = begin; i < end; i++) {
        const place where = place_of(wg, first + i);
        for (int64_t b = 0; b < ic / LANES; b++)
            tile_in(is_bf16, wg, src, where, b, v + i * ic + b * LANES, wg->chunk * ic);
    }
}

INLINE void some_adjoint_tiles(int m, const fyi_winograd *wg, const float *src, float *v,
                               int64_t first, int64_t begin, int64_t end)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const int64_t n_icb = s->ic / LANES;
    for (int64_t i = begin; i < end; i++) {
        const place where = place_of(wg, first + i);
        for (int64_t b = 0; b < n_icb; b++)
            diff_in(m, false, src + (where.image * n_icb + b) * s->h * s->w * LANES, s->h, s->w,
                    where, v + i * s->ic + b * LANES, wg->chunk * s->ic);
    }
}

static void tiles(const fyi_winograd *wg, const void *src, float *v, int64_t first, int64_t begin,
                  int64_t end)
{
    if (fyi_winograd_is_adjoint(wg) && wg->s.k == 5)
        some_adjoint_tiles(2, wg, src, v, first, begin, end);
    else if (fyi_winograd_is_adjoint(wg))
        some_adjoint_tiles(4, wg, src, v, first, begin, end);
    else if (wg->is_bf16)
        some_tiles(true, wg, src, v, first, begin, end);
    else
        some_tiles(false, wg, src, v, first, begin, end);
}

/* ---- products ------------------------------------------------------------------------------------------- */

/* Source channels whose weights stay in the first-level cache while all tiles of a chunk pass by. */
#define SOME_CHANNELS 128

/* p [rows, cols registers] = v [rows, n] u [n, cols registers], added to p where is_more; rows of v are ic apart,
 * those of p oc. */
INLINE void product(int rows, int cols, bool is_more, const float *v, const float *u, float *p,
                    int64_t n, int64_t ic, int64_t oc)
{
    vec acc[6][4];
    EACH (i, rows)
        EACH (j, cols)
            acc[i][j] = is_more ? load(p + i * oc + LANES * j) : zero();
    for (int64_t c = 0; c < n; c++, u += cols * LANES) {
        vec w[4];
        EACH (j, cols)
            w[j] = load(u + LANES * j);
        EACH (i, rows) {
            const vec x = splat(v[i * ic + c]);
            EACH (j, cols)
                acc[i][j] = fma3(x, w[j], acc[i][j]);
        }
    }
    EACH (i, rows)
        EACH (j, cols)
            store(p + i * oc + LANES * j, acc[i][j]);
}

INLINE void product_rows(int cols, bool is_more, const fyi_conv_pool_sizes *s, const float *v,
                         const float *u, float *p, int64_t n, int64_t count)
{
    const int64_t ic = s->ic, oc = s->oc;
    int64_t i = 0;
    for (; i + 6 <= count; i += 6)
        product(6, cols, is_more, v + i * ic, u, p + i * oc, n, ic, oc);
    for (; i + 3 <= count; i += 3)
        product(3, cols, is_more, v + i * ic, u, p + i * oc, n, ic, oc);
    for (; i < count; i++)
        product(1, cols, is_more, v + i * ic, u, p + i * oc, n, ic, oc);
}

INLINE void product_block(int cols, const fyi_conv_pool_sizes *s, const float *v, const float *u,
                          float *p, int64_t count)
{
    for (int64_t c = 0; c < s->true_ic; c += SOME_CHANNELS) {
        const int64_t left = s->true_ic - c, n = left < SOME_CHANNELS ? left : SOME_CHANNELS;
        const float *w = u + c * cols * LANES;
        if (c > 0)
            product_rows(cols, true, s, v + c, w, p, n, count);
        else
            product_rows(cols, false, s, v + c, w, p, n, count);
    }
}

static void any_product_block(const fyi_winograd *wg, int64_t width, const float *v, const float *u,
                              float *p, int64_t count)
{
#if WIDEST_VECS > 2
    if (width == 4 * LANES)
        product_block(4, &wg->s, v, u, p, count);
#endif
    if (width == 2 * LANES)
        product_block(2, &wg->s, v, u, p, count);
    if (width == LANES)
        product_block(1, &wg->s, v, u, p, count);
}

static void products(const fyi_winograd *wg, const float *v, const float *u, float *p,
                     int64_t count, int64_t begin, int64_t end)
{
    const int64_t ic = wg->s.ic, oc = wg->s.oc;
    int64_t i = 0;
    for (int64_t t = 0; t < 36; t++)
        for (int64_t j = 0, width; j < oc; j += width, i++) {
            width = fyi_product_width(wg, j);
            if (i >= begin && i < end)
                any_product_block(wg, width, v + t * wg->chunk * ic, u + (t * oc + j) * ic,
                                  p + t * wg->chunk * oc + j, count);
        }
}

/* ---- results -------------------------------------------------------------------------------------------- */

/* y [m, m] of one register of channels of one tile. */
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

/* Register b of a plain row of true_oc floats; zeros beyond them. */
INLINE vec load_row(const fyi_winograd *wg, const float *row, int64_t b)
{
    const int64_t left = wg->s.true_oc - LANES * b;
    float some[LANES] = { 0 };
    if (left >= LANES)
        return load(row + LANES * b);
    memcpy(some, row + LANES * b, (size_t)left * sizeof *some);
    return load(some);
}

INLINE void store_row(const fyi_winograd *wg, float *row, int64_t b, vec v)
{
    const int64_t left = wg->s.true_oc - LANES * b;
    float some[LANES];
    store(some, v);
    memcpy(row + LANES * b, some, (size_t)(left < LANES ? left : LANES) * sizeof *some);
}

INLINE void map_out(int m, bool is_bf16, const fyi_winograd *wg, const float *p,
                    const fyi_winograd_out *to, place where, int64_t b)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const vec shift = to->bias ? load_row(wg, to->bias, b) : zero();
    const vec lo = splat(to->lo), hi = splat(to->hi);
    const int64_t y0 = where.y * m, x0 = where.x * m;
    const int64_t image = (where.image * (s->oc / LANES) + b) * wg->oh;
    vec y[16];
    read_result(m, p, wg->chunk * s->oc, y);
    EACH (r, m)
        EACH (c, m) {
            const int64_t o = ((image + y0 + r) * wg->ow + x0 + c) * LANES;
            vec v = add(y[r * m + c], shift);
            if (y0 + r >= wg->oh || x0 + c >= wg->ow)
                continue;
            if (to->other)
                v = add(v, load_stored(is_bf16, to->other, o));
            store_stored(is_bf16, to->dst, o, vmin(hi, vmax(lo, v)));
        }
}

INLINE void maps_out(int m, bool is_bf16, const fyi_winograd *wg, const float *p,
                     const fyi_winograd_out *to, int64_t first, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        const place where = place_of(wg, first + i);
        for (int64_t b = 0; b < wg->s.oc / LANES; b++)
            map_out(m, is_bf16, wg, p + i * wg->s.oc + LANES * b, to, where, b);
    }
}

/* B p B^T of one register of channels, added to the elements of an image that the forward pass's tile has read. */
INLINE void tile_back(const fyi_winograd *wg, const float *p, place where, float *image)
{
    const int64_t m = 7 - wg->s.k, pad = wg->s.k - 1 - wg->s.pad;
    const int64_t y0 = where.y * m - pad, x0 = where.x * m - pad;
    vec in[36], half[36];
    EACH (t, 36)
        in[t] = load(p + t * wg->chunk * wg->s.oc);
    EACH (x, 6)
        line_back(in + x, 6, half + x, 6);
    EACH (y, 6)
        line_back(half + 6 * y, 1, in + 6 * y, 1);
    for (int64_t i = 0; i < 6; i++)
        for (int64_t j = 0; j < 6; j++) {
            const int64_t y = y0 + i, x = x0 + j, o = (y * wg->ow + x) * LANES;
            if (y >= 0 && x >= 0 && y < wg->oh && x < wg->ow)
                store(image + o, add(load(image + o), in[6 * i + j]));
        }
}

static void images_back(const fyi_winograd *wg, const float *p, float *dst, int64_t first,
                        int64_t begin, int64_t end)
{
    const int64_t oc = wg->s.oc, size = wg->oh * wg->ow * LANES;
    for (int64_t i = begin; i < end; i++) {
        const place where = place_of(wg, first + i);
        float *image = dst + where.image * wg->oh * wg->ow * oc;
        if (where.y == 0 && where.x == 0)
            memset(image, 0, (size_t)(wg->oh * wg->ow * oc) * sizeof *image);
        for (int64_t b = 0; b < oc / LANES; b++)
            tile_back(wg, p + i * oc + LANES * b, where, image + b * size);
    }
}

static void maps(const fyi_winograd *wg, const float *p, const fyi_winograd_out *to, int64_t first,
                 int64_t begin, int64_t end)
{
    if (fyi_winograd_is_adjoint(wg))
        images_back(wg, p, to->dst, first, begin, end);
    else if (wg->s.k == 5 && wg->is_bf16)
        maps_out(2, true, wg, p, to, first, begin, end);
    else if (wg->s.k == 5)
        maps_out(2, false, wg, p, to, first, begin, end);
    else if (wg->is_bf16)
        maps_out(4, true, wg, p, to, first, begin, end);
    else
        maps_out(4, false, wg, p, to, first, begin, end);
}

/* ---- the gradient of the weights: transforms of tiles ----------------------------------------------------
 *
 *   diff_w = G^T (sum over tiles of (B^T d B) (A e A^T)) G      d: source tile, e: m x m elements of diff_dst
 * the transpose of the forward form: 36 products whose inner size is the tiles. */

INLINE void some_grad_tiles(int m, bool is_bf16, const fyi_winograd *wg, const void *src,
                            const void *diff, float *v, float *e, int64_t first, int64_t begin,
                            int64_t end)
{
    const int64_t ic = wg->s.ic, oc = wg->s.oc, chunk = wg->chunk;
    for (int64_t i = begin; i < end; i++) {
        const place where = place_of(wg, first + i);
        for (int64_t b = 0; b < ic / LANES; b++)
            tile_in(is_bf16, wg, src, where, b, v + (b * chunk + i) * LANES, chunk * ic);
        for (int64_t b = 0; b < oc / LANES; b++)
            diff_in(m, is_bf16,
                    at(is_bf16, diff, (where.image * (oc / LANES) + b) * wg->oh * wg->ow * LANES),
                    wg->oh, wg->ow, where, e + (b * chunk + i) * LANES, chunk * oc);
    }
}

static void grad_tiles(const fyi_winograd *wg, const void *src, const void *diff, float *v,
                       float *e, int64_t first, int64_t begin, int64_t end)
{
    if (wg->s.k == 5 && wg->is_bf16)
        some_grad_tiles(2, true, wg, src, diff, v, e, first, begin, end);
    else if (wg->s.k == 5)
        some_grad_tiles(2, false, wg, src, diff, v, e, first, begin, end);
    else if (wg->is_bf16)
        some_grad_tiles(4, true, wg, src, diff, v, e, first, begin, end);
    else
        some_grad_tiles(4, false, wg, src, diff, v, e, first, begin, end);
}

/* ---- the gradient of the weights: products --------------------------------------------------------------- */

/* sum [GRAD_ROWS, cols registers] = v [count, GRAD_ROWS of LANES]^T e [cols][count, LANES], added to it where is_more.
 * These are summed up by themselves first: errors grow with the length of a sum. */
INLINE void outer(int cols, bool is_more, const float *v, const float *e, int64_t e_pitch,
                  float *sum, int64_t pitch, int64_t count)
{
    vec acc[GRAD_ROWS][2];
    EACH (r, GRAD_ROWS)
        EACH (c, cols)
            acc[r][c] = zero();
    for (int64_t i = 0; i < count; i++, v += LANES, e += LANES) {
        vec w[2];
        EACH (c, cols)
            w[c] = load(e + c * e_pitch);
        EACH (r, GRAD_ROWS) {
            const vec x = splat(v[r]);
            EACH (c, cols)
                acc[r][c] = fma3(x, w[c], acc[r][c]);
        }
    }
    EACH (r, GRAD_ROWS)
        EACH (c, cols) {
            float *to = sum + r * pitch + LANES * c;
            store(to, is_more ? add(acc[r][c], load(to)) : acc[r][c]);
        }
}

/* Tiles whose lines of e stay in the first-level cache while all of ic passes by. */
#define SOME_TILES 96

INLINE void grad_product(bool is_more, const fyi_winograd *wg, const float *v, const float *e,
                         float *sum, int64_t count)
{
    const int64_t oc = wg->s.oc, block = wg->chunk * LANES;
    for (int64_t o = 0; o < oc; o += 2 * LANES)
        for (int64_t i = 0; i < wg->s.true_ic; i += GRAD_ROWS) {
            const float *from = v + i / LANES * block + i % LANES, *with = e + o / LANES * block;
            if (o + 2 * LANES <= oc)
                outer(2, is_more, from, with, block, sum + i * oc + o, oc, count);
            else
                outer(1, is_more, from, with, block, sum + i * oc + o, oc, count);
        }
}

static void grad_products(const fyi_winograd *wg, bool is_more, const float *v, const float *e,
                          float *sum, int64_t count, int64_t begin, int64_t end)
{
    const int64_t ic = wg->s.ic, oc = wg->s.oc, chunk = wg->chunk;
    for (int64_t t = begin; t < end; t++)
        for (int64_t i = 0; i < count; i += SOME_TILES) {
            const float *from = v + t * chunk * ic + LANES * i,
                        *with = e + t * chunk * oc + LANES * i;
            const int64_t n = count - i < SOME_TILES ? count - i : SOME_TILES;
            if (is_more || i > 0)
                grad_product(true, wg, from, with, sum + t * ic * oc, n);
            else
                grad_product(false, wg, from, with, sum + t * ic * oc, n);
        }
}

/* ---- the gradient of the weights: back ------------------------------------------------------------------- */

/* G^T p G of one register of filters, whose taps are `apart` floats apart; rows of sum `plane`. */
INLINE void filters_back(int k, const float *sum, int64_t plane, float *to, int64_t apart)
{
    vec in[36], half[30], out[25];
    EACH (t, 36)
        in[t] = load(sum + t * plane);
    EACH (x, 6)
        line_weights_diff(k, in + x, 6, half + x, 6);
    EACH (y, k)
        line_weights_diff(k, half + 6 * y, 1, out + k * y, 1);
    EACH (t, k * k)
        store(to + t * apart, out[t]);
}

/* Of channels that are padding there are no sums. */
INLINE void no_filters(int k, float *to, int64_t apart)
{
    EACH (t, k * k)
        store(to + t * apart, zero());
}

INLINE void grad_block(int k, const fyi_winograd *wg, const float *sum, float *diff_w, int64_t ob,
                       int64_t ib)
{
    const int64_t oc = wg->s.oc, plane = wg->s.ic * oc, block = LANES * LANES;
    float *to = diff_w + (ob * (wg->s.ic / LANES) + ib) * k * k * block;
    for (int64_t i = 0; i < LANES; i++)
        if (ib * LANES + i < wg->s.true_ic)
            filters_back(k, sum + (ib * LANES + i) * oc + ob * LANES, plane, to + i * LANES, block);
        else
            no_filters(k, to + i * LANES, block);
}

static void grad_weights(const fyi_winograd *wg, const float *sum, float *diff_w, int64_t begin,
                         int64_t end)
{
    const int64_t n_icb = wg->s.ic / LANES;
    for (int64_t i = begin; i < end; i++)
        if (wg->s.k == 5)
            grad_block(5, wg, sum, diff_w, i / n_icb, i % n_icb);
        else
            grad_block(3, wg, sum, diff_w, i / n_icb, i % n_icb);
}

/* ---- the gradient of the bias ---------------------------------------------------------------------------- */

INLINE void block_sums(bool is_bf16, const fyi_winograd *wg, const void *diff, float *sums,
                       int64_t b)
{
    const int64_t size = wg->oh * wg->ow, n_ocb = wg->s.oc / LANES;
    vec total = zero();
    for (int64_t image = 0; image < wg->s.n; image++) {
        const void *p = at(is_bf16, diff, (image * n_ocb + b) * size * LANES);
        vec part[4] = { zero(), zero(), zero(), zero() };
        for (int64_t i = 0; i < size; i++)
            part[i % 4] = add(part[i % 4], load_stored(is_bf16, p, LANES * i));
        total = add(total, add(add(part[0], part[1]), add(part[2], part[3])));
    }
    store_row(wg, sums, b, total);
}

static void channel_sums(const fyi_winograd *wg, const void *diff, float *sums, int64_t begin,
                         int64_t end)
{
    for (int64_t b = begin; b < end; b++)
        if (wg->is_bf16)
            block_sums(true, wg, diff, sums, b);
        else
            block_sums(false, wg, diff, sums, b);
}

#endif
