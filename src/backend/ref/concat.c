/* concat.c: see graph/ops/concat.c. */
#include "backend/ref/ref.h"
#include "graph/ops/axis.h"

/* Source k as [outer, size, inner] goes to dst [outer, whole, inner] from `begin` on. */
static fy_status run(const fyi_launch *l)
{
    const int axis = ((const fyi_axis_attr *)l->site->attr)->axis;
    const fyi_axis dst = fyi_axis_of(&l->site->dst[0].shape, axis);
    int64_t begin = 0;
    for (int k = 0; k < l->site->n_src; k++) {
        const int64_t size = l->site->src[k].shape.d[axis], n = size * dst.inner;
        for (int64_t o = 0; o < dst.outer; o++)
            for (int64_t i = 0; i < n; i++)
                DST(l, 0, (o * dst.size + begin) * dst.inner + i, SRC(l, k, o * n + i));
        begin += size;
    }
    return FY_OK;
}

FYI_REF_KERNEL(concat, run);
