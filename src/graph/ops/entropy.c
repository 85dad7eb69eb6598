/* entropy.c: dst = -sum_k p ln p with p = softmax(logits) over the last axis, in nats; the more
 * undecided the larger, at most ln k (Grandvalet and Bengio 2004 minimise it on unlabelled
 * samples).
 *
 *   logits [..., k]   dst [...]
 * Made of softmax and log_softmax, whose gradients are its own. */
#include "graph/graph.h"

fy_node fy_entropy(fy_graph *g, fy_node logits)
{
    const fy_node p = fy_softmax(g, logits);
    const fy_node terms = fy_mul(g, p, fy_log_softmax(g, logits));
    if (!terms.id)
        return FY_NO_NODE;
    const int last = fy_node_shape(g, logits).rank - 1;
    return fy_scale(g, fy_sum(g, terms, &last, 1, false), -1.0f);
}
