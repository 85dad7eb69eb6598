/* winograd.c: sizes of the Winograd kernel's pieces. */
#include "backend/native/conv_pool.h"

/* Half of a second-level cache for the chunk's tiles and products; the rest is for the weights. */
#define CHUNK_FLOATS (384 * 1024 / 4)
#define ROWS 6 /* tiles per register block of the product */

void fyi_winograd_init(fyi_winograd *wg, const fyi_conv_pool_sizes *s)
{
    const int64_t m = 7 - s->k, per_tile = 36 * (s->ic + s->oc);
    const int64_t fitting = CHUNK_FLOATS / per_tile / ROWS * ROWS;
    *wg = (fyi_winograd){ .s = *s };
    wg->tiles_h = (2 * s->qh + m - 1) / m;
    wg->tiles_w = (2 * s->qw + m - 1) / m;
    wg->n_tiles = s->n * wg->tiles_h * wg->tiles_w;
    wg->chunk = fitting < 4 * ROWS ? 4 * ROWS : fitting > 16 * ROWS ? 16 * ROWS : fitting;
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
