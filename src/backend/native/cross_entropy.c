/* cross_entropy.c: see graph/ops/cross_entropy.c. */
#include "backend/native/rows.h"

static float loss_of(const float *x, int64_t k, int32_t label)
{
    const float max = fyi_max_f32(x, k);
    if (label < 0 || label >= k)
        return NAN;
    return (float)(log(fyi_row_sum_exp(x, k, max)) - (double)(x[label] - max));
}

static void forward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    const int32_t *labels = r->l->src[1];
    float *dst = r->l->dst[0];
    for (int64_t i = begin; i < end; i++)
        dst[i] = loss_of((const float *)r->l->src[0] + i * r->k, r->k, labels[i]);
}

FYI_ROWS_KERNEL(cross_entropy, 0, forward);

/* dst = diff * (softmax(x) - onehot(label)) */
static void backward_row(const float *x, int64_t k, int32_t label, float diff, float *dst)
{
    const bool is_class = label >= 0 && label < k;
    const float max = fyi_max_f32(x, k);
    const float norm = (float)(1.0 / fyi_row_exp(x, k, max, dst)), factor = is_class ? diff : NAN;
    for (int64_t j = 0; j < k; j++)
        dst[j] = factor * (dst[j] * norm - (j == label ? 1.0f : 0.0f));
}

static void backward(void *ctx, int64_t begin, int64_t end)
{
    const fyi_rows *r = ctx;
    const float *diff = r->l->src[0], *x = r->l->src[1];
    const int32_t *labels = r->l->src[2];
    float *dst = r->l->dst[0];
    for (int64_t i = begin; i < end; i++)
        backward_row(x + i * r->k, r->k, labels[i], diff[i], dst + i * r->k);
}

FYI_ROWS_KERNEL(cross_entropy_bwd, 1, backward);
