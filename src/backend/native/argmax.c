/* argmax.c: see graph/ops/argmax.c. */
#include "backend/native/rows.h"

/* The first largest; the first NaN where there is one. */
static int32_t largest(const float *x, int64_t k)
{
    int64_t best = 0;
    for (int64_t j = 0; j < k; j++) {
        if (isnan(x[j]))
            return (int32_t)j;
        if (x[j] > x[best])
            best = j;
    }
    return (int32_t)best;
}

static void loop(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    int32_t *dst = r->l->dst[0];
    for (int64_t i = begin; i < end; i++)
        dst[i] = largest((const float *)r->l->src[0] + i * r->k, r->k);
}

FYI_ROWS_KERNEL(argmax, 0, loop);
