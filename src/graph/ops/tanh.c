/* tanh.c: dst = tanh(src), element by element; diff_src = diff_dst * (1 - dst^2). */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op2(c->g, &fyi_op_tanh_bwd, NULL, c->diff_dst[0], c->dst[0]);
}

const fyi_op fyi_op_tanh = { .name = "tanh",
                             .n_src = 1,
                             .n_dst = 1,
                             .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                             .infer = fyi_infer_each,
                             .grad = grad,
                             .onnx = "Tanh" };

/* diff_dst, dst -> diff_src */
const fyi_op fyi_op_tanh_bwd = {
    .name = "tanh_bwd", .n_src = 2, .n_dst = 1, .flags = FYI_OP_INPLACE, .infer = fyi_infer_each
};

fy_node fy_tanh(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_tanh, NULL, x);
}
