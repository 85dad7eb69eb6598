/* rewrite.c: use counts and value replacement, for the passes that change the graph in place. */
#include "graph/passes/rewrite.h"

#include <string.h>

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

fy_status fyi_uses_extend(const fy_graph *g, fyi_uses *u)
{
    FYI_FORWARD(fyi_grow(&u->uses, &u->cap_values, g->n_values, sizeof *u->uses));
    FYI_FORWARD(fyi_grow(&u->alive, &u->cap_nodes, g->n_nodes, sizeof *u->alive));
    memset(u->uses + u->n_values, 0, (g->n_values - u->n_values) * sizeof *u->uses);
    memset(u->alive + u->n_nodes, 0, (g->n_nodes - u->n_nodes) * sizeof *u->alive);
    u->n_values = g->n_values;
    u->n_nodes = g->n_nodes;
    return FY_OK;
}

fy_status fyi_uses_count(const fyi_program *p, fyi_uses *u)
{
    const fy_graph *g = p->g;
    *u = (fyi_uses){ 0 };
    FYI_FORWARD(fyi_uses_extend(g, u));
    bool *counted = fyi_calloc(g->n_nodes, sizeof *counted);
    if (!counted)
        return fyi_enomem(g->n_nodes, "the compiler");
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

fy_status fyi_uses_check(const fyi_program *p, const fyi_uses *u)
{
    fyi_uses anew;
    fy_status st = fyi_uses_count(p, &anew);
    for (size_t v = 1; st == FY_OK && v < anew.n_values; v++)
        if (u->uses[v] != anew.uses[v])
            st = fyi_fail(FY_EINVAL, "the compiler counts %d uses of '%s' and there are %d",
                          (int)u->uses[v], fyi_def(p->g, (fyi_id)v)->name, (int)anew.uses[v]);
    for (size_t k = 1; st == FY_OK && k < anew.n_nodes; k++)
        if (u->alive[k] != anew.alive[k])
            st = fyi_fail(FY_EINVAL, "the compiler takes '%s' for %s", p->g->nodes[k].name,
                          u->alive[k] ? "alive" : "dead");
    fyi_uses_release(&anew);
    return st;
}

/* ---- replacing -------------------------------------------------------------------------------------- */

/* Both follow sources only as far as a rewrite reaches, a few nodes. */
static void enliven(const fy_graph *g, fyi_uses *u, int32_t k)
{
    const fyi_node *n = &g->nodes[k];
    if (u->alive[k])
        return;
    u->alive[k] = true;
    for (int i = 0; i < n->n_src; i++) {
        u->uses[n->src[i]]++;
        enliven(g, u, g->values[n->src[i]].node);
    }
}

static bool is_read(const fyi_node *n, const fyi_uses *u)
{
    for (int j = 0; j < n->n_dst; j++)
        if (u->uses[n->dst + j] > 0)
            return true;
    return false;
}

static void bury(const fy_graph *g, fyi_uses *u, int32_t k)
{
    const fyi_node *n = &g->nodes[k];
    if (!u->alive[k] || n->op->flags & FYI_OP_UPDATE || is_read(n, u))
        return;
    u->alive[k] = false;
    for (int i = 0; i < n->n_src; i++) {
        u->uses[n->src[i]]--;
        bury(g, u, g->values[n->src[i]].node);
    }
}

static void hand_over(const fy_graph *g, fyi_uses *u, fyi_id from, fyi_id to)
{
    u->uses[to] += u->uses[from];
    u->uses[from] = 0;
    if (u->uses[to] > 0)
        enliven(g, u, g->values[to].node);
    bury(g, u, g->values[from].node);
}

fyi_id *fyi_sources_of(fy_graph *g, size_t node)
{
    return (fyi_id *)g->nodes[node].src;
}

void fyi_replace(fyi_program *p, fyi_uses *u, fyi_id from, fyi_id to)
{
    fy_graph *g = p->g;
    for (size_t k = 1; k < g->n_nodes; k++) {
        fyi_id *src = fyi_sources_of(g, k);
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
    hand_over(g, u, from, to);
}

const fyi_node *fyi_def_if(const fy_graph *g, fyi_id v, const fyi_op *op)
{
    const fyi_node *n = fyi_def(g, v);
    return v && n->op == op ? n : NULL;
}
