/* kl.c: see graph/ops/kl.c. */
#include "backend/native/rows.h"

static float divergence(const float *p, const float *log_q, int64_t k)
{
    double sum = 0;
    for (int64_t j = 0; j < k; j++)
        if (p[j] != 0.0f)
            sum += (double)p[j] * (double)(logf(p[j]) - log_q[j]);
    return (float)sum;
}

static void forward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    const float *p = r->l->src[0], *log_q = r->l->src[1];
    float *dst = r->l->dst[0];
    for (int64_t i = begin; i < end; i++)
        dst[i] = divergence(p + i * r->k, log_q + i * r->k, r->k);
}

FYI_ROWS_KERNEL(kl, 0, forward);

static void backward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    const float *diff = r->l->src[0], *p = r->l->src[1], *log_q = r->l->src[2];
    float *dst = r->l->dst[0];
    for (int64_t i = begin; i < end; i++)
        for (int64_t j = i * r->k; j < (i + 1) * r->k; j++)
            dst[j] = p[j] == 0.0f ? 0.0f : diff[i] * (logf(p[j]) - log_q[j] + 1.0f);
}

FYI_ROWS_KERNEL(kl_bwd, 1, backward);
