/* sigmoid.c: dst = 1 / (1 + exp(-src)), element by element; diff_src = diff_dst * dst * (1 - dst).
 */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op2(c->g, &fyi_op_sigmoid_bwd, NULL, c->diff_dst[0], c->dst[0]);
}

const fyi_op fyi_op_sigmoid = { .name = "sigmoid",
                                .n_src = 1,
                                .n_dst = 1,
                                .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                                .infer = fyi_infer_each,
                                .grad = grad,
                                .onnx = "Sigmoid" };

/* diff_dst, dst -> diff_src */
const fyi_op fyi_op_sigmoid_bwd = {
    .name = "sigmoid_bwd", .n_src = 2, .n_dst = 1, .flags = FYI_OP_INPLACE, .infer = fyi_infer_each
};

fy_node fy_sigmoid(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_sigmoid, NULL, x);
}
