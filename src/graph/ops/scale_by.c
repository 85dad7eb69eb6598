/* scale_by.c: dst = scale * coefficient * src, where the coefficient is a scalar node that may
 * change from step to step and scale is fixed in the graph.
 *
 *   src, dst   one shape     coefficient []
 *   diff_src = scale * coefficient * diff_dst     diff_coefficient = scale * sum(diff_dst * src) */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    (void)dst; /* like src */
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 0, FY_MAX_RANK, "of any shape"));
    return fyi_want_shape(at, 1, "the coefficient", FY_SCALAR);
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const float scale = ((const fyi_affine_attr *)c->attr)->scale;
    if (c->wanted[0])
        diff_src[0] = fyi_op2(c->g, &fyi_op_scale_by, c->attr, c->diff_dst[0], c->src[1]);
    if (c->wanted[1]) {
        const fy_node dot = fy_sum_all(c->g, fy_mul(c->g, c->diff_dst[0], c->src[0]));
        diff_src[1] = fy_scale(c->g, dot, scale);
    }
}

const fyi_op fyi_op_scale_by = { .name = "scale_by",
                                 .n_src = 2,
                                 .n_dst = 1,
                                 .attr_bytes = sizeof(fyi_affine_attr),
                                 .flags = FYI_OP_INPLACE,
                                 .infer = infer,
                                 .grad = grad };
