/* clip.c: dst = min(max(src, lo), hi); NaN stays NaN.
 *
 *   diff_src = diff_dst where lo < src < hi, else 0; dst lies there exactly where src does */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_clip_attr *a = at->attr;
    if (!(a->lo <= a->hi))
        return fyi_fail(FY_EINVAL, "%s: the lower bound %g must not be above the upper bound %g",
                        at->name, (double)a->lo, (double)a->hi);
    return fyi_infer_each(at, dst);
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op2(c->g, &fyi_op_clip_bwd, c->attr, c->diff_dst[0], c->dst[0]);
}

const fyi_op fyi_op_clip = { .name = "clip",
                             .n_src = 1,
                             .n_dst = 1,
                             .attr_bytes = sizeof(fyi_clip_attr),
                             .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                             .infer = infer,
                             .grad = grad,
                             .onnx = "Clip" };

/* diff_dst, dst -> diff_src */
const fyi_op fyi_op_clip_bwd = { .name = "clip_bwd",
                                 .n_src = 2,
                                 .n_dst = 1,
                                 .attr_bytes = sizeof(fyi_clip_attr),
                                 .flags = FYI_OP_INPLACE,
                                 .infer = fyi_infer_each };

fy_node fy_clip(fy_graph *g, fy_node x, float lo, float hi)
{
    const fyi_clip_attr attr = { .lo = lo, .hi = hi };
    return fyi_op1(g, &fyi_op_clip, &attr, x);
}
