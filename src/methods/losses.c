/* losses.c: what methods teach by. */
#include "losses.h"

#include <stdlib.h>

static fy_node plain_cross_entropy(fy_graph *g, fy_node logits, const fy_stream *in)
{
    static const int classes[] = { 1 };
    if (!in->q.id)
        return fy_mean_all(g, fy_cross_entropy(g, logits, in->y));
    const fy_node log_p = fy_log_softmax(g, logits);
    return fy_scale(g, fy_mean_all(g, fy_sum(g, fy_mul(g, in->q, log_p), classes, 1, false)), -1);
}

fy_node loss_cross_entropy(fy_graph *g, fy_node logits, const fy_stream *in, double smoothing)
{
    const float e = (float)smoothing;
    const fy_node plain = plain_cross_entropy(g, logits, in);
    if (!(e > 0))
        return plain;
    const fy_node even = fy_mean_all(g, fy_log_softmax(g, logits));
    return fy_sub(g, fy_scale(g, plain, 1 - e), fy_scale(g, even, e));
}

fy_node loss_sum(fy_graph *g, fy_node a, fy_node b)
{
    return !b.id ? a : a.id ? fy_add(g, a, b) : b;
}

fy_node loss_distance(fy_graph *g, fy_param *now, fy_param *then)
{
    return fy_sum_all(g, fy_square(g, fy_sub(g, fy_use(g, now), fy_use(g, then))));
}

fy_node loss_domain_labels(fy_graph *g, int64_t n_source, int64_t n_target)
{
    int32_t *is_target = calloc((size_t)(n_source + n_target), sizeof *is_target);
    if (!is_target) {
        fy_graph_fail(g, fy_error(FY_ENOMEM, "no memory for domain labels"));
        return FY_NO_NODE;
    }
    for (int64_t i = n_source; i < n_source + n_target; i++)
        is_target[i] = 1;
    const fy_node y = fy_constant(g, FY_I32, FY_SHAPE(n_source + n_target), is_target);
    free(is_target);
    return y;
}
