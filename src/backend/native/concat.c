/* concat.c: see graph/ops/concat.c. */
#include "backend/native/axis.h"

static fy_status run(const fyi_launch *l)
{
    const int axis = ((const fyi_axis_attr *)l->site->attr)->axis;
    const fyi_desc *d = &l->site->dst[0];
    const fyi_axis whole = fyi_axis_of(&d->shape, axis);
    const int64_t index = fyi_native_index_bytes(d, axis);
    char *dst = l->dst[0];
    for (int i = 0; i < l->site->n_src; i++) {
        const int64_t n = l->site->src[i].shape.d[axis] * index;
        fyi_native_copy_runs(&(fyi_runs){ .outer = whole.outer,
                                          .n = 1,
                                          .bytes = n,
                                          .dst = dst,
                                          .dst_outer = whole.size * index,
                                          .dst_step = n,
                                          .src = l->src[i],
                                          .src_outer = n,
                                          .src_step = n });
        dst += n;
    }
    return FY_OK;
}

FYI_NATIVE_KERNEL(concat, fyi_native_along, run);
