/* transpose.c: see graph/ops/transpose.c. */
#include "backend/ref/ref.h"

static fy_status run(const fyi_launch *l)
{
    const int *axes = ((const fyi_transpose_attr *)l->site->attr)->axes;
    const fy_shape *src = &l->site->src[0].shape, *dst = &l->site->dst[0].shape;
    const fyi_layout plain = fyi_layout_plain(src->rank);
    const int64_t n = fy_shape_numel(dst);
    for (int64_t i = 0; i < n; i++) {
        int64_t at[FY_MAX_RANK] = { 0 }, rest = i;
        for (int k = dst->rank - 1; k >= 0; k--) {
            at[axes[k]] = rest % dst->d[k];
            rest /= dst->d[k];
        }
        DST(l, 0, i, SRC(l, 0, fyi_layout_offset(&plain, src, at)));
    }
    return FY_OK;
}

FYI_REF_KERNEL(transpose, run);
