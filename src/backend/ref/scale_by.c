/* scale_by.c: see graph/ops/scale_by.c. */
#include "backend/ref/ref.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_affine_attr *a = l->site->attr;
    const int64_t n = fy_shape_numel(&l->site->dst[0].shape);
    for (int64_t i = 0; i < n; i++)
        DST(l, 0, i, a->scale * SRC(l, 1, 0) * SRC(l, 0, i));
    return FY_OK;
}

FYI_REF_KERNEL(scale_by, run);
