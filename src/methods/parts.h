/* parts.h: a fine-tuning's parts: what moves when, for how long and at which rate. Public functions only. */
#ifndef FERRY_METHODS_PARTS_H
#define FERRY_METHODS_PARTS_H

#include "groups.h"

#include <ferry/methods.h>

#define PARTS_MAX GROUPS_MAX
#define PARTS_MAX_MILESTONES 16

typedef struct part {
    char name[24];
    int number; /* from 1 */
    int open;   /* groups of layers that move */
    int64_t epochs;
    double lr; /* before the schedule */
} part;

typedef struct parts {
    part v[PARTS_MAX];
    int n;
} parts;

/* As o->train says, for a model in n_groups groups. FY_EINVAL for a way that there is not. */
fy_status parts_of(const fy_finetune_opts *o, int n_groups, parts *p);

/* s points into it: it stays where it was made. */
typedef struct parts_schedule {
    fy_schedule s;
    int64_t milestones[PARTS_MAX_MILESTONES]; /* steps */
} parts_schedule;

/* Of p's rate, in steps, of which an epoch has epoch_steps. */
fy_status parts_schedule_of(const fy_finetune_opts *o, const part *p, int64_t epoch_steps,
                            parts_schedule *out);

#endif
