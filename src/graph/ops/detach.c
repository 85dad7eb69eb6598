/* detach.c: dst = src, and no gradient passes. No work is done: a plan lets dst share src's memory.
 */
#include "graph/graph.h"

const fyi_op fyi_op_detach = {
    .name = "detach", .n_src = 1, .n_dst = 1, .flags = FYI_OP_VIEW | FYI_OP_ROWS, .onnx = "Identity"
};

fy_node fy_detach(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_detach, NULL, x);
}
