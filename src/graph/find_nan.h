/* finite.h: whether what a plan has moved is still made of numbers. */
#ifndef FYI_FIND_NAN_H
#define FYI_FIND_NAN_H

#include "graph/graph.h"

/* A value that is NaN or infinite; kind NULL: there is none. */
typedef struct fyi_culprit {
    const char *kind; /* "parameter", "optimiser state" */
    const char *name; /* "target.conv1.weight"; lent by the plan */
    float value;
} fyi_culprit;

/* The first among the parameters that the plan moves, then among its optimiser state. */
fy_status fyi_plan_find_not_finite(fy_plan *p, fyi_culprit *out);

#endif
