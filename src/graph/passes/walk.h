/* Post-order over what nodes are computed from, with a stack of its own, for networks are deep. */
#ifndef FYI_WALK_H
#define FYI_WALK_H

#include "graph/graph.h"

typedef struct fyi_walk {
    const fy_graph *g;
    int32_t *stack; /* [n_nodes] nodes being entered, at most one entry per node */
    int32_t *next;  /* [n_nodes] which source to look at next */
} fyi_walk;

/* What to do with a source. */
typedef enum fyi_way { FYI_PASS_BY, FYI_ENTER, FYI_GIVE_UP } fyi_way;

static inline bool fyi_walk_init(fyi_walk *w, const fy_graph *g, fyi_arena *a)
{
    w->g = g;
    w->stack = fyi_arena_alloc(a, g->n_nodes * sizeof *w->stack);
    w->next = fyi_arena_alloc(a, g->n_nodes * sizeof *w->next);
    return w->stack && w->next;
}

static inline void fyi_walk_enter(const fyi_walk *w, int32_t *depth, int32_t node)
{
    w->stack[(*depth)++] = node;
    w->next[node] = 0;
}

/* Leaves `root` last, and every node after those of its sources that `look` had it enter. False as soon as `look` gives
 * up. Inline, for the choice of what to drop takes some thousand walks. */
static inline bool fyi_walk_from(const fyi_walk *w, int32_t root, void *ctx,
                                 fyi_way (*look)(void *ctx, fyi_id src),
                                 void (*leave)(void *ctx, int32_t node))
{
    int32_t depth = 0;
    fyi_walk_enter(w, &depth, root);
    while (depth > 0) {
        const int32_t k = w->stack[depth - 1];
        const fyi_node *n = &w->g->nodes[k];
        if (w->next[k] == n->n_src) {
            depth--;
            leave(ctx, k);
            continue;
        }
        const fyi_id src = n->src[w->next[k]++];
        const fyi_way way = look(ctx, src);
        if (way == FYI_GIVE_UP)
            return false;
        if (way == FYI_ENTER)
            fyi_walk_enter(w, &depth, w->g->values[src].node);
    }
    return true;
}

#endif
