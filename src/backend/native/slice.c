/* slice.c: see graph/ops/slice.c. */
#include "backend/native/axis.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_desc *s = &l->site->src[0];
    const fyi_axis whole = fyi_axis_of(&s->shape, a->axis);
    const int64_t index = fyi_native_index_bytes(s, a->axis);
    fyi_native_copy_runs(&(fyi_runs){ .outer = whole.outer,
                                      .n = a->size,
                                      .bytes = index,
                                      .dst = l->dst[0],
                                      .dst_outer = a->size * index,
                                      .dst_step = index,
                                      .src = (const char *)l->src[0] + a->begin * index,
                                      .src_outer = whole.size * index,
                                      .src_step = a->step * index });
    return FY_OK;
}

FYI_NATIVE_KERNEL(slice, fyi_native_along, run);
