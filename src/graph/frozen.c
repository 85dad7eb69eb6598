/* frozen.c: which values never change while the objectives run, so that they can be computed once per
 * sample and kept. */
#include "graph/frozen.h"
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
    fyi_arena scratch = { 0 };
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

/* ---- the cut -------------------------------------------------------------------------------------------- */

enum { FROZEN = 1, FROM_X = 2, FROM_OTHERS = 4, COMPUTED = 8, READ_UNFROZEN = 16 };

/* What a node's destinations are, from its sources; COMPUTED once anything but a view was applied. */
static unsigned combine(const fy_graph *g, const fyi_node *n, const unsigned *mark)
{
    if (n->op == &fyi_op_input)
        return FROZEN | FROM_OTHERS;
    unsigned m = node_varies(g, n) ? 0 : FROZEN;
    for (int i = 0; i < n->n_src; i++) {
        const unsigned s = mark[n->src[i]];
        m = (s & FROZEN ? m : m & ~(unsigned)FROZEN) | (s & (FROM_X | FROM_OTHERS | COMPUTED));
    }
    return n->n_src && !(n->op->flags & FYI_OP_VIEW) ? m | COMPUTED : m;
}

static void mark_readers(const fy_graph *g, const fyi_node *n, unsigned *mark)
{
    const bool frozen = mark[n->dst] & FROZEN && !(mark[n->dst] & FROM_OTHERS);
    for (int i = 0; !frozen && i < n->n_src; i++)
        mark[n->src[i]] |= READ_UNFROZEN;
    (void)g;
}

int fyi_frozen_cut(const fy_graph *g, fy_node x, fy_node *cut, int max)
{
    fyi_arena scratch = { 0 };
    unsigned *mark = fyi_arena_alloc(&scratch, g->n_values * sizeof *mark);
    int n = 0;
    for (size_t k = 1; mark && k < g->n_nodes; k++) {
        const fyi_node *node = &g->nodes[k];
        const unsigned m = node->dst == x.id ? FROZEN | FROM_X : combine(g, node, mark);
        for (int j = 0; j < node->n_dst; j++)
            mark[node->dst + j] = m;
        mark_readers(g, node, mark);
    }
    const unsigned wanted = FROZEN | FROM_X | COMPUTED | READ_UNFROZEN;
    const int64_t rows = g->values[x.id].spec.shape.d[0];
    for (size_t v = 1; mark && v < g->n_values && n < max; v++) {
        const fyi_spec *spec = &g->values[v].spec;
        if (mark[v] == wanted && spec->dtype == FY_F32 && spec->shape.rank > 0 &&
            spec->shape.d[0] == rows && fyi_def(g, (fyi_id)v)->n_dst == 1)
            cut[n++] = fyi_n((fyi_id)v);
    }
    fyi_arena_release(&scratch);
    return n;
}
