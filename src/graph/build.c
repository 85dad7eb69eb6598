/* build.c: the graph under construction. Nodes are appended in topological order; the first mistake is
 * kept with its sentence and everything built after it passes through untouched. */
#include "graph/graph.h"
#include "graph/ops/attr.h"

#include <string.h>

fy_status fy_graph_new(fy_graph **out)
{
    *out = NULL;
    fy_graph *g = fyi_calloc(1, sizeof *g);
    if (!g)
        return fyi_enomem(sizeof *g, "a graph");
    g->n_values = g->n_nodes = 1; /* entry 0 is "none" */
    fy_status st = fyi_grow(&g->values, &g->cap_values, 64, sizeof *g->values);
    if (st == FY_OK)
        st = fyi_grow(&g->nodes, &g->cap_nodes, 64, sizeof *g->nodes);
    if (st != FY_OK) {
        fy_graph_free(g);
        return st;
    }
    memset(&g->values[0], 0, sizeof g->values[0]);
    memset(&g->nodes[0], 0, sizeof g->nodes[0]);
    *out = g;
    return FY_OK;
}

void fy_graph_free(fy_graph *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_objectives; i++) {
        fyi_free(g->objectives[i].moves);
        fyi_free((void *)g->objectives[i].groups);
        fyi_free(g->objectives[i].lr);
    }
    fyi_free(g->objectives);
    fyi_free(g->nodes);
    fyi_free(g->values);
    fyi_free(g->sentence);
    fyi_arena_release(&g->arena);
    fyi_free(g);
}

fy_status fy_graph_status(const fy_graph *g)
{
    /* There may have been no memory for the sentence either. */
    return g->status == FY_OK
               ? FY_OK
               : fyi_fail_as(g->status, g->sentence ? g->sentence : fy_status_text(g->status));
}

void fy_graph_fail(fy_graph *g, fy_status st)
{
    if (g->status != FY_OK || st == FY_OK)
        return;
    g->status = st;
    g->sentence = fyi_strdup(fy_last_error());
}

fy_node fyi_graph_mistake(fy_graph *g, fy_status st)
{
    fy_graph_fail(g, st);
    return FY_NO_NODE;
}

fy_shape fy_node_shape(const fy_graph *g, fy_node x)
{
    return g->values[x.id].spec.shape;
}

fy_dtype fy_node_dtype(const fy_graph *g, fy_node x)
{
    return g->values[x.id].spec.dtype;
}

fy_node fyi_output(const fy_graph *g, fy_node x, int i)
{
    if (!x.id)
        return FY_NO_NODE;
    const fyi_node *n = fyi_def(g, x.id);
    FYI_ASSERT(i >= 0 && i < n->n_dst);
    return fyi_n(n->dst + i);
}

fy_node fy_name(fy_graph *g, fy_node x, const char *name)
{
    if (!x.id)
        return x;
    char *copy = fyi_arena_printf(&g->arena, "%s", name);
    if (!copy)
        return fyi_graph_mistake(g, fyi_enomem(strlen(name), "a node's name"));
    g->values[x.id].name = copy;
    return x;
}

fy_node fy_graph_find(const fy_graph *g, const char *name)
{
    for (size_t i = 1; i < g->n_values; i++)
        if (g->values[i].name && strcmp(g->values[i].name, name) == 0)
            return fyi_n((fyi_id)i);
    return FY_NO_NODE;
}

/* The specs of the sources, in the arena; NULL after a recorded mistake. */
static const fyi_spec *source_specs(fy_graph *g, const fyi_op *op, int n_src, const fy_node *src)
{
    fyi_spec *specs = fyi_arena_alloc(&g->arena, (size_t)FYI_MAX(n_src, 1) * sizeof *specs);
    if (!specs) {
        fyi_graph_mistake(g, fyi_enomem((size_t)n_src * sizeof *specs, op->name));
        return NULL;
    }
    for (int i = 0; i < n_src; i++) {
        if (src[i].id <= 0 || (size_t)src[i].id >= g->n_values) {
            fyi_graph_mistake(g, fyi_fail(FY_EINVAL, "%s: source %d is no node", op->name, i));
            return NULL;
        }
        specs[i] = g->values[src[i].id].spec;
    }
    return specs;
}

static fy_status check_arity(const fyi_op *op, int n_src)
{
    const bool fits = op->n_src >= 0 ? n_src == op->n_src : n_src >= op->min_src;
    if (fits)
        return FY_OK;
    return fyi_fail(FY_EINVAL, "%s takes %s%d sources and was given %d", op->name,
                    op->n_src < 0 ? "at least " : "", op->n_src < 0 ? op->min_src : op->n_src,
                    n_src);
}

static fy_status append_values(fy_graph *g, fyi_node *n, const fyi_spec *dst)
{
    FYI_FORWARD(
        fyi_grow(&g->values, &g->cap_values, g->n_values + (size_t)n->n_dst, sizeof *g->values));
    n->dst = (fyi_id)g->n_values;
    for (int i = 0; i < n->n_dst; i++) {
        FYI_FORWARD(fy_shape_check(&dst[i].shape, dst[i].dtype));
        g->values[g->n_values + (size_t)i] =
            (fyi_value){ .spec = dst[i], .node = (int32_t)g->n_nodes, .out = i };
    }
    return FY_OK;
}

static fy_status append_node(fy_graph *g, const fyi_op_site *site, const fyi_op *op,
                             const fy_node *src)
{
    fyi_node n = { .op = op, .name = site->name, .attr = site->attr, .n_src = site->n_src };
    n.n_dst = op->n_dst >= 0 ? op->n_dst : op->count_dst(site);
    fyi_id *ids = fyi_arena_alloc(&g->arena, (size_t)FYI_MAX(n.n_src, 1) * sizeof *ids);
    fyi_spec *dst = fyi_arena_alloc(&g->arena, (size_t)FYI_MAX(n.n_dst, 1) * sizeof *dst);
    if (!ids || !dst)
        return fyi_enomem(sizeof *ids, op->name);
    for (int i = 0; i < n.n_src; i++)
        ids[i] = src[i].id;
    n.src = ids;
    for (int i = 0; i < n.n_dst && n.n_src > 0; i++)
        dst[i] = site->src[0];
    if (op->infer)
        FYI_FORWARD(op->infer(site, dst));
    FYI_FORWARD(fyi_grow(&g->nodes, &g->cap_nodes, g->n_nodes + 1, sizeof *g->nodes));
    FYI_FORWARD(append_values(g, &n, dst));
    g->values[n.dst].name = NULL;
    g->n_values += (size_t)n.n_dst;
    g->nodes[g->n_nodes++] = n;
    return FY_OK;
}

fy_node fyi_apply(fy_graph *g, const fyi_op *op, const void *attr, int n_src, const fy_node *src)
{
    if (g->status != FY_OK)
        return FY_NO_NODE;
    const fy_status arity = check_arity(op, n_src);
    if (arity != FY_OK)
        return fyi_graph_mistake(g, arity);
    const fyi_spec *specs = source_specs(g, op, n_src, src);
    if (!specs)
        return FY_NO_NODE;

    fyi_op_site site = { .n_src = n_src, .src = specs };
    site.name = fyi_arena_printf(&g->arena, "%s.%zu", op->name, g->n_nodes);
    site.attr = op->attr_bytes && attr ? fyi_arena_dup(&g->arena, attr, op->attr_bytes) : NULL;
    if (!site.name || (op->attr_bytes && attr && !site.attr))
        return fyi_graph_mistake(g, fyi_enomem(op->attr_bytes, op->name));
    const fy_status st = append_node(g, &site, op, src);
    if (st != FY_OK)
        return fyi_graph_mistake(g, st);
    return fyi_n(g->nodes[g->n_nodes - 1].dst);
}

fy_node fyi_scalar_input(fy_graph *g, const char *name, float value)
{
    const fyi_input_attr attr = { .spec = { .dtype = FY_F32, .shape = FY_SCALAR }, .value = value };
    return fy_name(g, fyi_apply(g, &fyi_op_input, &attr, 0, NULL), name);
}
