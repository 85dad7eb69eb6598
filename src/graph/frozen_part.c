/* frozen_part.c: the frozen part of a graph taken out of it, so that it runs in batches of the size that suits a cache
 * and not the training. Row i of every value on the way from x to the cut follows from row i of x (frozen.c), so all
 * that changes is the first axis of x, and that of the shapes that reshapes name. */
#include "graph/frozen.h"
#include "graph/ops/attr.h"
#include "graph/trace.h"

typedef struct taking {
    const fy_graph *g;
    fyi_frozen_part *out;
    fyi_id x;
    int64_t batch;
    bool *is_needed; /* [n_values] */
    bool *has_rows;  /* [n_values] follows from x */
    fy_node *now;    /* [n_values] where it is in the part */
} taking;

static fy_node take_input(const taking *t, const fyi_node *n)
{
    fyi_input_attr a = *(const fyi_input_attr *)n->attr;
    a.spec.shape.d[0] = t->batch;
    return fyi_apply(t->out->g, n->op, &a, 0, NULL);
}

static fy_node take_reshape(const taking *t, const fyi_node *n, const fy_node *src)
{
    fyi_shape_attr a = *(const fyi_shape_attr *)n->attr;
    a.shape.d[0] = t->batch;
    return fyi_apply(t->out->g, n->op, &a, 1, src);
}

static fy_status take_node(const taking *t, const fyi_node *n, fyi_arena *scratch)
{
    fy_node *src = fyi_arena_alloc(scratch, (size_t)FYI_MAX(n->n_src, 1) * sizeof *src);
    bool has_rows = n->dst == t->x;
    if (!src)
        return fyi_enomem(sizeof *src, "the feature cache");
    for (int i = 0; i < n->n_src; i++) {
        src[i] = t->now[n->src[i]];
        has_rows |= t->has_rows[n->src[i]];
    }
    const fy_node made = n->dst == t->x ? take_input(t, n)
                         : has_rows && n->op == &fyi_op_reshape
                             ? take_reshape(t, n, src)
                             : fyi_apply(t->out->g, n->op, n->attr, n->n_src, src);
    FYI_FORWARD(fy_graph_status(t->out->g));
    for (int j = 0; j < n->n_dst; j++) {
        t->now[n->dst + j] = fyi_n(made.id + j);
        t->has_rows[n->dst + j] = has_rows;
    }
    return FY_OK;
}

static fy_status take_all(const taking *t, fyi_arena *scratch)
{
    fyi_mark_sources(t->g, (int32_t)t->g->n_nodes - 1, t->is_needed);
    FYI_FORWARD(fy_graph_new(&t->out->g));
    for (size_t k = 1; k < t->g->n_nodes; k++)
        if (fyi_is_marked(&t->g->nodes[k], t->is_needed))
            FYI_FORWARD(take_node(t, &t->g->nodes[k], scratch));
    return FY_OK;
}

fy_status fyi_frozen_part_of(const fy_graph *g, fy_node x, const fy_node *cut, int n, int64_t batch,
                             fyi_frozen_part *out)
{
    fyi_arena scratch = { 0 };
    taking t = { .g = g, .out = out, .x = x.id, .batch = batch };
    *out = (fyi_frozen_part){ 0 };
    t.is_needed = fyi_arena_alloc(&scratch, g->n_values * sizeof *t.is_needed);
    t.has_rows = fyi_arena_alloc(&scratch, g->n_values * sizeof *t.has_rows);
    t.now = fyi_arena_alloc(&scratch, g->n_values * sizeof *t.now);
    fy_status st =
        t.is_needed && t.has_rows && t.now ? FY_OK : fyi_enomem(g->n_values, "the feature cache");
    for (int i = 0; st == FY_OK && i < n; i++)
        t.is_needed[cut[i].id] = true;
    if (st == FY_OK)
        st = take_all(&t, &scratch);
    for (int i = 0; st == FY_OK && i < n; i++)
        out->cut[i] = t.now[cut[i].id];
    if (st == FY_OK)
        out->x = t.now[x.id];
    fyi_arena_release(&scratch);
    if (st != FY_OK) {
        fy_graph_free(out->g);
        out->g = NULL;
    }
    return st;
}
