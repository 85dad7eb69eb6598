/* domains.c: do a source's and a target's values fit together? */
#include "train/losses/losses.h"

static bool fail(fy_graph *g, const char *loss, fy_node a, fy_node b, const char *expected)
{
    char is[FYI_SPEC_CHARS], other[FYI_SPEC_CHARS];
    const fy_shape s = fy_node_shape(g, a), t = fy_node_shape(g, b);
    fy_graph_fail(g, fyi_fail(FY_ESHAPE, "%s: values are %s and %s; expected %s", loss,
                              fy_shape_text(&s, is, sizeof is),
                              b.id ? fy_shape_text(&t, other, sizeof other) : "nothing else",
                              expected));
    return false;
}

bool fyi_domains_fit(fy_graph *g, const char *loss, fy_node source, fy_node target)
{
    const fy_shape s = fy_node_shape(g, source), t = fy_node_shape(g, target);
    if (fy_graph_status(g) != FY_OK)
        return false;
    return (s.rank == 2 && t.rank == 2 && s.d[1] == t.d[1] && s.d[0] > 0 && t.d[0] > 0) ||
           fail(g, loss, source, target, "[n, d] of the source and [m, d] of the target");
}

bool fyi_domains_rows(fy_graph *g, const char *loss, fy_node x, fy_node rows)
{
    const fy_shape s = fy_node_shape(g, x), t = fy_node_shape(g, rows);
    if (fy_graph_status(g) != FY_OK)
        return false;
    return (s.rank == 2 && s.d[0] > 0 && (!rows.id || (t.rank >= 1 && t.d[0] == s.d[0]))) ||
           fail(g, loss, x, rows, "[n, k], and as many rows of what goes with it");
}
