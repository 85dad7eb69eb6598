/* accuracy.c: see graph/ops/accuracy.c. */
#include "backend/native/native.h"

/* Comparisons with NaN fail, so a row with NaN is wrong. */
static bool is_right(const float *x, int64_t k, int32_t label)
{
    if (label < 0 || label >= k)
        return false;
    for (int64_t j = 0; j < k; j++)
        if (!(j < label ? x[j] < x[label] : x[j] <= x[label]))
            return false;
    return true;
}

static fy_status run(const fyi_launch *l)
{
    const int64_t n = l->site->src[0].shape.d[0], k = l->site->src[0].shape.d[1];
    const float *logits = l->src[0];
    const int32_t *labels = l->src[1];
    int64_t n_right = 0;
    for (int64_t i = 0; i < n; i++)
        n_right += is_right(logits + i * k, k, labels[i]);
    *(float *)l->dst[0] = (float)((double)n_right / (double)n);
    return FY_OK;
}

FYI_NATIVE_KERNEL(accuracy, fyi_native_plain, run);
