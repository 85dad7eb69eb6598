/* Gradients as a graph pass, and what the compiler's other passes share. */
#ifndef FYI_BACKWARD_H
#define FYI_BACKWARD_H

#include "graph/graph.h"

/* Adds to g the gradient of the scalar `loss` with respect to each of wrt[0..n); diff[i] is FY_NO_NODE
 * where loss does not depend on wrt[i]. */
fy_status fyi_backward(fy_graph *g, fyi_id loss, const fyi_id *wrt, int n, fyi_id *diff);

/* Reads an output in double: what the gradient checks compare. */
fy_status fyi_plan_read_f64(fy_plan *p, fy_node x, double *dst, int64_t n);

#endif
