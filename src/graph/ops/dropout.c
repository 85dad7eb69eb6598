/* dropout.c: dst = kept ? src / (1 - p) : 0 (Srivastava et al. 2014, scaled in training as is usual
 * today).
 *
 * Element i in plain order is kept if u_i >= p, where
 *   u_i = (w_i >> 8) / 2^24, and w_i is word i % 4 of fyi_rng_block(&stream, i / 4)
 *   stream = child(child(named(launch seed, "dropout"), salt), launch step)
 * so four neighbours share one Philox block and any range can be computed alone. A dropped element
 * is 0 whatever src holds. The salt comes from the node's position in the graph; the gradient is
 * the same operator with the same salt on diff_dst, hence the same mask within a step. */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const float p = ((const fyi_dropout_attr *)at->attr)->p;
    if (!(p >= 0.0f && p <= 1.0f))
        return fyi_fail(FY_EINVAL, "%s: the probability must be 0 to 1, not %g", at->name,
                        (double)p);
    return fyi_infer_each(at, dst);
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op1(c->g, &fyi_op_dropout, c->attr, c->diff_dst[0]);
}

const fyi_op fyi_op_dropout = { .name = "dropout",
                                .n_src = 1,
                                .n_dst = 1,
                                .attr_bytes = sizeof(fyi_dropout_attr),
                                .flags = FYI_OP_INPLACE | FYI_OP_RANDOM,
                                .infer = infer,
                                .grad = grad,
                                .onnx = "Dropout" };

/* p = 0 adds no node: a random one would keep everything behind it out of the feature cache. */
fy_node fy_dropout(fy_graph *g, fy_node x, float p)
{
    const fyi_dropout_attr attr = { .p = p, .salt = g->n_nodes };
    return p == 0.0f ? x : fyi_op1(g, &fyi_op_dropout, &attr, x);
}
