/* log.c: dst = ln(src), element by element: -inf at 0, NaN below; diff_src = diff_dst / src. */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fy_div(c->g, c->diff_dst[0], c->src[0]);
}

const fyi_op fyi_op_log = { .name = "log",
                            .n_src = 1,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                            .infer = fyi_infer_each,
                            .grad = grad,
                            .onnx = "Log" };

fy_node fy_log(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_log, NULL, x);
}
