/* sqrt.c: dst = sqrt(src), element by element, NaN below 0; diff_src = diff_dst / (2 dst), which is
 * infinite at 0: add a small number first where zeros can occur. */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fy_scale(c->g, fy_div(c->g, c->diff_dst[0], c->dst[0]), 0.5f);
}

const fyi_op fyi_op_sqrt = { .name = "sqrt",
                             .n_src = 1,
                             .n_dst = 1,
                             .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                             .infer = fyi_infer_each,
                             .grad = grad,
                             .onnx = "Sqrt" };

fy_node fy_sqrt(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_sqrt, NULL, x);
}
