/* An estimate of a node's time. */
#ifndef FYI_WORK_H
#define FYI_WORK_H

#include "graph/graph.h"

/* In times that a byte of memory takes; 0 for what runs no kernel. */
double fyi_node_work(const fy_graph *g, const fyi_node *n);

#endif
