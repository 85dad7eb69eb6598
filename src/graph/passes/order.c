/* order.c: which nodes are alive, and in which order they run. Within a segment everything that reads a
 * parameter runs before anything overwrites one, so updates come last. */
#include "graph/passes/passes.h"
#include "graph/passes/walk.h"
#include "graph/trace.h"

typedef struct pass {
    fyi_program *p; /* with room for all nodes in its order */
    fyi_walk walk;
    bool *done; /* [n_nodes] */
} pass;

static fyi_way look(void *ctx, fyi_id src)
{
    const pass *s = ctx;
    return s->done[s->p->g->values[src].node] ? FYI_PASS_BY : FYI_ENTER;
}

static void emit(void *ctx, int32_t node)
{
    const pass *s = ctx;
    s->done[node] = true;
    s->p->order[s->p->n_order++] = node;
}

static void visit(pass *s, int32_t node)
{
    if (!s->done[node])
        (void)fyi_walk_from(&s->walk, node, s, look, emit);
}

static size_t bytes_of(const fy_graph *g, fyi_id v)
{
    return fyi_shape_bytes(&g->values[v].spec.shape, g->values[v].spec.dtype);
}

/* Is it more than what it is computed from? */
static bool is_large(const fy_graph *g, fyi_id v)
{
    const fyi_node *n = fyi_def(g, v);
    size_t in = 0, out = 0;
    for (int i = 0; i < n->n_src; i++)
        in += bytes_of(g, n->src[i]);
    for (int j = 0; j < n->n_dst; j++)
        out += bytes_of(g, n->dst + j);
    return out > in;
}

/* Roots that are large wait until all others are there: the gradient of a linear layer's weights can be larger than all
 * that the backward pass below it still needs. */
static void visit_segment(pass *w, const fyi_segment *s)
{
    const fy_graph *g = w->p->g;
    for (int large = 0; large <= 1; large++)
        for (size_t i = 0; i < s->n_roots; i++)
            if (is_large(g, s->roots[i]) == large)
                visit(w, g->values[s->roots[i]].node);
    for (size_t i = 0; i < s->n_updates; i++)
        visit(w, s->updates[i]);
}

fy_status fyi_pass_order(fyi_program *p)
{
    fyi_arena scratch = { 0 };
    const size_t n = p->g->n_nodes;
    pass s = { .p = p };
    s.done = fyi_arena_alloc(&scratch, n * sizeof *s.done);
    fy_status st = FY_OK;
    if (!s.done || !fyi_walk_init(&s.walk, p->g, &scratch))
        st = fyi_enomem(n * sizeof *s.walk.stack, "the compiler");
    if (st == FY_OK)
        st = fyi_grow(&p->order, &p->cap_order, n, sizeof *p->order);
    p->n_order = 0;
    for (size_t i = 0; st == FY_OK && i < p->n_segments; i++)
        visit_segment(&s, &p->segments[i]);
    fyi_arena_release(&scratch);
    return st;
}

/* A view is its first source's bytes, whatever else it carries for its gradient. */
static bool is_fixed(const fy_graph *g, const fyi_node *n, const bool *fixed)
{
    bool all = !fyi_may_change(g, n);
    for (int i = 0; i < (n->op->flags & FYI_OP_VIEW ? 1 : n->n_src); i++)
        all = all && fixed[n->src[i]];
    return all;
}

void fyi_mark_fixed(const fyi_program *p, bool *fixed)
{
    for (size_t i = 0; i < p->n_order; i++) {
        const fyi_node *n = &p->g->nodes[p->order[i]];
        const bool all = is_fixed(p->g, n, fixed);
        for (int j = 0; j < n->n_dst; j++)
            fixed[n->dst + j] = all;
    }
}
