/* grad_reverse.c: dst = src forward; diff_src = -coefficient * diff_dst backward (Ganin and
 * Lempitsky 2015): what stands before it learns to worsen what stands after it.
 *
 *   src, dst   one shape     coefficient []: a node, so that it can follow a schedule; it gets no
 * gradient */
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
    const fyi_affine_attr attr = { .scale = -1.0f };
    if (c->wanted[0])
        diff_src[0] = fyi_op2(c->g, &fyi_op_scale_by, &attr, c->diff_dst[0], c->src[1]);
}

const fyi_op fyi_op_grad_reverse = { .name = "grad_reverse",
                                     .n_src = 2,
                                     .n_dst = 1,
                                     .flags = FYI_OP_VIEW,
                                     .infer = infer,
                                     .grad = grad,
                                     .onnx = "Identity" };

fy_node fy_grad_reverse(fy_graph *g, fy_node x, fy_node coefficient)
{
    return fyi_op2(g, &fyi_op_grad_reverse, NULL, x, coefficient);
}
