/* Where the frozen part of a graph ends: what can be computed once per sample. */
#ifndef FYI_FROZEN_H
#define FYI_FROZEN_H

#include "graph/graph.h"

/* Values that depend on the fed batch x, on frozen parameters and on nothing else, one row per sample, and
 * that something else reads. At most max; *n says how many. x itself is never one. */
fy_status fyi_frozen_cut(const fy_graph *g, fy_node x, fy_node *cut, int max, int *n);

/* Of all that the cut values are computed from: operators, attributes, and the bytes of constants and parameters.
 * *is_known: false where an operator's attributes cannot be hashed. */
fy_status fyi_frozen_hash(const fy_graph *g, const fy_node *cut, int n, fyi_sha256 *h,
                          bool *is_known);
/* Does anything that runs read this input? */
bool fyi_plan_reads(const fy_plan *p, fy_node input);

/* A plan of the outputs alone, without the graph's objectives: nothing moves. */
fy_status fyi_plan_new_frozen(const fy_graph *g, fy_device *dev, const fy_plan_opts *o,
                              fy_plan **out);

#endif
