/* log_softmax.c: see graph/ops/log_softmax.c. */
#include "backend/native/rows.h"

static void forward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    for (int64_t i = begin; i < end; i++) {
        const float *x = (const float *)r->l->src[0] + i * r->k;
        float *dst = (float *)r->l->dst[0] + i * r->k;
        const float max = fyi_max_f32(x, r->k);
        const float log_sum = (float)log(fyi_row_sum_exp(x, r->k, max));
        FYI_VECTOR
        for (int64_t j = 0; j < r->k; j++)
            dst[j] = x[j] - max - log_sum;
    }
}

FYI_ROWS_KERNEL(log_softmax, 0, forward);

static void backward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    for (int64_t i = begin; i < end; i++) {
        const float *diff = (const float *)r->l->src[0] + i * r->k;
        const float *log_p = (const float *)r->l->src[1] + i * r->k;
        float *dst = (float *)r->l->dst[0] + i * r->k;
        const float total = (float)fyi_sum_f32(diff, r->k);
        FYI_VECTOR
        for (int64_t j = 0; j < r->k; j++)
            dst[j] = diff[j] - fyi_expf(log_p[j]) * total;
    }
}

FYI_ROWS_KERNEL(log_softmax_bwd, 0, backward);
