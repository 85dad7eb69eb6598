/* normal.c: dst = numbers of mean 0 and deviation 1, others in every step; src gives the shape alone, and no gradient passes.
 *
 * Element i in plain order is the i-th fy_rng_normal of
 *   stream = child(child(named(launch seed, "normal"), salt), launch step) */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"

const fyi_op fyi_op_normal = { .name = "normal",
                               .n_src = 1,
                               .n_dst = 1,
                               .attr_bytes = sizeof(fyi_normal_attr),
                               .flags = FYI_OP_RANDOM,
                               .infer = fyi_infer_each,
                               .onnx = "RandomNormalLike" };

fy_node fy_normal(fy_graph *g, fy_shape s)
{
    const fyi_normal_attr attr = { .salt = g->n_nodes };
    return fyi_op1(g, &fyi_op_normal, &attr, fy_fill(g, s, 0));
}
