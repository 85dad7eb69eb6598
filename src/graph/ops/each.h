/* each.h: what element-wise operators and losses share in their shape rules. */
#ifndef FYI_EACH_H
#define FYI_EACH_H

#include "graph/graph.h"

/* The shape rule of an element-wise operator: all sources are floats of one type and one shape, and
 * dst is like them. Any number of sources. */
fy_status fyi_infer_each(const fyi_op_site *at, fyi_spec *dst);
/* Source i holds n class numbers, i32 [n]. */
fy_status fyi_want_labels(const fyi_op_site *at, int i, int64_t n);
/* Numpy's rule: shapes are aligned at their last axes, and a size of 1 repeats. False where two
 * sizes disagree; then *axis counts it from the last axis, 0. */
bool fyi_broadcast_shape(const fy_shape *a, const fy_shape *b, fy_shape *out, int *axis);

#endif
