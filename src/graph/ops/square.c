/* square.c: dst = src^2, element by element; diff_src = 2 * diff_dst * src. */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fy_scale(c->g, fy_mul(c->g, c->diff_dst[0], c->src[0]), 2.0f);
}

const fyi_op fyi_op_square = { .name = "square",
                               .n_src = 1,
                               .n_dst = 1,
                               .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                               .infer = fyi_infer_each,
                               .grad = grad };

fy_node fy_square(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_square, NULL, x);
}
