/* axis.h: a shape seen from one of its axes, [outer, size, inner], in plain order. */
#ifndef FYI_AXIS_H
#define FYI_AXIS_H

#include "tensor/tensor.h"

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

#endif
