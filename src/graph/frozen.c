/* frozen.c: which values never change while the objectives run, so that they can be computed once per
 * sample and kept. */
#include "graph/ops/attr.h"

static bool is_moved(const fy_graph *g, const fy_param *p)
{
    for (size_t k = 0; k < g->n_objectives; k++)
        for (size_t i = 0; i < g->objectives[k].n_moves; i++)
            if (g->objectives[k].moves[i].param == p)
                return true;
    return false;
}

/* Of the node itself, its sources aside. A batch norm in training mode mixes the batch's samples. */
static bool node_varies(const fy_graph *g, const fyi_node *n)
{
    if (n->op == &fyi_op_use)
        return is_moved(g, ((const fyi_use_attr *)n->attr)->param);
    if (n->op == &fyi_op_input)
        return ((const fyi_input_attr *)n->attr)->spec.shape.rank == 0;
    return n->op == &fyi_op_batch_norm || (n->op->flags & FYI_OP_RANDOM);
}

bool fy_node_is_frozen(const fy_graph *g, fy_node x)
{
    if (x.id <= 0 || (size_t)x.id >= g->n_values)
        return false;
    fyi_arena scratch = {0};
    bool *reached = fyi_arena_alloc(&scratch, g->n_values * sizeof *reached);
    bool frozen = reached != NULL;
    if (frozen)
        reached[x.id] = true;
    for (int32_t k = g->values[x.id].node; frozen && k > 0; k--) {
        const fyi_node *n = &g->nodes[k];
        bool any = false;
        for (int j = 0; j < n->n_dst; j++)
            any |= reached[n->dst + j];
        if (!any)
            continue;
        frozen = !node_varies(g, n);
        for (int i = 0; i < n->n_src; i++)
            reached[n->src[i]] = true;
    }
    fyi_arena_release(&scratch);
    return frozen;
}
