/* winograd_tile.h: the transform of the source that all Winograd kernels share. Included by
 * *_avx512.c only. */
#ifndef FYI_WINOGRAD_TILE_H
#define FYI_WINOGRAD_TILE_H

#include "backend/native/avx512.h"
#include "backend/native/conv_pool.h"

/* B^T of one line of six, elements s apart in and t apart out. */
INLINE void line_in(const vec *d, int s, vec *o, int t)
{
    const vec four = splat(4), five = splat(5), two = splat(2);
    const vec a = _mm512_fnmadd_ps(four, d[2 * s], d[4 * s]);
    const vec b = _mm512_fnmadd_ps(four, d[s], d[3 * s]);
    const vec c = sub(d[4 * s], d[2 * s]), e = sub(d[3 * s], d[s]);
    o[0] = fma3(four, d[0], _mm512_fnmadd_ps(five, d[2 * s], d[4 * s]));
    o[t] = add(a, b);
    o[2 * t] = sub(a, b);
    o[3 * t] = fma3(two, e, c);
    o[4 * t] = _mm512_fnmadd_ps(two, e, c);
    o[5 * t] = fma3(four, d[s], _mm512_fnmadd_ps(five, d[3 * s], d[5 * s]));
}

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
INLINE void read_tile(const fyi_conv_pool_sizes *s, const float *src, int64_t y, int64_t x,
                      vec d[36])
{
    if (y >= 0 && x >= 0 && y + 6 <= s->h && x + 6 <= s->w) {
        const float *p = src + (y * s->w + x) * 16;
        EACH (i, 6)
            EACH (j, 6)
                d[6 * i + j] = load(p + (i * s->w + j) * 16);
        return;
    }
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            const bool inside = y + i >= 0 && y + i < s->h && x + j >= 0 && x + j < s->w;
            d[6 * i + j] = inside ? load(src + ((y + i) * s->w + x + j) * 16) : zero();
        }
}

/* B^T d B of the tile at (y, x) of one channel block of one image. */
INLINE void transform_tile(const fyi_conv_pool_sizes *s, const float *image, int64_t y, int64_t x,
                           vec d[36])
{
    vec half[36];
    read_tile(s, image, y, x, d);
    EACH (i, 6)
        line_in(d + i, 6, half + i, 6);
    EACH (i, 6)
        line_in(half + 6 * i, 1, d + 6 * i, 1);
}

#endif
