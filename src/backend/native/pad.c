/* pad.c: see graph/ops/pad.c. */
#include "backend/native/axis.h"

/* Zero bits are zero in every data type. */
static fy_status run(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_desc *d = &l->site->dst[0];
    const fyi_axis whole = fyi_axis_of(&d->shape, a->axis);
    const int64_t index = fyi_native_index_bytes(d, a->axis);
    memset(l->dst[0], 0, (size_t)(whole.outer * whole.size * index));
    fyi_native_copy_runs(&(fyi_runs){ .outer = whole.outer,
                                      .n = a->size,
                                      .bytes = index,
                                      .dst = (char *)l->dst[0] + a->begin * index,
                                      .dst_outer = whole.size * index,
                                      .dst_step = a->step * index,
                                      .src = l->src[0],
                                      .src_outer = a->size * index,
                                      .src_step = index });
    return FY_OK;
}

FYI_NATIVE_KERNEL(pad, fyi_native_along, run);
