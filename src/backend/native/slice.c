/* slice.c: see graph/ops/slice.c. */
#include "backend/native/axis.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_desc *s = &l->site->src[0];
    const fyi_axis whole = fyi_axis_of(&s->shape, a->axis);
    const int64_t index = fyi_native_index_bytes(s, a->axis), n = a->size * index;
    fyi_native_copy_runs(whole.outer, n, l->dst[0], n, (const char *)l->src[0] + a->begin * index,
                         whole.size * index);
    return FY_OK;
}

FYI_NATIVE_KERNEL(slice, fyi_native_along, run);

/* Zero bits are zero in every data type. */
static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_desc *d = &l->site->dst[0];
    const fyi_axis whole = fyi_axis_of(&d->shape, a->axis);
    const int64_t index = fyi_native_index_bytes(d, a->axis), n = a->size * index;
    char *dst = l->dst[0];
    memset(dst, 0, (size_t)(whole.outer * whole.size * index));
    fyi_native_copy_runs(whole.outer, n, dst + a->begin * index, whole.size * index, l->src[0], n);
    return FY_OK;
}

FYI_NATIVE_KERNEL(slice_bwd, fyi_native_along, run_bwd);
