/* pad.c: see graph/ops/pad.c. */
#include "backend/ref/ref.h"
#include "graph/ops/axis.h"

/* src [outer, size, inner] -> dst [outer, whole, inner] */
static fy_status run(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_axis dst = fyi_axis_of(&l->site->dst[0].shape, a->axis);
    const int64_t n = dst.outer * dst.size * dst.inner;
    for (int64_t i = 0; i < n; i++)
        DST(l, 0, i, 0);
    for (int64_t o = 0; o < dst.outer; o++)
        for (int64_t k = 0; k < a->size; k++)
            for (int64_t i = 0; i < dst.inner; i++)
                DST(l, 0, (o * dst.size + a->begin + k * a->step) * dst.inner + i,
                    SRC(l, 0, (o * a->size + k) * dst.inner + i));
    return FY_OK;
}

FYI_REF_KERNEL(pad, run);
