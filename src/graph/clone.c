/* clone.c: a graph's own copy for a plan, so that the caller may free or extend the original. */
#include "graph/graph.h"

#include <string.h>

static const char *dup_text(fy_graph *g, const char *s)
{
    return s ? fyi_arena_dup(&g->arena, s, strlen(s) + 1) : NULL;
}

static fy_status clone_node(fy_graph *g, fyi_node *n)
{
    const fyi_id *src =
        fyi_arena_dup(&g->arena, n->src, (size_t)FYI_MAX(n->n_src, 1) * sizeof *n->src);
    void *attr = n->attr ? fyi_arena_dup(&g->arena, n->attr, n->op->attr_bytes) : NULL;
    const char *name = dup_text(g, n->name);
    if (!src || !name || (n->attr && !attr))
        return fyi_enomem(n->op->attr_bytes, "a graph's copy");
    n->src = src;
    n->attr = attr;
    n->name = name;
    if (attr && n->op->own_attr && !n->op->own_attr(&g->arena, attr))
        return fyi_enomem(n->op->attr_bytes, "a graph's copy");
    return FY_OK;
}

static void *dup_array(const void *p, size_t n, size_t size)
{
    void *q = fyi_calloc(FYI_MAX(n, (size_t)1), size);
    if (q && n)
        memcpy(q, p, n * size);
    return q;
}

static fy_status clone_objective(fy_graph *g, fyi_objective *o)
{
    const fyi_objective from = *o;
    o->moves = dup_array(from.moves, from.n_moves, sizeof *o->moves);
    o->groups = dup_array((const void *)from.groups, from.n_groups, sizeof *o->groups);
    o->lr = dup_array(from.lr, from.n_groups, sizeof *o->lr);
    o->cap_moves = from.n_moves;
    o->cap_groups = o->cap_lr = from.n_groups;
    o->name = dup_text(g, from.name);
    if (!o->moves || !o->groups || !o->lr || !o->name)
        return fyi_enomem(sizeof from, "an objective's copy");
    for (size_t i = 0; i < o->n_groups; i++)
        if (!(o->groups[i] = dup_text(g, o->groups[i])))
            return fyi_enomem(sizeof from, "an objective's copy");
    return FY_OK;
}

static fy_status clone_into(const fy_graph *g, fy_graph *c)
{
    FYI_FORWARD(fyi_grow(&c->values, &c->cap_values, g->n_values, sizeof *c->values));
    FYI_FORWARD(fyi_grow(&c->nodes, &c->cap_nodes, g->n_nodes, sizeof *c->nodes));
    FYI_FORWARD(fyi_grow(&c->objectives, &c->cap_objectives, FYI_MAX(g->n_objectives, (size_t)1),
                         sizeof *c->objectives));
    memcpy(c->values, g->values, g->n_values * sizeof *c->values);
    memcpy(c->nodes, g->nodes, g->n_nodes * sizeof *c->nodes);
    c->n_values = g->n_values;
    c->n_nodes = g->n_nodes;
    for (size_t i = 1; i < c->n_values; i++) {
        const char *name = c->values[i].name;
        c->values[i].name = dup_text(c, name);
        if (name && !c->values[i].name)
            return fyi_enomem(strlen(name), "a graph's copy");
    }
    for (size_t i = 1; i < c->n_nodes; i++)
        FYI_FORWARD(clone_node(c, &c->nodes[i]));
    for (size_t i = 0; i < g->n_objectives; i++) {
        c->objectives[i] = g->objectives[i];
        const fy_status st = clone_objective(c, &c->objectives[i]);
        c->n_objectives = i + 1; /* what fy_graph_free may touch */
        FYI_FORWARD(st);
    }
    return FY_OK;
}

fy_status fyi_graph_clone(const fy_graph *g, fy_graph **out)
{
    *out = NULL;
    fy_graph *c;
    FYI_FORWARD(fy_graph_new(&c));
    const fy_status st = clone_into(g, c);
    if (st != FY_OK) {
        fy_graph_free(c);
        return st;
    }
    *out = c;
    return FY_OK;
}
