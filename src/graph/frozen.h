/* Where the frozen part of a graph ends: what can be computed once per sample. */
#ifndef FYI_FROZEN_H
#define FYI_FROZEN_H

#include "graph/graph.h"

/* Values that depend on the fed batch x, on frozen parameters and on nothing else, one row per sample, and
 * that something else reads. At most max; *n says how many. x itself is never one. */
fy_status fyi_frozen_cut(const fy_graph *g, fy_node x, fy_node *cut, int max, int *n);

/* A plan of the outputs alone, without the graph's objectives: nothing moves. */
fy_status fyi_plan_new_frozen(const fy_graph *g, fy_device *dev, const fy_plan_opts *o,
                              fy_plan **out);

#endif
