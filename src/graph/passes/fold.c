/* fold.c: a frozen batch norm in evaluation mode disappears into the convolution before it:
 *   k = scale / sqrt(var + eps),  weights' = weights * k per output channel,  bias' = shift - mean * k
 * The folded weights depend on frozen parameters only, so the plan computes them once, not every step. */
#include "graph/ops/attr.h"
#include "graph/passes/rewrite.h"
#include "graph/trace.h"

static bool is_foldable(const fy_graph *g, const fyi_uses *u, const fyi_node *bn)
{
    const fyi_node *conv = fyi_def_if(g, bn->src[0], &fyi_op_conv2d);
    if (!conv || conv->n_src != 2 || u->uses[bn->src[0]] != 1 ||
        !fyi_is_frozen_use(g, fyi_def(g, conv->src[1])))
        return false;
    for (int i = 1; i < bn->n_src; i++)
        if (!fyi_is_frozen_use(g, fyi_def(g, bn->src[i])))
            return false;
    return true;
}

static fy_status fold(fyi_program *p, fyi_uses *u, const fyi_node *bn)
{
    fy_graph *g = p->g;
    const fyi_node conv = *fyi_def(g, bn->src[0]);
    const float eps = ((const fyi_batch_norm_attr *)bn->attr)->eps;
    const fy_node scale = fyi_n(bn->src[1]), shift = fyi_n(bn->src[2]);
    const fy_node mean = fyi_n(bn->src[3]), var = fyi_n(bn->src[4]), weights = fyi_n(conv.src[1]);
    const int64_t oc = g->values[conv.src[1]].spec.shape.d[0];

    const fy_node k = fy_div(g, scale, fy_sqrt(g, fy_affine(g, var, 1.0f, eps))); /* [oc] */
    const fy_node w = fy_mul(g, weights, fy_reshape(g, k, FY_SHAPE(oc, 1, 1, 1)));
    const fy_node b = fy_sub(g, shift, fy_mul(g, mean, k));
    const fy_node folded = fyi_op2(g, &fyi_op_conv2d, conv.attr, fyi_n(conv.src[0]), w);
    const fy_node biased = fy_bias(g, folded, b);
    FYI_FORWARD(fy_graph_status(g));
    FYI_FORWARD(fyi_uses_extend(g, u));
    fyi_replace(p, u, bn->dst, biased.id);
    return FY_OK;
}

fy_status fyi_pass_fold(fyi_program *p)
{
    fyi_uses u;
    fy_status st = fyi_uses_count(p, &u);
    for (size_t k = 1; st == FY_OK && k < u.n_nodes; k++) {
        const fyi_node n = p->g->nodes[k];
        if (u.alive[k] && n.op == &fyi_op_batch_norm_infer && is_foldable(p->g, &u, &n))
            st = fold(p, &u, &n);
    }
    fyi_uses_release(&u);
    return st;
}
