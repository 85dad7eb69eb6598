/* broadcast.c: see graph/ops/broadcast.c. */
#include "backend/native/native.h"

/* src's strides along dst's axes: 0 where it repeats. */
static fy_status run(const fyi_launch *l)
{
    const fy_shape *src = &l->site->src[0].shape, *dst = &l->site->dst[0].shape;
    int64_t stride[FY_MAX_RANK] = { 0 }, step = 1;
    for (int back = 1; back <= src->rank; back++) {
        const int64_t size = src->d[src->rank - back];
        stride[dst->rank - back] = size == 1 ? 0 : step;
        step *= size;
    }
    fyi_native_gather(dst, l->dst[0], l->src[0], stride);
    return FY_OK;
}

FYI_NATIVE_KERNEL(broadcast, fyi_native_plain, run);
