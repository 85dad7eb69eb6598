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
#include "graph/passes/rewrite.h"
#include "graph/trace.h"

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

static bool take_room(fyi_course *c)
{
    const size_t n_values = c->p->g->n_values, n_nodes = c->p->g->n_nodes;
    fyi_arena *a = &c->arena;
    c->outputs = fyi_arena_alloc(a, n_values * sizeof *c->outputs);
    c->lasting = fyi_arena_alloc(a, n_values * sizeof *c->lasting);
    c->root = fyi_arena_alloc(a, n_values * sizeof *c->root);
    c->last = fyi_arena_alloc(a, n_values * sizeof *c->last);
    c->until = fyi_arena_alloc(a, n_values * sizeof *c->until);
    c->overwritten = fyi_arena_alloc(a, n_values * sizeof *c->overwritten);
    c->drop = fyi_arena_alloc(a, n_values * sizeof *c->drop);
    c->turns = fyi_arena_alloc(a, 2 * c->p->n_order * sizeof *c->turns);
    c->copied = fyi_arena_alloc(a, n_nodes * sizeof *c->copied);
    return c->outputs && c->lasting && c->root && c->last && c->until && c->overwritten &&
           c->drop && c->turns && c->copied && fyi_walk_init(&c->walk, c->p->g, a);
}

fy_status fyi_course_init(fyi_course *c, const fyi_program *p, const fy_plan_opts *o)
{
    const size_t n = p->g->n_values;
    *c = (fyi_course){ .p = p };
    int32_t *longest = fyi_arena_alloc(&c->arena, n * sizeof *longest);
    if (!longest || !take_room(c))
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

/* A copy of a node that is gone, and of those it needs that are gone too, for the reader at `at`. */
typedef struct chain {
    fyi_course *c;
    int32_t at;
} chain;

static fyi_way look(void *ctx, fyi_id src)
{
    const chain *x = ctx;
    if (is_lost(x->c, src, x->at))
        return FYI_GIVE_UP;
    const bool is_here =
        !fyi_course_is_gone(x->c, src, x->at) || x->c->copied[x->c->p->g->values[src].node];
    return is_here ? FYI_PASS_BY : FYI_ENTER;
}

static void copy(void *ctx, int32_t node)
{
    const chain *x = ctx;
    x->c->copied[node] = true;
    add_turn(x->c, node, x->at, true);
}

static bool copy_chain(fyi_course *c, fyi_id v, int32_t at)
{
    chain x = { .c = c, .at = at };
    return fyi_walk_from(&c->walk, c->p->g->values[v].node, &x, look, copy);
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
    int32_t at;      /* the turn's */
} pass;

static fyi_id now(const void *ctx, fyi_id v)
{
    const pass *s = ctx;
    return fyi_course_is_gone(s->c, v, s->at) ? s->copy_of[v] : v;
}

static fy_status add_copy(pass *s, int32_t *node)
{
    fy_graph *g = s->p->g;
    const fy_node copy = fyi_copy_node(g, *node, now, s);
    FYI_FORWARD(fy_graph_status(g));
    const fyi_node *n = &g->nodes[*node];
    for (int j = 0; j < n->n_dst; j++)
        s->copy_of[n->dst + j] = copy.id + j;
    char *name = fyi_arena_printf(&g->arena, "%s again", n->name);
    if (!name)
        return fyi_enomem(strlen(n->name), "a node's copy");
    *node = g->values[copy.id].node;
    g->nodes[*node].name = name;
    return FY_OK;
}

static void redirect(pass *s, int32_t node)
{
    fyi_id *src = fyi_sources_of(s->p->g, (size_t)node);
    for (int i = 0; i < s->p->g->nodes[node].n_src; i++)
        src[i] = now(s, src[i]);
}

/* Copies are made of nodes that are not redirected yet: all of them first. */
static fy_status rewrite(pass *s)
{
    const fyi_course *c = s->c;
    fyi_program *p = s->p;
    FYI_FORWARD(fyi_grow(&p->order, &p->cap_order, c->n_turns, sizeof *p->order));
    for (size_t i = 0; i < c->n_turns; i++) {
        int32_t node = c->turns[i].node;
        s->at = c->turns[i].at;
        if (c->turns[i].is_copy)
            FYI_FORWARD(add_copy(s, &node));
        p->order[i] = node;
    }
    p->n_order = c->n_turns;
    for (size_t i = 0; i < c->n_turns; i++) {
        s->at = c->turns[i].at;
        if (!c->turns[i].is_copy)
            redirect(s, c->turns[i].node);
    }
    return FY_OK;
}

fy_status fyi_pass_recompute(fyi_program *p, const fyi_course *c)
{
    fyi_arena scratch = { 0 };
    pass s = { .c = c, .p = p };
    FYI_ASSERT(p->n_order == c->p->n_order && p->g->n_values == c->p->g->n_values);
    s.copy_of = fyi_arena_alloc(&scratch, p->g->n_values * sizeof *s.copy_of);
    const fy_status st =
        s.copy_of ? rewrite(&s) : fyi_enomem(p->g->n_values * sizeof *s.copy_of, "the compiler");
    fyi_arena_release(&scratch);
    return st;
}
