/* abs.c: dst = |src|, element by element; diff_src = diff_dst * sign(src), so 0 at 0. */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fy_node sign = fyi_op1(c->g, &fyi_op_sign, NULL, c->src[0]);
    diff_src[0] = fy_mul(c->g, c->diff_dst[0], sign);
}

const fyi_op fyi_op_abs = { .name = "abs",
                            .n_src = 1,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                            .infer = fyi_infer_each,
                            .grad = grad,
                            .onnx = "Abs" };

/* -1, 0 or 1; NaN stays NaN. Flat almost everywhere, so it has no gradient. */
const fyi_op fyi_op_sign = { .name = "sign",
                             .n_src = 1,
                             .n_dst = 1,
                             .flags = FYI_OP_INPLACE,
                             .infer = fyi_infer_each,
                             .onnx = "Sign" };

fy_node fy_abs(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_abs, NULL, x);
}
