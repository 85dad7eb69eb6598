/* accuracy.c: dst = the fraction of rows whose largest logit, the first of equals, stands at the
 * label. A row with NaN is wrong, and so is a label outside 0..k-1. NaN for no rows. It is flat, so
 * it has no gradient.
 *
 *   logits [n, k]   labels i32 [n]   dst [] */
#include "graph/ops/each.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "logits", 2, 2, "[n, k]"));
    FYI_FORWARD(fyi_want_labels(at, 1, at->src[0].shape.d[0]));
    dst[0].shape = FY_SCALAR;
    return FY_OK;
}

const fyi_op fyi_op_accuracy = { .name = "accuracy", .n_src = 2, .n_dst = 1, .infer = infer };

fy_node fy_accuracy(fy_graph *g, fy_node logits, fy_node labels)
{
    return fyi_op2(g, &fyi_op_accuracy, NULL, logits, labels);
}
