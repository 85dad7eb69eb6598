/* frozen.c: which values never change while the objectives run, so that they can be computed once per
 * sample and kept. */
#include "graph/frozen.h"
#include "graph/ops/attr.h"
#include "graph/param.h"
#include "graph/trace.h"

#include <string.h>

static bool is_moved(const fyi_frozen_of *of, const fy_param *p)
{
    return of->moves ? of->moves(of->arg, p) : fyi_is_moved(of->g, p);
}

/* Does the node give a sample another result in another step? Its sources are left aside, and an input is the sample,
 * unless it is a scalar. A batch norm in training mode mixes the batch's samples. */
static bool node_varies(const fyi_frozen_of *of, const fyi_node *n)
{
    if (n->op == &fyi_op_use)
        return is_moved(of, ((const fyi_use_attr *)n->attr)->param);
    if (n->op == &fyi_op_input)
        return ((const fyi_input_attr *)n->attr)->spec.shape.rank == 0;
    return n->op == &fyi_op_batch_norm || fyi_may_change(of->g, n);
}

bool fy_node_is_frozen(const fy_graph *g, fy_node x)
{
    if (x.id <= 0 || (size_t)x.id >= g->n_values)
        return false;
    fyi_arena scratch = { 0 };
    bool *reached = fyi_arena_alloc(&scratch, g->n_values * sizeof *reached);
    bool frozen = reached != NULL;
    const int32_t last = g->values[x.id].node;
    const fyi_frozen_of of = { .g = g };
    if (frozen) {
        reached[x.id] = true;
        fyi_mark_sources(g, last, reached);
    }
    for (int32_t k = 1; frozen && k <= last; k++)
        frozen = !fyi_is_marked(&g->nodes[k], reached) || !node_varies(&of, &g->nodes[k]);
    fyi_arena_release(&scratch);
    return frozen;
}

/* ---- the cut -------------------------------------------------------------------------------------------- */

enum { FROZEN = 1, FROM_X = 2, FROM_OTHERS = 4, COMPUTED = 8, ROW = 16, READ_WHOLE = 32 };

/* Does row i of the destination depend on row i of x alone? A value that mixes the samples of a batch (a mean
 * over axis 0, a covariance) changes with the batch and cannot be kept per sample. */
static bool keeps_rows(const fy_graph *g, const fyi_node *n, const unsigned *mark)
{
    if (!(n->op->flags & (FYI_OP_ROWS | FYI_OP_EACH)) || !(mark[n->src[0]] & ROW))
        return false;
    const fy_shape *src = &g->values[n->src[0]].spec.shape, *dst = &g->values[n->dst].spec.shape;
    bool keeps = src->rank >= 2 && dst->rank >= 1 && src->d[0] == dst->d[0];
    for (int i = 1; i < n->n_src; i++)
        keeps = keeps && (n->op->flags & FYI_OP_EACH ? (mark[n->src[i]] & ROW) != 0
                                                     : !(mark[n->src[i]] & FROM_X));
    return keeps;
}

/* What a node's destinations are, from its sources; COMPUTED once anything but a view was applied. */
static unsigned combine(const fyi_frozen_of *of, const fyi_node *n, const unsigned *mark)
{
    if (n->op == &fyi_op_input)
        return FROZEN | FROM_OTHERS;
    unsigned m = node_varies(of, n) ? 0 : FROZEN;
    for (int i = 0; i < n->n_src; i++) {
        const unsigned s = mark[n->src[i]];
        m = (s & FROZEN ? m : m & ~(unsigned)FROZEN) | (s & (FROM_X | FROM_OTHERS | COMPUTED));
    }
    if (n->n_src && !(n->op->flags & FYI_OP_VIEW))
        m |= COMPUTED;
    return n->n_src && keeps_rows(of->g, n, mark) ? m | ROW : m;
}

#define CACHEABLE (FROZEN | FROM_X | ROW)

/* A node whose result cannot be kept per sample reads its sources every step. */
static void mark_readers(const fyi_node *n, unsigned *mark)
{
    const unsigned m = mark[n->dst];
    const bool kept = (m & CACHEABLE) == CACHEABLE && !(m & FROM_OTHERS);
    for (int i = 0; !kept && i < n->n_src; i++)
        mark[n->src[i]] |= READ_WHOLE;
}

static void mark_all(const fyi_frozen_of *of, unsigned *mark)
{
    for (size_t k = 1; k < of->g->n_nodes; k++) {
        const fyi_node *node = &of->g->nodes[k];
        const unsigned m = node->dst == of->x.id ? FROZEN | FROM_X | ROW : combine(of, node, mark);
        for (int j = 0; j < node->n_dst; j++)
            mark[node->dst + j] = m;
        mark_readers(node, mark);
    }
    for (int i = 0; i < of->n_read; i++)
        mark[of->read[i].id] |= READ_WHOLE;
}

static bool is_cut(const fy_graph *g, const unsigned *mark, size_t v)
{
    return mark[v] == (CACHEABLE | COMPUTED | READ_WHOLE) && g->values[v].spec.dtype == FY_F32 &&
           fyi_def(g, (fyi_id)v)->n_dst == 1;
}

/* From the end: where not all can be kept, those that more was computed for. */
fy_status fyi_frozen_cut(const fyi_frozen_of *of, fy_node cut[FYI_MAX_CUT], int *n)
{
    const fy_graph *g = of->g;
    fyi_arena scratch = { 0 };
    unsigned *mark = fyi_arena_alloc(&scratch, g->n_values * sizeof *mark);
    int n_left = 0;
    *n = 0;
    if (!mark)
        return fyi_enomem(g->n_values * sizeof *mark, "the feature cache");
    mark_all(of, mark);
    for (size_t v = g->n_values - 1; v > 0; v--)
        if (is_cut(g, mark, v) && *n < FYI_MAX_CUT)
            cut[(*n)++] = fyi_n((fyi_id)v);
        else if (is_cut(g, mark, v))
            n_left++;
    if (n_left > 0)
        fyi_info("feature cache: the last %d frozen values are kept, %d before them are computed "
                 "every time",
                 FYI_MAX_CUT, n_left);
    fyi_arena_release(&scratch);
    return FY_OK;
}

/* ---- what it is computed from ------------------------------------------------------------------------------ */

/* number[v]: 0 for values that the cut is not computed from; the others counted from 1. */
static fy_status number_sources(const fy_graph *g, const fy_node *cut, int n, int32_t *number)
{
    fyi_arena scratch = { 0 };
    int32_t next = 1;
    bool *reached = fyi_arena_alloc(&scratch, g->n_values * sizeof *reached);
    if (!reached)
        return fyi_enomem(g->n_values, "the feature cache");
    for (int i = 0; i < n; i++)
        reached[cut[i].id] = true;
    fyi_mark_sources(g, (int32_t)g->n_nodes - 1, reached);
    for (size_t v = 1; v < g->n_values; v++)
        number[v] = reached[v] ? next++ : 0;
    fyi_arena_release(&scratch);
    return FY_OK;
}

/* A parameter by its bytes, whatever its name. */
static fy_status hash_param(fy_param *p, fyi_sha256 *h)
{
    FYI_FORWARD(fyi_param_settle(p));
    fyi_sha256_update(h, p->data, fyi_shape_bytes(&p->shape, FY_F32));
    return FY_OK;
}

static fy_status hash_attr(const fyi_node *n, fyi_sha256 *h, bool *is_known)
{
    if (n->op == &fyi_op_use)
        return hash_param(((const fyi_use_attr *)n->attr)->param, h);
    if (n->op == &fyi_op_constant) {
        const fyi_constant_attr *a = n->attr;
        fyi_sha256_update(h, a->data, fyi_shape_bytes(&a->spec.shape, a->spec.dtype));
        return FY_OK;
    }
    *is_known &= fyi_attr_hash(n, h);
    return FY_OK;
}

static fy_status hash_node(const fy_graph *g, const fyi_node *n, const int32_t *number,
                           fyi_sha256 *h, bool *is_known)
{
    fyi_sha256_update(h, n->op->name, strlen(n->op->name) + 1);
    for (int i = 0; i < n->n_src; i++)
        fyi_sha256_update(h, &number[n->src[i]], sizeof number[0]);
    for (int j = 0; j < n->n_dst; j++) {
        const fy_shape *s = &g->values[n->dst + j].spec.shape;
        fyi_sha256_update(h, s->d, (size_t)s->rank * sizeof s->d[0]);
    }
    return hash_attr(n, h, is_known);
}

fy_status fyi_frozen_hash(const fy_graph *g, const fy_node *cut, int n, fyi_sha256 *h,
                          bool *is_known)
{
    fyi_arena scratch = { 0 };
    int32_t *number = fyi_arena_alloc(&scratch, g->n_values * sizeof *number);
    fy_status st = number ? FY_OK : fyi_enomem(g->n_values, "the feature cache");
    *is_known = true;
    if (st == FY_OK)
        st = number_sources(g, cut, n, number);
    for (size_t k = 1; st == FY_OK && k < g->n_nodes; k++)
        if (number[g->nodes[k].dst])
            st = hash_node(g, &g->nodes[k], number, h, is_known);
    fyi_arena_release(&scratch);
    return st;
}
