/* dropout.c: see graph/ops/dropout.c, where the mask is defined. */
#include "backend/ref/ref.h"

static fy_rng stream_of(const fyi_launch *l)
{
    const fyi_dropout_attr *a = l->site->attr;
    const fy_rng all = fy_rng_named(l->seed, "dropout");
    const fy_rng node = fy_rng_child(&all, a->salt);
    return fy_rng_child(&node, l->step);
}

static fy_status run(const fyi_launch *l)
{
    const double p = ((const fyi_dropout_attr *)l->site->attr)->p;
    const int64_t n = fy_shape_numel(&l->site->dst[0].shape);
    fy_rng r = stream_of(l);
    for (int64_t i = 0; i < n; i++) {
        const bool is_kept = fy_rng_uniform(&r) >= p;
        DST(l, 0, i, is_kept ? SRC(l, 0, i) / (1 - p) : 0);
    }
    return FY_OK;
}

FYI_REF_KERNEL(dropout, run);
