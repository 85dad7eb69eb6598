/* exp.c: dst = exp(src), element by element; diff_src = diff_dst * dst. */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fy_mul(c->g, c->diff_dst[0], c->dst[0]);
}

const fyi_op fyi_op_exp = { .name = "exp",
                            .n_src = 1,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                            .infer = fyi_infer_each,
                            .grad = grad,
                            .onnx = "Exp" };

fy_node fy_exp(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_exp, NULL, x);
}
