/* softmax.c: see graph/ops/softmax.c. */
#include "backend/native/rows.h"

/* dst[j] = exp(x[j] - max), then scaled by their sum. */
static void forward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    for (int64_t i = begin; i < end; i++) {
        const float *x = (const float *)r->l->src[0] + i * r->k;
        float *dst = (float *)r->l->dst[0] + i * r->k;
        const float max = fyi_max_f32(x, r->k);
        const float scale = (float)(1.0 / fyi_row_exp(x, r->k, max, dst));
        for (int64_t j = 0; j < r->k; j++)
            dst[j] *= scale;
    }
}

FYI_ROWS_KERNEL(softmax, 0, forward);

static void backward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    for (int64_t i = begin; i < end; i++) {
        const float *diff = (const float *)r->l->src[0] + i * r->k;
        const float *p = (const float *)r->l->src[1] + i * r->k;
        float *dst = (float *)r->l->dst[0] + i * r->k;
        FYI_VECTOR
        for (int64_t j = 0; j < r->k; j++)
            dst[j] = diff[j] * p[j];
        const float mean = (float)fyi_sum_f32(dst, r->k);
        FYI_VECTOR
        for (int64_t j = 0; j < r->k; j++)
            dst[j] = p[j] * (diff[j] - mean);
    }
}

FYI_ROWS_KERNEL(softmax_bwd, 0, backward);
