/* winograd.c: sizes of the Winograd kernel's pieces. */
#include "backend/native/conv_pool.h"

#define L2_FLOATS (1024 * 1024 / 4)
#define ROWS 6 /* tiles per register block of the product */

static int64_t clamp(int64_t n, int64_t low, int64_t high)
{
    return n < low ? low : n > high ? high : n;
}

/* Every chunk reads all transformed weights. While they stay in the second-level cache, so should
 * the chunk;
 * once they do not, larger chunks read them less often, as long as the pieces of one product stay.
 * */
static int64_t chunk_of(const fyi_winograd *wg)
{
    const int64_t per_tile = wg->s.ic + wg->s.oc, u = wg->s.ic * wg->s.oc;
    if (36 * u <= 2 * L2_FLOATS)
        return clamp(3 * L2_FLOATS / 8 / (36 * per_tile), 24, 96) / ROWS * ROWS;
    return clamp((L2_FLOATS - u) * 3 / 4 / per_tile, 48, 192) / ROWS * ROWS;
}

void fyi_winograd_init(fyi_winograd *wg, const fyi_conv_pool_sizes *s, fyi_filters f, int64_t oh,
                       int64_t ow)
{
    const int64_t m = 7 - s->k;
    *wg = (fyi_winograd){ .s = *s, .filters = f, .oh = oh, .ow = ow };
    wg->tiles_h = (oh + m - 1) / m;
    wg->tiles_w = (ow + m - 1) / m;
    wg->n_tiles = s->n * wg->tiles_h * wg->tiles_w;
    wg->chunk = chunk_of(wg);
}

int64_t fyi_winograd_weights_floats(const fyi_winograd *wg)
{
    return 36 * wg->s.ic * wg->s.oc;
}

/* Tiles [36, chunk, ic], then products [36, chunk, oc]. */
int64_t fyi_winograd_chunk_floats(const fyi_winograd *wg)
{
    return 36 * wg->chunk * (wg->s.ic + wg->s.oc);
}
