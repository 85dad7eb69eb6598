/* order.c: which nodes are alive, and in which order they run. Within a segment everything that reads a
 * parameter runs before anything overwrites one, so updates come last. */
#include "graph/ops/attr.h"
#include "graph/passes/passes.h"
#include "graph/passes/rewrite.h"

typedef struct walk {
    fyi_program *p;
    bool *done;     /* [n_nodes] */
    int32_t *stack; /* [n_nodes] nodes being entered, at most one entry per node */
    int32_t *next;  /* [n_nodes] which source to look at next */
} walk;

static fy_status emit(fyi_program *p, int32_t node)
{
    FYI_FORWARD(fyi_grow(&p->order, &p->cap_order, p->n_order + 1, sizeof *p->order));
    p->order[p->n_order++] = node;
    return FY_OK;
}

/* Post-order from one node, with a stack of its own: networks are deep. */
static fy_status visit(walk *w, int32_t root)
{
    const fy_graph *g = w->p->g;
    int32_t depth = 0;
    if (w->done[root])
        return FY_OK;
    w->stack[depth++] = root;
    w->next[root] = 0;
    while (depth > 0) {
        const int32_t k = w->stack[depth - 1];
        const fyi_node *n = &g->nodes[k];
        if (w->next[k] < n->n_src) {
            const int32_t from = g->values[n->src[w->next[k]++]].node;
            if (!w->done[from]) {
                w->stack[depth++] = from;
                w->next[from] = 0;
            }
            continue;
        }
        depth--;
        if (!w->done[k]) {
            w->done[k] = true;
            FYI_FORWARD(emit(w->p, k));
        }
    }
    return FY_OK;
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
static fy_status visit_segment(walk *w, const fyi_segment *s)
{
    const fy_graph *g = w->p->g;
    for (int large = 0; large <= 1; large++)
        for (size_t i = 0; i < s->n_roots; i++)
            if (is_large(g, s->roots[i]) == large)
                FYI_FORWARD(visit(w, g->values[s->roots[i]].node));
    for (size_t i = 0; i < s->n_updates; i++)
        FYI_FORWARD(visit(w, s->updates[i]));
    return FY_OK;
}

fy_status fyi_pass_order(fyi_program *p)
{
    fyi_arena scratch = { 0 };
    const size_t n = p->g->n_nodes;
    walk w = { .p = p };
    w.done = fyi_arena_alloc(&scratch, n * sizeof *w.done);
    w.stack = fyi_arena_alloc(&scratch, n * sizeof *w.stack);
    w.next = fyi_arena_alloc(&scratch, n * sizeof *w.next);
    fy_status st = FY_OK;
    if (!w.done || !w.stack || !w.next)
        st = fyi_enomem(n * sizeof *w.stack, "the compiler");
    p->n_order = 0;
    for (size_t i = 0; st == FY_OK && i < p->n_segments; i++)
        st = visit_segment(&w, &p->segments[i]);
    fyi_arena_release(&scratch);
    return st;
}

static bool is_fixed(const fy_graph *g, const fyi_node *n, const bool *fixed)
{
    if (n->op == &fyi_op_use)
        return !fyi_is_moved(g, ((const fyi_use_attr *)n->attr)->param);
    if (n->op->flags & FYI_OP_SOURCE)
        return n->op == &fyi_op_fill || n->op == &fyi_op_constant;
    if (n->op->flags & FYI_OP_VIEW)
        return fixed[n->src[0]];
    bool all = !(n->op->flags & (FYI_OP_RANDOM | FYI_OP_UPDATE));
    for (int i = 0; i < n->n_src; i++)
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
