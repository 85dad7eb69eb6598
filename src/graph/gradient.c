/* gradient.c: a loss's gradient as values of the graph, for who looks at it or weighs losses by it. */
#include "graph/backward.h"

static fy_status check_wanted(const fy_graph *g, fy_node loss, const fy_node *wrt, int n)
{
    char spec[FYI_SPEC_CHARS];
    if (n < 1)
        return fyi_fail(FY_EINVAL, "a gradient with respect to %d values; expected 1 or more", n);
    for (int i = 0; i < n; i++)
        if (wrt[i].id <= 0)
            return fyi_fail(FY_EINVAL, "a gradient is wanted with respect to value %d, no node", i);
    if (loss.id > 0 && fy_shape_numel(&g->values[loss.id].spec.shape) == 1)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "a gradient is that of a scalar; this is %s",
                    loss.id > 0 ? fyi_spec_text(g->values[loss.id].spec.dtype,
                                                &g->values[loss.id].spec.shape, spec)
                                : "no node");
}

static fy_status add(fy_graph *g, fy_node loss, const fy_node *wrt, int n, fy_node *out)
{
    fyi_arena scratch = { 0 };
    fyi_id *ids = fyi_arena_alloc(&scratch, 2 * (size_t)n * sizeof *ids);
    if (!ids)
        return fyi_enomem((size_t)n * sizeof *ids, "a gradient");
    fyi_id *diff = ids + n;
    for (int i = 0; i < n; i++)
        ids[i] = wrt[i].id;
    const fy_status st = fyi_backward(g, loss.id, ids, n, diff);
    for (int i = 0; st == FY_OK && i < n; i++)
        out[i] = diff[i] ? fy_detach(g, fyi_n(diff[i])) : FY_NO_NODE;
    fyi_arena_release(&scratch);
    return st;
}

void fy_gradient(fy_graph *g, fy_node loss, const fy_node *wrt, int n, fy_node *out)
{
    for (int i = 0; i < n; i++)
        out[i] = FY_NO_NODE;
    if (g->status == FY_OK)
        fy_graph_fail(g, check_wanted(g, loss, wrt, n));
    if (g->status == FY_OK)
        fy_graph_fail(g, add(g, loss, wrt, n, out));
}
