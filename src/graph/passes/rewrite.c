/* rewrite.c: use counts and value replacement, for the passes that change the graph in place. */
#include "graph/passes/rewrite.h"

static void count_sources(const fy_graph *g, int32_t k, fyi_uses *u)
{
    const fyi_node *n = &g->nodes[k];
    for (int i = 0; i < n->n_src; i++) {
        u->uses[n->src[i]]++;
        u->alive[g->values[n->src[i]].node] = true;
    }
}

/* Nodes appended by a rewrite stand after their readers, so liveness is spread until nothing changes. */
static void spread(const fy_graph *g, fyi_uses *u, bool *counted)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t k = u->n_nodes - 1; k > 0; k--)
            if (u->alive[k] && !counted[k]) {
                counted[k] = changed = true;
                count_sources(g, (int32_t)k, u);
            }
    }
}

fy_status fyi_uses_count(const fyi_program *p, fyi_uses *u)
{
    const fy_graph *g = p->g;
    u->n_nodes = g->n_nodes;
    u->uses = fyi_calloc(g->n_values, sizeof *u->uses);
    u->alive = fyi_calloc(g->n_nodes, sizeof *u->alive);
    bool *counted = fyi_calloc(g->n_nodes, sizeof *counted);
    if (!u->uses || !u->alive || !counted) {
        fyi_free(counted);
        fyi_uses_release(u);
        return fyi_enomem(g->n_values * sizeof *u->uses, "the compiler");
    }
    for (size_t s = 0; s < p->n_segments; s++) {
        const fyi_segment *seg = &p->segments[s];
        for (size_t i = 0; i < seg->n_roots; i++) {
            u->uses[seg->roots[i]]++;
            u->alive[g->values[seg->roots[i]].node] = true;
        }
        for (size_t i = 0; i < seg->n_updates; i++)
            u->alive[seg->updates[i]] = true;
    }
    spread(g, u, counted);
    fyi_free(counted);
    return FY_OK;
}

void fyi_uses_release(fyi_uses *u)
{
    fyi_free(u->uses);
    fyi_free(u->alive);
    *u = (fyi_uses){ 0 };
}

void fyi_replace(fyi_program *p, fyi_id from, fyi_id to)
{
    fy_graph *g = p->g;
    for (size_t k = 1; k < g->n_nodes; k++) {
        fyi_id *src = (fyi_id *)g->nodes[k].src; /* the plan's own copy, in its arena */
        for (int i = 0; i < g->nodes[k].n_src; i++)
            if (src[i] == from)
                src[i] = to;
    }
    for (size_t v = 1; v < g->n_values; v++)
        if (g->values[v].alias == from)
            g->values[v].alias = to;
    for (size_t s = 0; s < p->n_segments; s++)
        for (size_t i = 0; i < p->segments[s].n_roots; i++)
            if (p->segments[s].roots[i] == from)
                p->segments[s].roots[i] = to;
    for (size_t v = 0; v < p->n_shown; v++)
        if (p->shown[v] == from)
            p->shown[v] = to;
    for (size_t o = 0; o < g->n_objectives; o++)
        if (g->objectives[o].loss == from)
            g->objectives[o].loss = to;
}

const fyi_node *fyi_def_if(const fy_graph *g, fyi_id v, const fyi_op *op)
{
    const fyi_node *n = fyi_def(g, v);
    return v && n->op == op ? n : NULL;
}
