/* A parameter: one named tensor in plain f32, and where its newest value is.
 *
 * A plan that moves the parameter may keep it in another layout. It is then the holder: `data` is stale
 * until the holder puts it back, which every reader asks for first. `version` counts the changes, so that
 * other plans see when their copy is old. */
#ifndef FYI_PARAM_H
#define FYI_PARAM_H

#include "graph/graph.h"

struct fy_param {
    char *name;
    fy_shape shape;
    float *data; /* [shape], plain order */
    uint64_t version;
    fy_plan *holder; /* NULL when data is the newest */
    int32_t holder_slot;
};

/* Brings data up to date. */
fy_status fyi_param_settle(fy_param *p);
/* plan.c: copies slot's value back into its parameter's data. */
fy_status fyi_plan_put_back(fy_plan *plan, int32_t slot);

#endif
