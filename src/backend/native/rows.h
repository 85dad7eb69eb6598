/* Native kernels over rows of k along the last axis: softmax and the losses. */
#ifndef FYI_NATIVE_ROWS_H
#define FYI_NATIVE_ROWS_H

#include "backend/native/elementary.h"
#include "backend/native/native.h"

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

/* dst[j] = exp(x[j] - max), and their sum; NaN anywhere gives NaN. */
static inline double fyi_row_exp(const float *x, int64_t k, float max, float *dst)
{
    FYI_VECTOR
    for (int64_t j = 0; j < k; j++)
        dst[j] = fyi_expf(x[j] - max);
    return fyi_sum_f32(dst, k);
}

/* The sum alone. */
static inline double fyi_row_sum_exp(const float *x, int64_t k, float max)
{
    float part[256];
    double sum = 0;
    for (int64_t at = 0; at < k; at += (int64_t)FYI_LEN(part))
        sum += fyi_row_exp(x + at, FYI_MIN((int64_t)FYI_LEN(part), k - at), max, part);
    return sum;
}

#define FYI_ROWS_KERNEL(op_name, source, loop_fn)               \
    static fy_status run_##op_name(const fyi_launch *l)         \
    {                                                           \
        return fyi_rows_run(l, &l->site->src[source], loop_fn); \
    }                                                           \
    FYI_NATIVE_KERNEL(op_name, fyi_native_plain, run_##op_name)

#endif
