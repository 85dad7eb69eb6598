/* winograd_avx512.c: the loops of winograd.h for AVX-512, whose results may also be max-pooled on the way out. */
#include "backend/native/avx512.h"
#include "backend/native/bf16_avx512.h"

#define LANES 16
#define WIDEST_VECS 4
#define GRAD_ROWS 8
#define transpose transpose16

#include "backend/native/winograd_loops.h"

/* A pooling window never straddles tiles: m is even. */
INLINE void pool_out(int m, const fyi_winograd *wg, const float *p, const fyi_winograd_out *to,
                     place where, int64_t b)
{
    const fyi_conv_pool_sizes *s = &wg->s;
    const __mmask16 lanes = lanes_below(16 * b, s->true_oc);
    const vec shift = load_some(lanes, to->bias + 16 * b);
    const int64_t image = (where.image * (s->oc / 16) + b) * s->qh;
    vec y[16];
    read_result(m, p, wg->chunk * s->oc, y);
    EACH (r, m / 2)
        EACH (c, m / 2) {
            const int64_t qy = where.y * (m / 2) + r, qx = where.x * (m / 2) + c;
            const int64_t o = ((image + qy) * s->qw + qx) * 16;
            const vec *corner = y + 2 * r * m + 2 * c;
            __m128i which;
            vec best = max4(corner[0], corner[1], corner[m], corner[m + 1], &which);
            if (qy >= s->qh || qx >= s->qw)
                continue;
            best = add(best, shift);
            store((float *)to->dst + o, keep(lanes, s->relu ? vmax(zero(), best) : best));
            _mm_storeu_si128((__m128i *)(to->index + o), which);
        }
}

INLINE void pools_out(int m, const fyi_winograd *wg, const float *p, const fyi_winograd_out *to,
                      int64_t first, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        const place where = place_of(wg, first + i);
        for (int64_t b = 0; b < wg->s.oc / 16; b++)
            pool_out(m, wg, p + i * wg->s.oc + 16 * b, to, where, b);
    }
}

static void results(const fyi_winograd *wg, const float *p, const fyi_winograd_out *to,
                    int64_t first, int64_t begin, int64_t end)
{
    if (!to->index)
        maps(wg, p, to, first, begin, end);
    else if (wg->s.k == 5)
        pools_out(2, wg, p, to, first, begin, end);
    else
        pools_out(4, wg, p, to, first, begin, end);
}

const fyi_winograd_loops fyi_winograd_avx512 = { .lanes = LANES,
                                                 .widest = WIDEST,
                                                 .weights = weights,
                                                 .tiles = tiles,
                                                 .products = products,
                                                 .results = results,
                                                 .grad_tiles = grad_tiles,
                                                 .grad_products = grad_products,
                                                 .grad_weights = grad_weights,
                                                 .channel_sums = channel_sums };
