/* recompute.c: memory for work (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
 *
 * Most of a training step's memory holds results of the forward pass until the backward pass reads them. A value that
 * is dropped is free from the last reader before its longest rest on; who reads it later reads a copy, computed right
 * before the first of these by a copy of its node. What the copy reads is there still, or is copied in turn.
 *
 * The copies give the same bytes: the same kernels on the same bytes. Dropout is a function of its salt, which a copy
 * shares. Running statistics are moved by nodes of their own, which are not copied. A parameter that an update has
 * overwritten is read by no copy: what would need that is not dropped (which values are is chosen in budget.c). */
#include "graph/passes/recompute.h"

#include <string.h>

/* ---- lives ----------------------------------------------------------------------------------------------- */

static void touch(fyi_course *c, int32_t *longest, fyi_id v, int32_t at)
{
    const fyi_id r = c->root[v];
    if (at - c->last[r] > longest[r]) {
        longest[r] = at - c->last[r];
        c->until[r] = c->last[r];
    }
    c->last[r] = at;
}

static void begin(fyi_course *c, const fyi_node *n, int32_t at)
{
    const fy_graph *g = c->p->g;
    const bool lasts = n->op->flags & (FYI_OP_SOURCE | FYI_OP_UPDATE);
    for (int j = 0; j < n->n_dst; j++) {
        const fyi_id v = n->dst + j, alias = g->values[v].alias;
        c->root[v] = n->op->flags & FYI_OP_VIEW ? c->root[n->src[0]] : v;
        c->lasting[v] = c->lasting[v] || lasts;
        if (c->root[v] == v)
            c->until[v] = c->last[v] = at;
        if (alias)
            c->overwritten[c->root[alias]] = at;
    }
}

static void mark_lives(fyi_course *c, int32_t *longest)
{
    const fyi_program *p = c->p;
    const int32_t n_order = (int32_t)p->n_order;
    for (int32_t at = 0; at < n_order; at++) {
        const fyi_node *n = &p->g->nodes[p->order[at]];
        for (int i = 0; i < n->n_src; i++)
            touch(c, longest, n->src[i], at);
        begin(c, n, at);
    }
    for (size_t v = 1; v < p->g->n_values; v++)
        if (c->outputs[v])
            c->until[c->root[v]] = c->last[c->root[v]] = n_order;
    for (size_t v = 1; v < p->g->n_values; v++) /* read one after the other: there is no rest */
        if (longest[v] < 2)
            c->until[v] = c->last[v];
}

static bool take_room(fyi_course *c, size_t n_values, size_t n_nodes, size_t n_order)
{
    fyi_arena *a = &c->arena;
    c->outputs = fyi_arena_alloc(a, n_values * sizeof *c->outputs);
    c->lasting = fyi_arena_alloc(a, n_values * sizeof *c->lasting);
    c->root = fyi_arena_alloc(a, n_values * sizeof *c->root);
    c->last = fyi_arena_alloc(a, n_values * sizeof *c->last);
    c->until = fyi_arena_alloc(a, n_values * sizeof *c->until);
    c->overwritten = fyi_arena_alloc(a, n_values * sizeof *c->overwritten);
    c->drop = fyi_arena_alloc(a, n_values * sizeof *c->drop);
    c->turns = fyi_arena_alloc(a, 2 * n_order * sizeof *c->turns);
    c->copied = fyi_arena_alloc(a, n_nodes * sizeof *c->copied);
    c->stack = fyi_arena_alloc(a, n_nodes * sizeof *c->stack);
    c->next = fyi_arena_alloc(a, n_nodes * sizeof *c->next);
    return c->outputs && c->lasting && c->root && c->last && c->until && c->overwritten &&
           c->drop && c->turns && c->copied && c->stack && c->next;
}

fy_status fyi_course_init(fyi_course *c, const fyi_program *p, const fy_plan_opts *o)
{
    const size_t n = p->g->n_values;
    *c = (fyi_course){ .p = p };
    int32_t *longest = fyi_arena_alloc(&c->arena, n * sizeof *longest);
    if (!longest || !take_room(c, n, p->g->n_nodes, p->n_order))
        return fyi_enomem(n * sizeof *longest, "the compiler");
    fyi_mark_outputs(p, o, c->outputs);
    fyi_mark_fixed(p, c->lasting);
    for (size_t v = 0; v < n; v++)
        c->overwritten[v] = INT32_MAX;
    mark_lives(c, longest);
    return FY_OK;
}

void fyi_course_release(fyi_course *c)
{
    fyi_arena_release(&c->arena);
}

/* ---- the course --------------------------------------------------------------------------------------------- */

bool fyi_course_is_gone(const fyi_course *c, fyi_id v, int32_t at)
{
    const fyi_id r = c->root[v];
    return !c->lasting[r] && at > (c->drop[r] ? c->until[r] : c->last[r]);
}

static bool is_lost(const fyi_course *c, fyi_id v, int32_t at)
{
    return c->overwritten[c->root[v]] < at;
}

static void add_turn(fyi_course *c, int32_t node, int32_t at, bool is_copy)
{
    c->turns[c->n_turns++] = (fyi_turn){ .node = node, .at = at, .is_copy = is_copy };
}

/* Copies the node that defines v, after the nodes it needs that are gone too: post-order, with a stack of its own, for
 * networks are deep. */
static bool copy_chain(fyi_course *c, fyi_id v, int32_t at)
{
    const fy_graph *g = c->p->g;
    int32_t depth = 0;
    c->stack[depth++] = g->values[v].node;
    c->next[g->values[v].node] = 0;
    while (depth > 0) {
        const int32_t k = c->stack[depth - 1];
        const fyi_node *n = &g->nodes[k];
        if (c->next[k] < n->n_src) {
            const fyi_id src = n->src[c->next[k]++];
            const int32_t from = g->values[src].node;
            if (is_lost(c, src, at))
                return false;
            if (fyi_course_is_gone(c, src, at) && !c->copied[from]) {
                c->stack[depth++] = from;
                c->next[from] = 0;
            }
            continue;
        }
        depth--;
        c->copied[k] = true;
        add_turn(c, k, at, true);
    }
    return true;
}

bool fyi_course_run(fyi_course *c)
{
    const fyi_program *p = c->p;
    c->n_turns = 0;
    memset(c->copied, 0, p->g->n_nodes * sizeof *c->copied);
    for (int32_t at = 0; at < (int32_t)p->n_order; at++) {
        const fyi_node *n = &p->g->nodes[p->order[at]];
        for (int i = 0; i < n->n_src; i++)
            if (fyi_course_is_gone(c, n->src[i], at) && !c->copied[p->g->values[n->src[i]].node] &&
                !copy_chain(c, n->src[i], at))
                return false;
        add_turn(c, p->order[at], at, false);
    }
    return true;
}

/* ---- rewriting -------------------------------------------------------------------------------------------------- */

typedef struct pass {
    const fyi_course *c;
    fyi_program *p;
    fyi_id *copy_of; /* [n_values of the course], 0 while there is none */
} pass;

static fyi_id now(const pass *s, fyi_id v, int32_t at)
{
    return fyi_course_is_gone(s->c, v, at) ? s->copy_of[v] : v;
}

static fy_status add_copy(pass *s, fyi_turn *t)
{
    fy_graph *g = s->p->g;
    const fyi_node n = g->nodes[t->node];
    fyi_arena scratch = { 0 };
    fy_node *src = fyi_arena_alloc(&scratch, (size_t)FYI_MAX(n.n_src, 1) * sizeof *src);
    if (!src)
        return fyi_enomem(sizeof *src, "a node's copy");
    for (int i = 0; i < n.n_src; i++)
        src[i] = fyi_n(now(s, n.src[i], t->at));
    const fy_node copy = fyi_apply(g, n.op, n.attr, n.n_src, src);
    fyi_arena_release(&scratch);
    FYI_FORWARD(fy_graph_status(g));
    for (int j = 0; j < n.n_dst; j++)
        s->copy_of[n.dst + j] = copy.id + j;
    t->node = g->values[copy.id].node;
    char *name = fyi_arena_printf(&g->arena, "%s again", n.name);
    if (!name)
        return fyi_enomem(strlen(n.name), "a node's copy");
    g->nodes[t->node].name = name;
    return FY_OK;
}

static void redirect(const pass *s, const fyi_turn *t)
{
    const fyi_node *n = &s->p->g->nodes[t->node];
    fyi_id *src = (fyi_id *)n->src; /* the plan's own copy, in its arena */
    for (int i = 0; i < n->n_src; i++)
        src[i] = now(s, src[i], t->at);
}

static fy_status rewrite(pass *s)
{
    fyi_program *p = s->p;
    const size_t n = s->c->n_turns;
    FYI_FORWARD(fyi_grow(&p->order, &p->cap_order, n, sizeof *p->order));
    for (size_t i = 0; i < n; i++) {
        fyi_turn t = s->c->turns[i];
        if (t.is_copy)
            FYI_FORWARD(add_copy(s, &t));
        p->order[i] = t.node;
    }
    p->n_order = n;
    return FY_OK;
}

fy_status fyi_pass_recompute(fyi_program *p, const fyi_course *c)
{
    fyi_arena scratch = { 0 };
    pass s = { .c = c, .p = p };
    if (p->n_order != c->p->n_order || p->g->n_values != c->p->g->n_values)
        return fyi_enomem(p->g->n_values,
                          "fusing as before"); /* which leaves out what it has no memory for */
    s.copy_of = fyi_arena_alloc(&scratch, p->g->n_values * sizeof *s.copy_of);
    fy_status st = s.copy_of ? FY_OK : fyi_enomem(p->g->n_values, "the compiler");
    if (st == FY_OK)
        st = rewrite(&s);
    for (size_t i = 0; st == FY_OK && i < c->n_turns; i++)
        if (!c->turns[i].is_copy)
            redirect(&s, &c->turns[i]);
    fyi_arena_release(&scratch);
    return st;
}
