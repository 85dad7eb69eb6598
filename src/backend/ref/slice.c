/* slice.c: see graph/ops/slice.c. */
#include "backend/ref/ref.h"
#include "graph/ops/axis.h"

/* src [outer, whole, inner] -> dst [outer, size, inner] */
static fy_status run(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_axis src = fyi_axis_of(&l->site->src[0].shape, a->axis);
    const int64_t n = a->size * src.inner;
    for (int64_t o = 0; o < src.outer; o++)
        for (int64_t i = 0; i < n; i++)
            DST(l, 0, o * n + i, SRC(l, 0, (o * src.size + a->begin) * src.inner + i));
    return FY_OK;
}

FYI_REF_KERNEL(slice, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_axis dst = fyi_axis_of(&l->site->dst[0].shape, a->axis);
    const int64_t n = a->size * dst.inner, whole = dst.outer * dst.size * dst.inner;
    for (int64_t i = 0; i < whole; i++)
        DST(l, 0, i, 0);
    for (int64_t o = 0; o < dst.outer; o++)
        for (int64_t i = 0; i < n; i++)
            DST(l, 0, (o * dst.size + a->begin) * dst.inner + i, SRC(l, 0, o * n + i));
    return FY_OK;
}

FYI_REF_KERNEL(slice_bwd, run_bwd);
