/* A node's arithmetic, and an estimate of its time. */
#ifndef FYI_WORK_H
#define FYI_WORK_H

#include "graph/graph.h"

/* Multiply-adds of convolutions, linear layers, matrix products and their gradients; 0 of all others. */
double fyi_node_macs(const fy_graph *g, const fyi_node *n);
/* In times that a byte of memory takes; 0 for what runs no kernel. */
double fyi_node_work(const fy_graph *g, const fyi_node *n);

#endif
