/* cutmix.c: a rectangle of the neighbour's pixels (Yun et al. 2019, "CutMix").
 *
 *   its sides are sqrt(1 - lambda) of the picture's, its middle lies anywhere, and what reaches over
 *   the edge is cut off; lambda is then counted again: 1 - area / (h w) */
#include "data/transforms/transforms.h"

#include <math.h>
#include <string.h>

/* from .. to of one axis. */
typedef struct span {
    int64_t from, to;
} span;

static span draw_span(fy_rng *r, int64_t n, double share)
{
    const int64_t middle = (int64_t)fy_rng_below(r, (uint64_t)n);
    const int64_t half = (int64_t)(0.5 * share * (double)n);

    return (span){ FYI_MAX(middle - half, 0), FYI_MIN(middle + half, n) };
}

/* dst's pixels in the rectangle become src's; both [c, h, w]. */
static void paste(float *dst, const float *src, const fy_shape *s, const span *y, const span *x)
{
    for (int64_t c = 0; c < s->d[0]; c++)
        for (int64_t k = y->from; k < y->to; k++) {
            const int64_t at = (c * s->d[1] + k) * s->d[2] + x->from;

            memcpy(dst + at, src + at, (size_t)(x->to - x->from) * sizeof *dst);
        }
}

double fyi_cutmix(const fyi_mixture *b, double lambda, fy_rng *r)
{
    const int64_t row = fy_shape_numel(&b->shape), h = b->shape.d[1], w = b->shape.d[2];
    const double share = sqrt(1 - lambda);
    const span x = draw_span(r, w, share), y = draw_span(r, h, share);
    const double real = 1 - (double)((x.to - x.from) * (y.to - y.from)) / (double)(h * w);

    memcpy(b->kept, b->x + (b->n - 1) * row, (size_t)row * sizeof *b->x);
    for (int64_t i = b->n - 1; i > 0; i--)
        paste(b->x + i * row, b->x + (i - 1) * row, &b->shape, &y, &x);
    paste(b->x, b->kept, &b->shape, &y, &x);
    fyi_mix_rows(b->q, b->n, b->k, (float)real, b->kept);
    return real;
}
