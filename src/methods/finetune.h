/* finetune.h: what the two files of fine-tuning share: the whole of it, and the part that runs. */
#ifndef FERRY_METHODS_FINETUNE_H
#define FERRY_METHODS_FINETUNE_H

#include "best.h"
#include "groups.h"
#include "learner.h"
#include "parts.h"

/* In every checkpoint. */
typedef struct found {
    double lr;    /* by the range test */
    int64_t part; /* before which; 0: none yet */
} found;

/* The part that runs. */
typedef struct task {
    const part *part;
    char *moves;               /* globs */
    bool has_rate[GROUPS_MAX]; /* groups of layers of which something moves */
    parts_schedule schedule;
    fy_predictor *predictor;
    fy_graph *g;
    fy_loader *loader;
    fy_stage stage;
} task;

typedef struct finetune {
    fy_run *run;
    fy_device *dev;
    const fy_finetune_opts *o;
    learner learner;
    fy_model *model, *start; /* start: w_0 of L2-SP; NULL: not wanted */
    groups groups;
    parts parts;
    int64_t epoch_steps;
    best best;
    found found;
    task task;
} finetune;

/* Of every loader; each has a name of its own. */
fy_loader_opts finetune_loader(const finetune *f);

/* finetune_part.c: opens part p and runs or resumes it. It stays open, with its predictor, until the next one or
 * finetune_close_part. */
fy_status finetune_run_part(finetune *f, const part *p);
void finetune_close_part(finetune *f);
/* Before the schedule: what the range test found, or what was asked for. */
double finetune_rate(const finetune *f);
/* May the part that is open move parameter i? */
bool finetune_moves(const finetune *f, int i);

#endif
