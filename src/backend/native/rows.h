/* Native kernels over rows of k along the last axis: softmax and the losses. */
#ifndef FYI_NATIVE_ROWS_H
#define FYI_NATIVE_ROWS_H

#include "backend/native/native.h"

#include <math.h>

/* What a loop over rows works on; rows are independent. */
typedef struct fyi_rows {
    const fyi_launch *l;
    int64_t k;
} fyi_rows;

/* Runs the loop over the rows of x, one of the launch's sources. */
static inline fy_status fyi_rows_run(const fyi_launch *l, const fyi_desc *x, fyi_range_fn loop)
{
    fyi_rows r = { .l = l, .k = x->shape.d[x->shape.rank - 1] };
    int64_t n = 1;
    for (int i = 0; i < x->shape.rank - 1; i++)
        n *= x->shape.d[i];
    fyi_parallel(n, fyi_grain(r.k), loop, &r);
    return FY_OK;
}

static inline float fyi_row_max(const float *x, int64_t k)
{
    float max = -INFINITY;
    for (int64_t j = 0; j < k; j++)
        max = x[j] > max ? x[j] : max;
    return max;
}

/* sum exp(x - max); NaN anywhere gives NaN. */
static inline double fyi_row_sum_exp(const float *x, int64_t k, float max)
{
    double sum = 0;
    for (int64_t j = 0; j < k; j++)
        sum += (double)expf(x[j] - max);
    return sum;
}

#define FYI_ROWS_KERNEL(op_name, source, loop_fn)               \
    static fy_status run_##op_name(const fyi_launch *l)         \
    {                                                           \
        return fyi_rows_run(l, &l->site->src[source], loop_fn); \
    }                                                           \
    FYI_NATIVE_KERNEL(op_name, fyi_native_plain, run_##op_name)

#endif
