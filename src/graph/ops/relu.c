/* relu.c: dst = src < 0 ? slope * src : src; slope 0 is the rectifier of Nair and Hinton 2010, a
 * small slope the leaky one of Maas et al. 2013.
 *
 *   diff_src = dst > 0 ? diff_dst : slope * diff_dst
 * The gradient reads dst, which has src's sign as long as slope >= 0: so src may be overwritten. At
 * 0 the slope counts. */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const float slope = ((const fyi_relu_attr *)at->attr)->slope;
    if (!(slope >= 0.0f))
        return fyi_fail(FY_EINVAL, "%s: the slope must be 0 or more, not %g", at->name,
                        (double)slope);
    return fyi_infer_each(at, dst);
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op2(c->g, &fyi_op_relu_bwd, c->attr, c->diff_dst[0], c->dst[0]);
}

const fyi_op fyi_op_relu = { .name = "relu",
                             .n_src = 1,
                             .n_dst = 1,
                             .attr_bytes = sizeof(fyi_relu_attr),
                             .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                             .infer = infer,
                             .grad = grad,
                             .onnx = "LeakyRelu" };

/* diff_dst, dst -> diff_src */
const fyi_op fyi_op_relu_bwd = { .name = "relu_bwd",
                                 .n_src = 2,
                                 .n_dst = 1,
                                 .attr_bytes = sizeof(fyi_relu_attr),
                                 .flags = FYI_OP_INPLACE,
                                 .infer = fyi_infer_each };

fy_node fy_leaky_relu(fy_graph *g, fy_node x, float slope)
{
    const fyi_relu_attr attr = { .slope = slope };
    return fyi_op1(g, &fyi_op_relu, &attr, x);
}

fy_node fy_relu(fy_graph *g, fy_node x)
{
    return fy_leaky_relu(g, x, 0.0f);
}
