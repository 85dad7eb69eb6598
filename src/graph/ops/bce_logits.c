/* bce_logits.c: binary cross-entropy of logits x against targets t in 0..1, element by element, in
 * nats: -t ln s(x) - (1 - t) ln(1 - s(x)), s the sigmoid = max(x, 0) - x t + ln(1 + exp(-|x|)),
 * which neither overflows nor loses small values.
 *
 *   logits, targets, dst   one shape
 *   diff_logits = diff_dst * (s(x) - t)     diff_targets = -diff_dst * x */
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    if (c->wanted[0])
        diff_src[0] =
            fyi_op3(c->g, &fyi_op_bce_logits_bwd, NULL, c->diff_dst[0], c->src[0], c->src[1]);
    if (c->wanted[1])
        diff_src[1] = fy_scale(c->g, fy_mul(c->g, c->diff_dst[0], c->src[0]), -1.0f);
}

const fyi_op fyi_op_bce_logits = { .name = "bce_logits",
                                   .n_src = 2,
                                   .n_dst = 1,
                                   .flags = FYI_OP_INPLACE,
                                   .infer = fyi_infer_each,
                                   .grad = grad };

/* diff_dst, logits, targets -> diff_logits */
const fyi_op fyi_op_bce_logits_bwd = {
    .name = "bce_logits_bwd", .n_src = 3, .n_dst = 1, .flags = FYI_OP_INPLACE, .infer = fyi_infer_each
};

fy_node fy_bce_logits(fy_graph *g, fy_node logits, fy_node targets)
{
    return fyi_op2(g, &fyi_op_bce_logits, NULL, logits, targets);
}
