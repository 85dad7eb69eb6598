/* check.c: is the graph still what the rules say? Run after every pass in debug builds and in tests. */
#include "graph/passes/passes.h"

#include <string.h>

static fy_status check_node(const fy_graph *g, size_t k, fyi_arena *scratch, const char *after)
{
    const fyi_node *n = &g->nodes[k];
    if (n->dst <= 0 || (size_t)n->dst + (size_t)n->n_dst > g->n_values)
        return fyi_fail(FY_EINVAL, "after %s: '%s' defines values out of range", after, n->name);
    fyi_spec *src = fyi_arena_alloc(scratch, (size_t)FYI_MAX(n->n_src, 1) * sizeof *src);
    fyi_spec *dst = fyi_arena_alloc(scratch, (size_t)FYI_MAX(n->n_dst, 1) * sizeof *dst);
    if (!src || !dst)
        return fyi_enomem(sizeof *src, "the checker");
    for (int i = 0; i < n->n_src; i++) {
        if (n->src[i] <= 0 || (size_t)n->src[i] >= g->n_values)
            return fyi_fail(FY_EINVAL, "after %s: source %d of '%s' is no value", after, i, n->name);
        src[i] = g->values[n->src[i]].spec;
    }
    for (int j = 0; j < n->n_dst && n->n_src > 0; j++)
        dst[j] = src[0];
    const fyi_op_site site = { .name = n->name, .attr = n->attr, .n_src = n->n_src, .src = src };
    if (n->op->infer)
        FYI_FORWARD(n->op->infer(&site, dst));
    for (int j = 0; j < n->n_dst; j++) {
        const fyi_value *v = &g->values[n->dst + j];
        if (v->node != (int32_t)k || v->out != j || v->spec.dtype != dst[j].dtype ||
            !fy_shape_equal(&v->spec.shape, &dst[j].shape))
            return fyi_fail(FY_ESHAPE, "after %s: value %d of '%s' is not what its rule says",
                            after, j, n->name);
        if (v->alias && !(n->op->flags & FYI_OP_UPDATE))
            return fyi_fail(FY_EINVAL, "after %s: '%s' overwrites a value and is no update", after,
                            n->name);
    }
    return FY_OK;
}

/* overwritten[v]: an update has run that writes where v is kept. */
typedef struct walk {
    const fy_graph *g;
    const char *after;
    bool *computed, *overwritten; /* [n_values] */
} walk;

static fy_status check_turn(const walk *w, const fyi_node *n)
{
    for (int i = 0; i < n->n_src; i++)
        if (!w->computed[n->src[i]] || w->overwritten[n->src[i]])
            return fyi_fail(FY_EINVAL, "after %s: '%s' reads '%s' %s", w->after, n->name,
                            fyi_def(w->g, n->src[i])->name,
                            w->computed[n->src[i]] ? "when it is overwritten"
                                                   : "before it is computed");
    for (int j = 0; j < n->n_dst; j++) {
        w->computed[n->dst + j] = true;
        w->overwritten[w->g->values[n->dst + j].alias] = true;
    }
    return FY_OK;
}

static fy_status check_order(const fyi_program *p, fyi_arena *scratch, const char *after)
{
    walk w = { .g = p->g, .after = after };
    w.computed = fyi_arena_alloc(scratch, p->g->n_values * sizeof *w.computed);
    w.overwritten = fyi_arena_alloc(scratch, p->g->n_values * sizeof *w.overwritten);
    if (!w.computed || !w.overwritten)
        return fyi_enomem(p->g->n_values, "the checker");
    for (size_t i = 0; i < p->n_order; i++)
        FYI_FORWARD(check_turn(&w, &p->g->nodes[p->order[i]]));
    return FY_OK;
}

fy_status fyi_check(const fyi_program *p, const char *after)
{
    fyi_arena scratch = { 0 };
    fy_status st = FY_OK;
    for (size_t k = 1; st == FY_OK && k < p->g->n_nodes; k++)
        st = check_node(p->g, k, &scratch, after);
    if (st == FY_OK)
        st = check_order(p, &scratch, after);
    fyi_arena_release(&scratch);
    return st;
}
