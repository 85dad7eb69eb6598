/* log_softmax.c: dst = (src - max) - ln sum exp(src - max) over the last axis. Exact where the
 * logarithm of softmax would be -inf.
 *
 *   src, dst [..., k]     diff_src = diff_dst - exp(dst) * sum_k diff_dst */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    (void)dst; /* like src */
    return fyi_want_axes(at, 0, "src", 1, FY_MAX_RANK, "[..., k]");
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op2(c->g, &fyi_op_log_softmax_bwd, NULL, c->diff_dst[0], c->dst[0]);
}

const fyi_op fyi_op_log_softmax = { .name = "log_softmax",
                                    .flags = FYI_OP_ROWS,
                                    .n_src = 1,
                                    .n_dst = 1,
                                    .infer = infer,
                                    .grad = grad,
                                    .onnx = "LogSoftmax" };

/* diff_dst, dst -> diff_src */
const fyi_op fyi_op_log_softmax_bwd = {
    .name = "log_softmax_bwd", .n_src = 2, .n_dst = 1, .infer = fyi_infer_each
};

fy_node fy_log_softmax(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_log_softmax, NULL, x);
}
