/* trace.c: where values come from, and what may change. */
#include "graph/trace.h"
#include "graph/ops/attr.h"

bool fyi_is_marked(const fyi_node *n, const bool *mark)
{
    for (int j = 0; j < n->n_dst; j++)
        if (mark[n->dst + j])
            return true;
    return false;
}

void fyi_mark_sources(const fy_graph *g, int32_t last, bool *mark)
{
    for (int32_t k = last; k > 0; k--) {
        const fyi_node *n = &g->nodes[k];
        if (fyi_is_marked(n, mark))
            for (int i = 0; i < n->n_src; i++)
                mark[n->src[i]] = true;
    }
}

bool fyi_is_frozen_use(const fy_graph *g, const fyi_node *n)
{
    return n->op == &fyi_op_use && !fyi_is_moved(g, ((const fyi_use_attr *)n->attr)->param);
}

bool fyi_may_change(const fy_graph *g, const fyi_node *n)
{
    if (n->op->flags & FYI_OP_SOURCE)
        return n->op != &fyi_op_fill && n->op != &fyi_op_constant && !fyi_is_frozen_use(g, n);
    return n->op->flags & (FYI_OP_RANDOM | FYI_OP_UPDATE);
}

fy_node fyi_copy_node(fy_graph *g, int32_t node, fyi_stand_in in_place_of, const void *ctx)
{
    fyi_arena scratch = { 0 };
    const fyi_node n = g->nodes[node]; /* adding one moves the array */
    fy_node *src = fyi_arena_alloc(&scratch, (size_t)FYI_MAX(n.n_src, 1) * sizeof *src);
    if (!src)
        return fyi_graph_mistake(g, fyi_enomem((size_t)n.n_src * sizeof *src, "a node's copy"));
    for (int i = 0; i < n.n_src; i++)
        src[i] = fyi_n(in_place_of(ctx, n.src[i]));
    const fy_node copy = fyi_apply(g, n.op, n.attr, n.n_src, src);
    fyi_arena_release(&scratch);
    return copy;
}
