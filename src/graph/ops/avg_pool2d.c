/* avg_pool2d.c: dst = the mean of each window.
 *
 *   src [n, c, h, w]   dst [n, c, oh, ow]
 * The divisor is the part of the window inside the padded image, or inside the image itself without
 * count_include_pad. The gradient spreads each diff_dst / divisor over its window. */
#include "graph/ops/attr.h"
#include "graph/ops/pool.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_pool_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 4, 4, "[n, c, h, w]"));
    return fyi_pool_shape(at, &a->o, &at->src[0].shape, &dst[0].shape);
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op1(c->g, &fyi_op_avg_pool2d_bwd, c->attr, c->diff_dst[0]);
}

const fyi_op fyi_op_avg_pool2d = { .name = "avg_pool2d",
                                   .flags = FYI_OP_ROWS,
                                   .n_src = 1,
                                   .n_dst = 1,
                                   .attr_bytes = sizeof(fyi_pool_attr),
                                   .infer = infer,
                                   .grad = grad,
                                   .onnx = "AveragePool" };

fy_node fy_avg_pool2d(fy_graph *g, fy_node x, const fy_pool_opts *o)
{
    const fyi_pool_attr attr = { .o = *o, .src = fy_node_shape(g, x) };
    return fyi_op1(g, &fyi_op_avg_pool2d, &attr, x);
}

/* diff_dst [n, c, oh, ow] -> diff_src, shaped like the forward source. */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, c, oh, ow]"));
    dst[0].shape = ((const fyi_pool_attr *)at->attr)->src;
    return FY_OK;
}

const fyi_op fyi_op_avg_pool2d_bwd = { .name = "avg_pool2d_bwd",
                                       .n_src = 1,
                                       .n_dst = 1,
                                       .attr_bytes = sizeof(fyi_pool_attr),
                                       .infer = infer_bwd };
