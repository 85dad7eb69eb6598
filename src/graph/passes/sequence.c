/* sequence.c: objectives one after the other in one graph.
 *
 * Each objective sees the parameters as the earlier ones left them. A value that depends on a parameter
 * moved since it was computed is stale, and the part of it the next objective needs is computed again as a
 * copy that reads the update's destinations; everything else is shared. So the critic's input features serve
 * both objectives of ADDA, while the critic itself runs again after its own step. */
#include "graph/backward.h"
#include "graph/ops/ema.h"
#include "graph/ops/optim.h"
#include "graph/param.h"
#include "graph/passes/passes.h"
#include "graph/trace.h"

#include <stdlib.h>
#include <string.h>

typedef struct pass {
    fyi_program *p;
    fy_graph *g;
    fyi_arena arena;
    size_t n_values, n_nodes; /* of the caller's graph */
    fyi_id *now;        /* [n_values] the value's newest copy; itself at first, 0 when stale */
    size_t *copied_in;  /* [n_values] the segment that first copy belongs to */
    size_t segment;     /* being built */
    fyi_id *first_copy; /* [n_values] the first copy made of it, 0 if none */
    bool *stale;        /* [n_values] scratch */
    bool *marked;       /* [n_values] scratch */
} pass;

/* ---- shared and stale values ------------------------------------------------------------------------- */

/* Marks the ancestors of `value` in the caller's graph, itself included. */
static void mark_ancestors(pass *s, fyi_id value)
{
    memset(s->marked, 0, s->n_values * sizeof *s->marked);
    s->marked[value] = true;
    fyi_mark_sources(s->g, s->g->values[value].node, s->marked);
}

/* Forgets the newest copies of everything downstream of the values in s->stale. */
static void spread_stale(pass *s)
{
    for (size_t k = 1; k < s->n_nodes; k++) {
        const fyi_node *n = &s->g->nodes[k];
        bool any = false;
        for (int i = 0; i < n->n_src; i++)
            any |= s->stale[n->src[i]];
        for (int j = 0; any && j < n->n_dst; j++) {
            s->stale[n->dst + j] = true;
            s->now[n->dst + j] = 0;
        }
    }
}

static fyi_id newest_of(const void *ctx, fyi_id v)
{
    return ((const pass *)ctx)->now[v];
}

static fy_status copy_node(pass *s, size_t k)
{
    const fy_node copy = fyi_copy_node(s->g, (int32_t)k, newest_of, s);
    FYI_FORWARD(fy_graph_status(s->g));
    const fyi_node *n = &s->g->nodes[k];
    for (int j = 0; j < n->n_dst; j++) {
        s->now[n->dst + j] = copy.id + j;
        if (!s->first_copy[n->dst + j]) {
            s->first_copy[n->dst + j] = copy.id + j;
            s->copied_in[n->dst + j] = s->segment;
        }
    }
    return FY_OK;
}

/* Makes `value` and what it needs current; returns its newest copy. */
static fy_status refresh(pass *s, fyi_id value, fyi_id *newest)
{
    mark_ancestors(s, value);
    for (size_t k = 1; k < s->n_nodes; k++) {
        const fyi_node *n = &s->g->nodes[k];
        bool needed = false;
        for (int j = 0; j < n->n_dst; j++)
            needed |= s->marked[n->dst + j] && !s->now[n->dst + j];
        if (needed)
            FYI_FORWARD(copy_node(s, k));
    }
    *newest = s->now[value];
    return FY_OK;
}

/* The caller's node that uses `p`, 0 if the graph does not use it. */
static fyi_id use_of(const pass *s, const fy_param *p)
{
    for (size_t k = 1; k < s->n_nodes; k++) {
        const fyi_node *n = &s->g->nodes[k];
        if (n->op == &fyi_op_use && ((const fyi_use_attr *)n->attr)->param == p)
            return n->dst;
    }
    return 0;
}

/* An update's destination is the newest value of the use node `use` from here on. */
static void moved(pass *s, fyi_id use, fyi_id newest)
{
    s->now[use] = newest;
    s->stale[use] = true;
}

static void alias(fy_graph *g, fyi_id dst, fyi_id src)
{
    g->values[dst].alias = src;
}

/* ---- running statistics ---------------------------------------------------------------------------------- */

static bool names_param(const pass *s, const fyi_objective *o, fyi_id use)
{
    return use && fyi_objective_names(o, ((const fyi_use_attr *)fyi_def(s->g, use)->attr)->param);
}

static fy_status add_stats(pass *s, const fyi_node *bn, fyi_segment *seg)
{
    fyi_batch_norm_attr a = *(const fyi_batch_norm_attr *)bn->attr;
    const fy_shape *src = &s->g->values[bn->src[0]].spec.shape;
    a.count = fy_shape_numel(src) / FYI_MAX(src->d[1], 1);
    const fyi_id mean = s->now[bn->dst + 1], var = s->now[bn->dst + 2];
    const fy_node from[] = { fyi_n(s->now[a.running_mean]), fyi_n(s->now[a.running_var]),
                             fyi_n(mean), fyi_n(var) };
    const fy_node to = fyi_apply(s->g, &fyi_op_batch_norm_stats, &a, 4, from);
    FYI_FORWARD(fy_graph_status(s->g));
    alias(s->g, to.id, from[0].id);
    alias(s->g, to.id + 1, from[1].id);
    moved(s, a.running_mean, to.id);
    moved(s, a.running_var, to.id + 1);
    FYI_FORWARD(fyi_segment_root(seg, mean));
    FYI_FORWARD(fyi_segment_root(seg, var));
    return fyi_segment_update(seg, s->g->values[to.id].node);
}

/* Every batch norm in training mode on the way to the loss whose running statistics the objective names. */
static fy_status follow_statistics(pass *s, const fyi_objective *o, fyi_id loss, fyi_segment *seg)
{
    mark_ancestors(s, loss);
    for (size_t k = 1; k < s->n_nodes; k++) {
        const fyi_node bn = s->g->nodes[k];
        if (bn.op != &fyi_op_batch_norm || !s->marked[bn.dst])
            continue;
        const fyi_batch_norm_attr *a = bn.attr;
        if (names_param(s, o, a->running_mean) && names_param(s, o, a->running_var))
            FYI_FORWARD(add_stats(s, &bn, seg));
    }
    return FY_OK;
}

/* ---- the update -------------------------------------------------------------------------------------------- */

static fy_node add_state(pass *s, const fyi_objective *o, const char *param, const char *what,
                         fy_shape shape)
{
    fyi_state_attr a = { .shape = shape };
    a.name = param ? fyi_arena_printf(&s->g->arena, "%s/%s.%s", o->name, param, what)
                   : fyi_arena_printf(&s->g->arena, "%s/%s", o->name, what);
    if (!a.name)
        return fyi_graph_mistake(s->g, fyi_enomem(64, "optimiser state"));
    return fyi_apply(s->g, &fyi_op_state, &a, 0, NULL);
}

static fy_node add_clip(pass *s, const fyi_objective *o, const fyi_id *diff, int n)
{
    fy_node *src = fyi_arena_alloc(&s->arena, (size_t)n * sizeof *src);
    if (!src)
        return fyi_graph_mistake(s->g, fyi_enomem(sizeof *src, "gradient clipping"));
    for (int i = 0; i < n; i++)
        src[i] = fyi_n(diff[i]);
    const fyi_clip_scale_attr a = { .max_norm = o->optim.clip_norm };
    return fyi_apply(s->g, &fyi_op_clip_scale, &a, n, src);
}

/* What an objective moves that its loss depends on. */
typedef struct movers {
    int n;
    const fy_param **param;
    fyi_id *use;  /* the caller's use node */
    fyi_id *diff; /* the gradient */
    int32_t *group;
} movers;

static int by_id(const void *x, const void *y)
{
    const fyi_id a = *(const fyi_id *)x, b = *(const fyi_id *)y;
    return (a > b) - (a < b);
}

/* In the order in which the backward pass adds them, whatever that of the parameters: a layer's weight gradient is then
 * computed when its diff_dst is there, which need not wait for those of all layers below it. */
static fy_status root_gradients(pass *s, const movers *m, fyi_segment *seg)
{
    fyi_id *diff = fyi_arena_dup(&s->arena, m->diff, (size_t)m->n * sizeof *diff);
    if (!diff)
        return fyi_enomem((size_t)m->n * sizeof *diff, "an objective's gradients");
    qsort(diff, (size_t)m->n, sizeof *diff, by_id);
    for (int i = 0; i < m->n; i++)
        FYI_FORWARD(fyi_segment_root(seg, diff[i]));
    return FY_OK;
}

/* Sources as fyi_update_attr lists them; returns how many. */
static int list_sources(pass *s, const fyi_objective *o, const movers *m, const fyi_update_attr *a,
                        fy_node *src)
{
    int n = 0;
    for (size_t i = 0; i < o->n_groups; i++)
        src[n++] = fyi_n(s->now[o->lr[i]]);
    if (a->has_clip)
        src[n++] = add_clip(s, o, m->diff, m->n);
    src[n++] = add_state(s, o, NULL, "steps", FY_SCALAR);
    for (int i = 0; i < m->n; i++) {
        const fy_param *p = m->param[i];
        src[n++] = fyi_n(s->now[m->use[i]]);
        src[n++] = fyi_n(m->diff[i]);
        for (int k = 0; k < a->n_states; k++)
            src[n++] = add_state(s, o, p->name, o->optim.rule->state_names[k], p->shape);
    }
    return n;
}

/* Each destination overwrites its source: the step count, and each parameter with its states. */
static void alias_destinations(pass *s, const movers *m, const fyi_update_attr *a,
                               const fy_node *src, fyi_id dst)
{
    alias(s->g, dst, src[fyi_update_step_src(a)].id);
    for (int i = 0; i < m->n; i++) {
        const int from = fyi_update_param_src(a, i), to = fyi_update_param_dst(a, i);
        alias(s->g, dst + to, src[from].id);
        for (int k = 1; k <= a->n_states; k++) /* the gradient stands between */
            alias(s->g, dst + to + k, src[from + 1 + k].id);
        moved(s, m->use[i], dst + to);
    }
}

static fy_status add_update(pass *s, const fyi_objective *o, const movers *m, fyi_segment *seg)
{
    fyi_update_attr a = { .optim = o->optim,
                          .n_groups = (int32_t)o->n_groups,
                          .n_params = m->n,
                          .n_states = fyi_optim_states(&o->optim),
                          .has_clip = o->optim.clip_norm > 0 };
    const size_t most = (size_t)fyi_update_param_src(&a, m->n);
    fy_node *src = fyi_arena_alloc(&s->arena, most * sizeof *src);
    a.group_of = fyi_arena_dup(&s->g->arena, m->group, (size_t)m->n * sizeof *a.group_of);
    if (!src || !a.group_of)
        return fyi_enomem(most * sizeof *src, "an objective's update");
    const int n = list_sources(s, o, m, &a, src);
    const fyi_id dst = fyi_apply(s->g, o->optim.rule->op, &a, n, src).id;
    FYI_FORWARD(fy_graph_status(s->g));
    FYI_FORWARD(root_gradients(s, m, seg));
    for (int i = 0; i < fyi_update_step_src(&a); i++)
        FYI_FORWARD(fyi_segment_root(seg, src[i].id));
    alias_destinations(s, m, &a, src, dst);
    return fyi_segment_update(seg, s->g->values[dst].node);
}

/* Averages of what the objective has moved, parameters and running statistics. The count and each average stand
 * among the sources where fyi_ema_attr says. */
static fy_status add_averages(pass *s, const fyi_objective *o, fyi_segment *seg)
{
    const fyi_ema_attr a = { .decay = o->decay };
    fy_node *src = fyi_arena_alloc(&s->arena, (1 + 2 * o->n_moves) * sizeof *src);
    int n = 0;
    if (!src)
        return fyi_enomem(o->n_moves * sizeof *src, "an objective's averages");
    src[n++] = add_state(s, o, NULL, "ema_steps", FY_SCALAR);
    for (size_t i = 0; i < o->n_moves; i++) {
        const fy_param *p = o->moves[i].param;
        const fyi_id use = use_of(s, p);
        if (!use || !s->stale[use])
            continue;
        src[n++] = fyi_n(s->now[use]);
        src[n++] = add_state(s, o, p->name, "ema", p->shape);
    }
    const fy_node dst = fyi_apply(s->g, &fyi_op_ema, &a, n, src);
    FYI_FORWARD(fy_graph_status(s->g));
    alias(s->g, dst.id, src[0].id);
    for (int i = 0; fyi_ema_src(i) < n; i++)
        alias(s->g, dst.id + fyi_ema_dst(i), src[fyi_ema_src(i) + 1].id);
    return fyi_segment_update(seg, s->g->values[dst.id].node);
}

/* The gradients of the objective's loss; parameters it does not depend on are left out. */
static fy_status differentiate(pass *s, const fyi_objective *o, fyi_id loss, movers *m)
{
    const size_t n = FYI_MAX(o->n_moves, (size_t)1);
    fyi_id *wrt = fyi_arena_alloc(&s->arena, n * sizeof *wrt);
    fyi_id *use = fyi_arena_alloc(&s->arena, n * sizeof *use);
    fyi_id *diff = fyi_arena_alloc(&s->arena, n * sizeof *diff);
    m->param = fyi_arena_alloc(&s->arena, n * sizeof *m->param);
    m->group = fyi_arena_alloc(&s->arena, n * sizeof *m->group);
    if (!wrt || !use || !diff || !m->param || !m->group)
        return fyi_enomem(n * sizeof *wrt, "an objective's gradients");
    for (size_t i = 0; i < o->n_moves; i++) {
        use[i] = use_of(s, o->moves[i].param);
        wrt[i] = s->now[use[i]];
    }
    FYI_FORWARD(fyi_backward(s->g, loss, wrt, (int)o->n_moves, diff));
    m->use = use;
    m->diff = diff;
    for (size_t i = 0; i < o->n_moves; i++)
        if (diff[i]) {
            m->use[m->n] = use[i];
            m->diff[m->n] = diff[i];
            m->param[m->n] = o->moves[i].param;
            m->group[m->n++] = o->moves[i].group;
        }
    return FY_OK;
}

static fy_status add_objective(pass *s, fyi_objective *o, fyi_segment *seg)
{
    fyi_id loss;
    movers m = { 0 };
    const fyi_id asked = o->loss;
    FYI_FORWARD(refresh(s, asked, &loss));
    FYI_FORWARD(fyi_segment_root(seg, loss));
    o->loss = loss;
    FYI_FORWARD(differentiate(s, o, loss, &m));
    memset(s->stale, 0, s->n_values * sizeof *s->stale);
    FYI_FORWARD(follow_statistics(s, o, asked, seg));
    if (o->n_moves > 0 && m.n == 0 && seg->n_updates == 0)
        return fyi_fail(FY_EINVAL,
                        "objective '%s' moves %zu parameters and its loss depends on none "
                        "of them; the first is '%s'",
                        o->name, o->n_moves, o->moves[0].param->name);
    if (m.n > 0)
        FYI_FORWARD(add_update(s, o, &m, seg));
    if (o->decay > 0)
        FYI_FORWARD(add_averages(s, o, seg)); /* what is stale now is what has moved */
    spread_stale(s);
    return FY_OK;
}

/* ---- what the caller reads ------------------------------------------------------------------------------------ */

/* Marks all values that some segment computes. */
static fy_status mark_computed(pass *s, bool **out)
{
    bool *live = fyi_arena_alloc(&s->arena, s->g->n_values * sizeof *live);
    if (!live)
        return fyi_enomem(s->g->n_values, "the compiler");
    for (size_t k = 0; k < s->p->n_segments; k++)
        for (size_t i = 0; i < s->p->segments[k].n_roots; i++)
            live[s->p->segments[k].roots[i]] = true;
    fyi_mark_sources(s->g, (int32_t)s->g->n_nodes - 1, live);
    *out = live;
    return FY_OK;
}

static fy_status show_outputs(pass *s, const fy_plan_opts *o)
{
    bool *live = NULL;
    FYI_FORWARD(mark_computed(s, &live));
    for (size_t v = 0; v < s->n_values; v++) {
        const fyi_id copy = s->first_copy[v];
        s->p->shown[v] = !live[v] && copy && live[copy] ? copy : (fyi_id)v;
    }
    for (int i = 0; i < o->n_outputs; i++) {
        if (o->outputs[i].id <= 0 || (size_t)o->outputs[i].id >= s->n_values)
            return fyi_fail(FY_EINVAL, "plan: output %d is no node of this graph", i);
        /* Among the values its segment computes: rooted earlier, it would pull an update forward. */
        const fyi_id v = o->outputs[i].id, shown = s->p->shown[v];
        const size_t in = shown == v ? 0 : s->copied_in[v];
        FYI_FORWARD(fyi_segment_root(&s->p->segments[in], shown));
    }
    return FY_OK;
}

static fy_status prepare(pass *s)
{
    const size_t n = s->n_values;
    s->now = fyi_arena_alloc(&s->arena, n * sizeof *s->now);
    s->copied_in = fyi_arena_alloc(&s->arena, n * sizeof *s->copied_in);
    s->first_copy = fyi_arena_alloc(&s->arena, n * sizeof *s->first_copy);
    s->stale = fyi_arena_alloc(&s->arena, n * sizeof *s->stale);
    s->marked = fyi_arena_alloc(&s->arena, n * sizeof *s->marked);
    const size_t n_segments = FYI_MAX(s->g->n_objectives, (size_t)1);
    s->p->segments = fyi_calloc(n_segments, sizeof *s->p->segments);
    s->p->n_segments = s->p->segments ? n_segments : 0;
    s->p->shown = fyi_calloc(n, sizeof *s->p->shown);
    s->p->n_shown = n;
    if (!s->now || !s->copied_in || !s->first_copy || !s->stale || !s->marked || !s->p->segments ||
        !s->p->shown)
        return fyi_enomem(n * sizeof *s->now, "the compiler");
    for (size_t v = 0; v < n; v++)
        s->now[v] = (fyi_id)v;
    return FY_OK;
}

fy_status fyi_pass_sequence(fyi_program *p, const fy_plan_opts *o)
{
    pass s = { .p = p, .g = p->g, .n_values = p->g->n_values, .n_nodes = p->g->n_nodes };
    fy_status st = prepare(&s);
    for (size_t k = 0; st == FY_OK && k < s.g->n_objectives; k++) {
        s.segment = k;
        st = add_objective(&s, &s.g->objectives[k], &p->segments[k]);
    }
    if (st == FY_OK)
        st = show_outputs(&s, o);
    fyi_arena_release(&s.arena);
    return st;
}
