/* sum.c: see graph/ops/sum.c. */
#include "backend/ref/ref.h"

/* How far dst moves when an axis of src moves by one; 0 for the summed axes. */
static void dst_strides(const fy_shape *src, const bool *on, int64_t *stride)
{
    int64_t size = 1;
    for (int i = src->rank - 1; i >= 0; i--) {
        stride[i] = on[i] ? 0 : size;
        size *= on[i] ? 1 : src->d[i];
    }
}

static int64_t dst_offset(const fy_shape *src, const int64_t *stride, int64_t i)
{
    int64_t at = 0;
    for (int k = src->rank - 1; k >= 0; k--) {
        at += i % src->d[k] * stride[k];
        i /= src->d[k];
    }
    return at;
}

/* Accumulates in scratch: dst may be stored in fewer bits. */
static fy_status run(const fyi_launch *l)
{
    const fy_shape *src = &l->site->src[0].shape;
    const int64_t n = fy_shape_numel(src), n_dst = fy_shape_numel(&l->site->dst[0].shape);
    int64_t stride[FY_MAX_RANK];
    double *sum = l->scratch;
    dst_strides(src, ((const fyi_sum_attr *)l->site->attr)->on, stride);
    for (int64_t i = 0; i < n_dst; i++)
        sum[i] = 0;
    for (int64_t i = 0; i < n; i++)
        sum[dst_offset(src, stride, i)] += SRC(l, 0, i);
    for (int64_t i = 0; i < n_dst; i++)
        DST(l, 0, i, sum[i]);
    return FY_OK;
}

static bool propose(fy_device *dev, fyi_site *site)
{
    if (!fyi_ref_propose(dev, site))
        return false;
    site->scratch_bytes = (size_t)fy_shape_numel(&site->dst[0].shape) * sizeof(double);
    return true;
}

const fyi_kernel fyi_ref_sum = { .name = "ref", .op = &fyi_op_sum, .propose = propose, .run = run };
