/* backward.c: reverse-mode differentiation as a pass over the graph. Nodes are visited from the loss
 * backwards; each operator's rule adds the gradient's nodes; contributions to one value are added up. Only
 * paths that lead to a wanted value get gradient nodes at all. */
#include "graph/backward.h"
#include "graph/trace.h"

#include <string.h>

typedef struct pass {
    fy_graph *g;
    size_t n_values; /* at the start; gradients of gradients are not taken */
    bool *leads;     /* [n_values] the value depends on a wanted one */
    bool *reaches;   /* [n_values] the loss depends on the value */
    fyi_id *diff;    /* [n_values] 0 where nothing has arrived */
} pass;

static void mark_leading(pass *p, size_t n_nodes, const fyi_id *wrt, int n)
{
    for (int i = 0; i < n; i++)
        if (wrt[i])
            p->leads[wrt[i]] = true;
    for (size_t k = 1; k < n_nodes; k++) {
        const fyi_node *node = &p->g->nodes[k];
        for (int i = 0; i < node->n_src; i++)
            if (p->leads[node->src[i]])
                for (int j = 0; j < node->n_dst; j++)
                    p->leads[node->dst + j] = true;
    }
}

static void accumulate(pass *p, fyi_id value, fy_node diff)
{
    fyi_id *sum = &p->diff[value];
    *sum = *sum ? fy_add(p->g, fyi_n(*sum), diff).id : diff.id;
}

/* Calls one operator's rule. The node is passed by value: the rule grows the node array. */
static fy_status visit(pass *p, fyi_node n)
{
    fyi_arena scratch = { 0 };
    const size_t m = (size_t)n.n_src + (size_t)n.n_dst;
    fy_node *nodes = fyi_arena_alloc(&scratch, (2 * m + 1) * sizeof *nodes);
    bool *wanted = fyi_arena_alloc(&scratch, (size_t)FYI_MAX(n.n_src, 1) * sizeof *wanted);
    if (!nodes || !wanted) {
        fyi_arena_release(&scratch);
        return fyi_enomem(m * sizeof *nodes, "a gradient");
    }
    fy_node *src = nodes, *diff_src = src + n.n_src;
    fy_node *dst = diff_src + n.n_src, *diff_dst = dst + n.n_dst;
    for (int i = 0; i < n.n_src; i++) {
        src[i] = fyi_n(n.src[i]);
        wanted[i] = p->leads[n.src[i]];
    }
    for (int j = 0; j < n.n_dst; j++) {
        dst[j] = fyi_n(n.dst + j);
        diff_dst[j] = fyi_n(p->diff[n.dst + j]);
    }
    const fyi_grad_ctx c = { .g = p->g,
                             .attr = n.attr,
                             .n_src = n.n_src,
                             .n_dst = n.n_dst,
                             .src = src,
                             .dst = dst,
                             .diff_dst = diff_dst,
                             .wanted = wanted };
    n.op->grad(&c, diff_src);
    for (int i = 0; i < n.n_src; i++)
        if (wanted[i] && diff_src[i].id)
            accumulate(p, n.src[i], diff_src[i]);
    fyi_arena_release(&scratch);
    return fy_graph_status(p->g);
}

static fy_status walk_back(pass *p, fyi_id loss)
{
    p->diff[loss] = fy_fill(p->g, p->g->values[loss].spec.shape, 1.0f).id;
    for (int32_t k = p->g->values[loss].node; k > 0; k--) {
        const fyi_node *n = &p->g->nodes[k];
        bool arrived = false, wanted = false;
        for (int j = 0; j < n->n_dst; j++)
            arrived |= p->reaches[n->dst + j] && p->diff[n->dst + j];
        for (int i = 0; i < n->n_src; i++)
            wanted |= p->leads[n->src[i]];
        if (arrived && wanted && n->op->grad)
            FYI_FORWARD(visit(p, *n));
    }
    return fy_graph_status(p->g);
}

fy_status fyi_backward(fy_graph *g, fyi_id loss, const fyi_id *wrt, int n, fyi_id *diff)
{
    fyi_arena scratch = { 0 };
    pass p = { .g = g, .n_values = g->n_values };
    p.leads = fyi_arena_alloc(&scratch, p.n_values * sizeof *p.leads);
    p.reaches = fyi_arena_alloc(&scratch, p.n_values * sizeof *p.reaches);
    p.diff = fyi_arena_alloc(&scratch, p.n_values * sizeof *p.diff);
    fy_status st = FY_OK;
    if (!p.leads || !p.reaches || !p.diff) {
        st = fyi_enomem(p.n_values * sizeof *p.diff, "the gradient pass");
    } else {
        mark_leading(&p, g->n_nodes, wrt, n);
        p.reaches[loss] = true;
        fyi_mark_sources(g, g->values[loss].node, p.reaches);
        st = walk_back(&p, loss);
        for (int i = 0; i < n; i++)
            diff[i] = st == FY_OK && wrt[i] ? p.diff[wrt[i]] : 0;
    }
    fyi_arena_release(&scratch);
    return st;
}
