/* normal.c: see graph/ops/normal.c, where the numbers are defined. */
#include "backend/ref/ref.h"

static fy_rng stream_of(const fyi_launch *l)
{
    const fyi_normal_attr *a = l->site->attr;
    const fy_rng all = fy_rng_named(l->seed, "normal");
    const fy_rng node = fy_rng_child(&all, a->salt);
    return fy_rng_child(&node, l->step);
}

static fy_status run(const fyi_launch *l)
{
    const int64_t n = fy_shape_numel(&l->site->dst[0].shape);
    fy_rng r = stream_of(l);
    for (int64_t i = 0; i < n; i++)
        DST(l, 0, i, (double)fy_rng_normal(&r));
    return FY_OK;
}

FYI_REF_KERNEL(normal, run);
