/* A parameter: one named tensor in plain f32, and where its newest value is.
 *
 * A plan that moves the parameter may keep it in another layout. It is then the holder: `data` is stale
 * until the holder puts it back, which every reader asks for first. `version` counts the changes, so that
 * other plans see when their copy is old.
 *
 * Memory and the first values come when somebody first needs them: a model that is only described, or loaded from
 * a file, never draws its start. */
#ifndef FYI_PARAM_H
#define FYI_PARAM_H

#include "graph/graph.h"

/* Fills the n first values; v is zeroes. */
typedef void (*fyi_draw_fn)(const void *arg, float *v, int64_t n);

struct fy_param {
    char *name;
    fy_shape shape;
    float *data;      /* [shape], plain order; NULL before anybody needed it */
    fyi_draw_fn draw; /* NULL: it starts as zeroes */
    const void *draw_arg;
    uint64_t version;
    fy_plan *holder; /* NULL when data is the newest */
    int32_t holder_slot;
};

/* Forgets every value: the next reader gets what `draw` gives. `arg` is lent for as long. */
void fyi_param_restart(fy_param *p, fyi_draw_fn draw, const void *arg);
/* Sees to it that data is there, though perhaps not the newest. */
fy_status fyi_param_begin(fy_param *p);
/* Brings data up to date. */
fy_status fyi_param_settle(fy_param *p);
/* plan.c: copies slot's value back into its parameter's data. */
fy_status fyi_plan_put_back(fy_plan *plan, int32_t slot);

#endif
