/* cross_entropy.c: dst = -ln softmax(logits)[label], one number per sample, in nats.
 *
 *   logits [n, k]   labels i32 [n]   dst [n]
 *   diff_logits = diff_dst * (softmax(logits) - onehot(label))
 * Computed from max and ln sum exp, so finite for any finite logits. A label outside 0..k-1 gives
 * NaN in that sample's value and gradient: labels arrive at run time, and a loss that is not finite
 * stops the loop. */
#include "graph/ops/each.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "logits", 2, 2, "[n, k]"));
    FYI_FORWARD(fyi_want_labels(at, 1, at->src[0].shape.d[0]));
    dst[0].shape = FY_SHAPE(at->src[0].shape.d[0]);
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    if (c->wanted[0])
        diff_src[0] =
            fyi_op3(c->g, &fyi_op_cross_entropy_bwd, NULL, c->diff_dst[0], c->src[0], c->src[1]);
}

const fyi_op fyi_op_cross_entropy = { .name = "cross_entropy",
                                      .n_src = 2,
                                      .n_dst = 1,
                                      .infer = infer,
                                      .grad = grad,
                                      .onnx = "SoftmaxCrossEntropyLoss" };

/* diff_dst [n], logits [n, k], labels [n] -> diff_logits [n, k] */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 1, "logits", 2, 2, "[n, k]"));
    FYI_FORWARD(fyi_want_shape(at, 0, "diff_dst", FY_SHAPE(at->src[1].shape.d[0])));
    FYI_FORWARD(fyi_want_labels(at, 2, at->src[1].shape.d[0]));
    dst[0] = at->src[1];
    return FY_OK;
}

const fyi_op fyi_op_cross_entropy_bwd = {
    .name = "cross_entropy_bwd", .n_src = 3, .n_dst = 1, .infer = infer_bwd
};

fy_node fy_cross_entropy(fy_graph *g, fy_node logits, fy_node labels)
{
    return fyi_op2(g, &fyi_op_cross_entropy, NULL, logits, labels);
}
