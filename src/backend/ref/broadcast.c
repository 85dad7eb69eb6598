/* broadcast.c: see graph/ops/broadcast.c. */
#include "backend/ref/ref.h"

/* Where dst's element i comes from: axes of size 1 stand still. */
static int64_t src_offset(const fy_shape *src, const fy_shape *dst, int64_t i)
{
    int64_t at = 0, stride = 1;
    for (int back = 0; back < src->rank; back++) {
        const int64_t size = src->d[src->rank - 1 - back], to = dst->d[dst->rank - 1 - back];
        at += size == 1 ? 0 : i % to * stride;
        stride *= size;
        i /= to;
    }
    return at;
}

static fy_status run(const fyi_launch *l)
{
    const fy_shape *src = &l->site->src[0].shape, *dst = &l->site->dst[0].shape;
    const int64_t n = fy_shape_numel(dst);
    for (int64_t i = 0; i < n; i++)
        DST(l, 0, i, SRC(l, 0, src_offset(src, dst, i)));
    return FY_OK;
}

FYI_REF_KERNEL(broadcast, run);
