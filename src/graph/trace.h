/* What several passes ask of a graph: what a value is computed from, what may change from step to step, and copies of
 * nodes. */
#ifndef FYI_TRACE_H
#define FYI_TRACE_H

#include "graph/graph.h"

/* ---- where a value comes from ------------------------------------------------------------------- */

/* Is a destination of n marked? `mark` is [n_values], here and below. */
bool fyi_is_marked(const fyi_node *n, const bool *mark);
/* Marks all that the marked values of nodes 1 to `last` are computed from. Nodes stand behind their sources, as builders
 * and the gradient pass append them. */
void fyi_mark_sources(const fy_graph *g, int32_t last, bool *mark);

/* ---- what may change ---------------------------------------------------------------------------- */

/* What is folded, computed once or kept per sample rests on these two. Does n give a parameter that no objective
 * moves? */
bool fyi_is_frozen_use(const fy_graph *g, const fyi_node *n);
/* Could n's result differ from step to step although its sources do not: an input, state, a parameter that is moved, an
 * update, something random? */
bool fyi_may_change(const fy_graph *g, const fyi_node *n);

/* ---- copies ------------------------------------------------------------------------------------- */

/* What a copy reads in place of v. */
typedef fyi_id (*fyi_stand_in)(const void *ctx, fyi_id v);
/* Appends a copy of a node; FY_NO_NODE after a mistake, like all builders. */
fy_node fyi_copy_node(fy_graph *g, int32_t node, fyi_stand_in in_place_of, const void *ctx);

#endif
