/* mse.c: the mean of (a - b)^2 over all elements, a scalar. Shapes must be equal: a loss that
 * silently repeats one side trains towards something else. */
#include "graph/graph.h"

static fy_status want_alike(const fy_shape *a, const fy_shape *b)
{
    char ta[FYI_SPEC_CHARS], tb[FYI_SPEC_CHARS];
    if (fy_shape_equal(a, b))
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "mse: a and b must be of one shape, not %s and %s",
                    fy_shape_text(a, ta, sizeof ta), fy_shape_text(b, tb, sizeof tb));
}

fy_node fy_mse(fy_graph *g, fy_node a, fy_node b)
{
    if (g->status == FY_OK && a.id && b.id) {
        const fy_shape sa = fy_node_shape(g, a), sb = fy_node_shape(g, b);
        const fy_status st = want_alike(&sa, &sb);
        if (st != FY_OK)
            return fyi_graph_mistake(g, st);
    }
    return fy_mean_all(g, fy_square(g, fy_sub(g, a, b)));
}
