/* axis.h: a shape seen from one of its axes, [outer, size, inner], in plain order; and the checks that slice
 * and pad share. */
#ifndef FYI_AXIS_H
#define FYI_AXIS_H

#include "graph/graph.h"

typedef struct fyi_axis {
    int64_t outer, size, inner; /* elements before, along and after the axis */
} fyi_axis;

static inline fyi_axis fyi_axis_of(const fy_shape *s, int axis)
{
    fyi_axis a = { .outer = 1, .size = s->d[axis], .inner = 1 };
    for (int i = 0; i < axis; i++)
        a.outer *= s->d[i];
    for (int i = axis + 1; i < s->rank; i++)
        a.inner *= s->d[i];
    return a;
}

/* slice.c: the axis of a fyi_axis_attr is one of source 0's. */
fy_status fyi_want_axis(const fyi_op_site *at);
/* begin, begin + step, ..., `size` indices, lie within `whole`. */
fy_status fyi_want_range(const fyi_op_site *at, int64_t whole);

#endif
