/* budget.c: which values are dropped so that a plan fits into memory.
 *
 * Greedy, by looking: for a target below the present need, the memory over the target, summed over the step, is computed
 * with each candidate dropped; the one that takes most of it away for its work is. So what is cheap to compute goes
 * first (a norm and its activation before a convolution), what is big and rests long before what is small, and chains
 * that would all come back at once are cut where that helps. The target falls in small steps, and what turns out to be
 * needless in the end is kept again. All figures are those of the plan without copies; whether the plan with them
 * fits, its own layout says (fit.c). */
#include "graph/budget.h"
#include "graph/work.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP 0.9 /* of the present need: the next target */

/* ---- figures of the plan -------------------------------------------------------------------------------------- */

/* A buffer of the block counts for the root of the first value that lies in it. Where that lasts, the buffer holds it in
 * another layout for some of its readers, and lives as long in all courses. */
static void count_buffer(fyi_budget *b, const fyi_buffer *of, fyi_id root, const int32_t *at)
{
    if (!b->course.lasting[root]) {
        b->bytes[root] += of->bytes;
        return;
    }
    b->base[at[of->first]] += (int64_t)of->bytes;
    b->base[at[of->last] + 1] -= (int64_t)of->bytes;
}

/* at[i]: index in the order of run i, or for a reorder of the run that it is for. */
static void find_runs(const fy_plan *p, int32_t *at)
{
    const fyi_program *prog = &p->program;
    int32_t k = (int32_t)prog->n_order - 1;
    for (size_t i = p->n_runs; i-- > 0; at[i] = k)
        while (p->runs[i].node && prog->order[k] != p->runs[i].node)
            k--;
}

static fy_status count_bytes(fyi_budget *b, const fy_plan *p)
{
    fyi_arena *a = &b->course.arena;
    bool *counted = fyi_arena_alloc(a, p->n_buffers * sizeof *counted);
    int32_t *at = fyi_arena_alloc(a, (p->n_runs + 1) * sizeof *at);
    if (!counted || !at)
        return fyi_enomem(p->n_buffers, "the memory plan");
    find_runs(p, at);
    for (size_t v = 1; v < p->n_values; v++)
        for (int32_t k = p->variant_of[v]; k >= 0; k = p->variants[k].next) {
            const int32_t i = p->variants[k].buffer;
            if (!counted[i] && p->buffers[i].store == FYI_STORE_BLOCK && p->buffers[i].first >= 0)
                count_buffer(b, &p->buffers[i], b->course.root[v], at);
            counted[i] = true;
        }
    for (size_t i = 0; i < p->n_runs; i++)
        if (!p->runs[i].once)
            b->scratch[p->runs[i].node] =
                FYI_MAX(b->scratch[p->runs[i].node], p->runs[i].site.scratch_bytes);
    return FY_OK;
}

static int by_work(const void *x, const void *y)
{
    const fyi_candidate *a = x, *b = y;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return (a->value > b->value) - (a->value < b->value);
}

/* Gradients rest until the update, which needs them all at once: nothing is won there. */
static bool does_rest(const fyi_budget *b, fyi_id v)
{
    const fyi_course *c = &b->course;
    const fyi_program *p = c->p;
    return c->root[v] == v && !c->lasting[v] && c->until[v] < c->last[v] &&
           !(p->g->nodes[p->order[c->last[v]]].op->flags & FYI_OP_UPDATE);
}

/* What is worth the trouble: a thousandth of all that lives in the block. */
static void find_candidates(fyi_budget *b, const fy_plan *p)
{
    for (size_t v = 1; v < p->n_values; v++) {
        if (does_rest(b, (fyi_id)v) && b->bytes[v] > p->info.activation_bytes / 1024)
            b->candidates[b->n_candidates++] =
                (fyi_candidate){ .value = (fyi_id)v,
                                 .score = b->work[p->program.g->values[v].node] };
    }
    qsort(b->candidates, b->n_candidates, sizeof *b->candidates, by_work);
}

static bool take_room(fyi_budget *b, const fyi_program *p)
{
    const size_t n_values = p->g->n_values, n_nodes = p->g->n_nodes;
    fyi_arena *a = &b->course.arena;
    b->bytes = fyi_arena_alloc(a, n_values * sizeof *b->bytes);
    b->scratch = fyi_arena_alloc(a, n_nodes * sizeof *b->scratch);
    b->work = fyi_arena_alloc(a, n_nodes * sizeof *b->work);
    b->candidates = fyi_arena_alloc(a, n_values * sizeof *b->candidates);
    b->first = fyi_arena_alloc(a, 2 * n_values * sizeof *b->first);
    b->last = fyi_arena_alloc(a, 2 * n_values * sizeof *b->last);
    b->change = fyi_arena_alloc(a, (2 * p->n_order + 1) * sizeof *b->change);
    b->base = fyi_arena_alloc(a, (p->n_order + 1) * sizeof *b->base);
    b->kept = fyi_arena_alloc(a, n_values * sizeof *b->kept);
    return b->kept && b->base && b->bytes && b->scratch && b->work && b->candidates && b->first &&
           b->last && b->change;
}

/* Nothing for what runs once and not every step. */
static void find_work(fyi_budget *b, const fyi_program *p)
{
    for (size_t i = 0; i < p->n_order; i++) {
        const fyi_node *n = &p->g->nodes[p->order[i]];
        if (!b->course.lasting[n->dst] || n->op->flags & FYI_OP_UPDATE)
            b->work[p->order[i]] = fyi_node_work(p->g, n);
    }
}

fy_status fyi_budget_init(fyi_budget *b, const fy_plan *p, const fy_plan_opts *o)
{
    const fyi_program *prog = &p->program;
    *b = (fyi_budget){ 0 };
    FYI_FORWARD(fyi_course_init(&b->course, prog, o));
    if (!take_room(b, prog))
        return fyi_enomem(prog->g->n_values * sizeof *b->bytes, "the memory plan");
    find_work(b, prog);
    FYI_FORWARD(count_bytes(b, p));
    find_candidates(b, p);
    return FY_OK;
}

void fyi_budget_release(fyi_budget *b)
{
    fyi_course_release(&b->course);
}

/* ---- looking ------------------------------------------------------------------------------------------------ */

/* A course's price: memory over the target, summed over the step; the most at a time; all work. */
typedef struct view {
    double excess, work;
    int64_t peak;
} view;

/* Where the lives of a value or of its copy are kept. */
static size_t place_of(const fyi_budget *b, fyi_id v, bool is_copy)
{
    return (size_t)b->course.root[v] + (is_copy ? b->course.p->g->n_values : 0);
}

static void live(fyi_budget *b, size_t place, int32_t turn)
{
    if (b->first[place] < 0)
        b->first[place] = turn;
    b->last[place] = turn;
}

static void find_lives(fyi_budget *b)
{
    const fyi_course *c = &b->course;
    const fy_graph *g = c->p->g;
    memset(b->first, -1, 2 * g->n_values * sizeof *b->first);
    for (size_t i = 0; i < c->n_turns; i++) {
        const fyi_turn *t = &c->turns[i];
        const fyi_node *n = &g->nodes[t->node];
        for (int k = 0; k < n->n_src; k++)
            live(b, place_of(b, n->src[k], fyi_course_is_gone(c, n->src[k], t->at)), (int32_t)i);
        for (int j = 0; j < n->n_dst; j++)
            live(b, place_of(b, n->dst + j, t->is_copy), (int32_t)i);
    }
    for (size_t v = 1; v < g->n_values; v++)
        if (c->outputs[v])
            b->last[c->root[v]] = (int32_t)c->n_turns - 1;
}

static void find_changes(fyi_budget *b)
{
    const size_t n = b->course.p->g->n_values;
    memset(b->change, 0, (b->course.n_turns + 1) * sizeof *b->change);
    for (size_t k = 0; k < 2 * n; k++)
        if (b->first[k] >= 0) {
            const int64_t bytes = (int64_t)b->bytes[k < n ? k : k - n];
            b->change[b->first[k]] += bytes;
            b->change[b->last[k] + 1] -= bytes;
        }
}

/* A node of the order counts together with the copies right before it: otherwise each copy would be held against a
 * course. */
static view add_up(const fyi_budget *b, int64_t target)
{
    const fyi_course *c = &b->course;
    view v = { 0 };
    int64_t now = 0, most = 0;
    int32_t at = -1;
    for (size_t i = 0; i < c->n_turns; i++) {
        const int32_t node = c->turns[i].node;
        now += b->change[i];
        for (; at < c->turns[i].at; at++)
            now += b->base[at + 1];
        most = FYI_MAX(most, now + (int64_t)b->scratch[node]);
        v.work += b->work[node];
        if (c->turns[i].is_copy || b->work[node] == 0)
            continue;
        v.excess += (double)FYI_MAX(most - target, (int64_t)0);
        v.peak = FYI_MAX(v.peak, most);
        most = 0;
    }
    return v;
}

static view look(fyi_budget *b, int64_t target)
{
    if (!fyi_course_run(&b->course))
        return (view){ .excess = INFINITY, .work = INFINITY, .peak = INT64_MAX };
    find_lives(b);
    find_changes(b);
    return add_up(b, target);
}

int64_t fyi_budget_peak(fyi_budget *b)
{
    return look(b, 0).peak;
}

/* ---- choosing --------------------------------------------------------------------------------------------------- */

/* With x dropped, or kept where it is dropped now. */
static void look_at(fyi_budget *b, fyi_candidate *x, int64_t target, const view *now)
{
    bool *drop = &b->course.drop[x->value];
    *drop = !*drop;
    const view v = look(b, target);
    *drop = !*drop;
    x->is_fresh = true;
    x->score = v.excess < now->excess
                   ? (now->excess - v.excess) / FYI_MAX(v.work - now->work, 1e-6 * now->work)
                   : 0;
}

/* A score from an earlier look is taken for what it may still be, but never for nothing. */
static double promise(const fyi_candidate *x)
{
    return x->is_fresh ? x->score : FYI_MAX(x->score, DBL_MIN);
}

static fyi_candidate *most_promising(const fyi_budget *b)
{
    fyi_candidate *best = NULL;
    for (size_t i = 0; i < b->n_candidates; i++) {
        fyi_candidate *x = &b->candidates[i];
        if (!best || promise(x) > promise(best))
            best = x;
    }
    return best;
}

/* Drops one more, or keeps one that stands between two chains; false if nothing takes anything away. */
static bool change_best(fyi_budget *b, int64_t target, const view *now)
{
    fyi_candidate *x;
    for (size_t i = 0; i < b->n_candidates; i++)
        b->candidates[i].is_fresh = false;
    while ((x = most_promising(b)) && !x->is_fresh)
        look_at(b, x, target, now);
    if (!x || x->score <= 0)
        return false;
    b->course.drop[x->value] = !b->course.drop[x->value];
    return true;
}

/* The most work first. */
static void keep_what_may_stay(fyi_budget *b, int64_t target)
{
    for (size_t i = 0; i < b->n_candidates; i++) {
        bool *drop = &b->course.drop[b->candidates[i].value];
        if (!*drop)
            continue;
        *drop = false;
        *drop = look(b, target).excess > 0;
    }
}

/* One step down; false, with what was dropped before, if that is not possible. */
static bool descend(fyi_budget *b, int64_t target)
{
    const size_t n = b->course.p->g->n_values * sizeof *b->course.drop;
    const int64_t before = fyi_budget_peak(b);
    view now = look(b, target);
    memcpy(b->kept, b->course.drop, n);
    for (size_t i = 0; i < b->n_candidates; i++)
        b->candidates[i].score = INFINITY;
    while (now.excess > 0 && change_best(b, target, &now))
        now = look(b, target);
    if (now.excess > 0 && now.peak >= before)
        memcpy(b->course.drop, b->kept, n);
    return now.excess <= 0;
}

void fyi_budget_begin(fyi_budget *b)
{
    memset(b->course.drop, 0, b->course.p->g->n_values * sizeof *b->course.drop);
}

bool fyi_budget_reach(fyi_budget *b, int64_t target)
{
    for (int64_t peak = fyi_budget_peak(b); peak > target; peak = fyi_budget_peak(b)) {
        const int64_t next = FYI_MAX(target, (int64_t)(STEP * (double)peak));
        if (!descend(b, next))
            return false;
    }
    keep_what_may_stay(b, target);
    return true;
}
