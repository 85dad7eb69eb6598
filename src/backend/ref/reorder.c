/* reorder.c: see graph/ops/reorder.c. The one reference kernel that takes layouts as they come. */
#include "backend/ref/ref.h"

#include <string.h>

static bool propose(fy_device *dev, fyi_site *site)
{
    (void)dev;
    (void)site;
    return true;
}

static fy_status run(const fyi_launch *l)
{
    const fyi_desc *src = &l->site->src[0], *dst = &l->site->dst[0];
    const int64_t n = fy_shape_numel(&src->shape);
    int64_t at[FY_MAX_RANK] = { 0 };
    memset(l->dst[0], 0, fyi_desc_bytes(dst)); /* padding is zeros */
    for (int64_t i = 0; i < n; i++) {
        DST(l, 0, fyi_layout_offset(&dst->layout, &dst->shape, at),
            SRC(l, 0, fyi_layout_offset(&src->layout, &src->shape, at)));
        /* The next index in plain order. */
        for (int axis = src->shape.rank - 1; axis >= 0 && ++at[axis] == src->shape.d[axis]; axis--)
            at[axis] = 0;
    }
    return FY_OK;
}

const fyi_kernel fyi_ref_reorder = {
    .name = "ref", .op = &fyi_op_reorder, .any_float = true, .propose = propose, .run = run
};
