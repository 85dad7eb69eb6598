/* clip_scale.c: dst = min(1, max_norm / (norm + 1e-6)), norm being the L2 norm of all sources taken
 * as one vector (Pascanu et al. 2013). Multiplying every gradient by it keeps the whole gradient's
 * norm at most max_norm. NaN anywhere makes the factor NaN, and infinity times its factor of 0 is
 * NaN: neither is hidden. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_clip_scale_attr *a = at->attr;
    if (!(a->max_norm > 0))
        return fyi_fail(FY_EINVAL, "%s: the largest norm must be above 0, not %g", at->name,
                        (double)a->max_norm);
    for (int i = 0; i < at->n_src; i++)
        FYI_FORWARD(fyi_want_axes(at, i, "each gradient", 0, FY_MAX_RANK, "of any shape"));
    dst[0] = (fyi_spec){ .dtype = FY_F32, .shape = FY_SCALAR };
    return FY_OK;
}

const fyi_op fyi_op_clip_scale = { .name = "clip_scale",
                                   .n_src = -1,
                                   .min_src = 1,
                                   .n_dst = 1,
                                   .attr_bytes = sizeof(fyi_clip_scale_attr),
                                   .infer = infer };
