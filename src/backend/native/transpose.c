/* transpose.c: see graph/ops/transpose.c. */
#include "backend/native/native.h"

static fy_status run(const fyi_launch *l)
{
    const int *axes = ((const fyi_transpose_attr *)l->site->attr)->axes;
    const fy_shape *src = &l->site->src[0].shape;
    int64_t src_stride[FY_MAX_RANK] = { 0 }, stride[FY_MAX_RANK] = { 0 }, step = 1;
    for (int i = src->rank - 1; i >= 0; i--) {
        src_stride[i] = step;
        step *= src->d[i];
    }
    for (int i = 0; i < src->rank; i++)
        stride[i] = src_stride[axes[i]];
    fyi_native_gather(&l->site->dst[0].shape, l->dst[0], l->src[0], stride);
    return FY_OK;
}

FYI_NATIVE_KERNEL(transpose, fyi_native_plain, run);
