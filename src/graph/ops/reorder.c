/* reorder.c: dst = src, element for element, in another memory layout or stored type. Inserted by
 * the compiler where two neighbours disagree; padding of the destination's blocks is zeros. */
#include "graph/graph.h"

const fyi_op fyi_op_reorder = { .name = "reorder", .n_src = 1, .n_dst = 1 };
