/* parts.c: a fine-tuning's parts: what moves when, for how long and at which rate. */
#include "parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- what moves when ----------------------------------------------------------------------------------- */

typedef struct planner {
    const fy_finetune_opts *o;
    int n_groups;
    parts *p;
} planner;

static void add(const planner *at, const char *name, int open, int64_t epochs)
{
    part *p = &at->p->v[at->p->n++];
    *p = (part){ .number = at->p->n, .open = open, .epochs = epochs, .lr = at->o->optim.lr };
    if (open == 1 && at->o->head_lr > 0)
        p->lr = at->o->head_lr;
    snprintf(p->name, sizeof p->name, "%s", name);
}

static void plan_head(const planner *at)
{
    add(at, "head", 1, at->o->epochs);
}

static void plan_all(const planner *at)
{
    add(at, "all", at->n_groups, at->o->epochs);
}

static void plan_head_first(const planner *at)
{
    add(at, "head", 1, at->o->head_epochs);
    plan_all(at);
}

static void plan_gradual(const planner *at)
{
    char name[24];
    add(at, "head", 1, at->o->head_epochs);
    for (int open = 2; open < at->n_groups; open++) {
        snprintf(name, sizeof name, "top-%d", open);
        add(at, name, open, at->o->head_epochs);
    }
    plan_all(at);
}

static const struct {
    const char *name;
    void (*plan)(const planner *at);
} ways[] = {
    { "head", plan_head },
    { "all", plan_all },
    { "head-first", plan_head_first },
    { "gradual", plan_gradual },
};

fy_status parts_of(const fy_finetune_opts *o, int n_groups, parts *p)
{
    const planner at = { o, n_groups, p };
    p->n = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(o->train, ways[i].name) == 0) {
            ways[i].plan(&at);
            return FY_OK;
        }
    return fy_error(FY_EINVAL, "finetune: train is '%s'; expected head, all, head-first or gradual",
                    o->train);
}

/* ---- at which rate ------------------------------------------------------------------------------------- */

fy_status parts_schedule_of(const fy_finetune_opts *o, const part *p, int64_t epoch_steps,
                            parts_schedule *out)
{
    const double each = (double)epoch_steps;
    if (o->n_milestones > PARTS_MAX_MILESTONES)
        return fy_error(FY_EINVAL, "finetune: %d milestones; expected at most %d", o->n_milestones,
                        PARTS_MAX_MILESTONES);
    for (int i = 0; i < o->n_milestones; i++)
        out->milestones[i] = o->milestones[i] * epoch_steps;
    out->s = (fy_schedule){ .name = o->schedule,
                            .steps = p->epochs * epoch_steps,
                            .warmup = llround(o->warmup_epochs * each),
                            .every = llround(fmax(o->step_epochs * each, 1)),
                            .gamma = o->gamma,
                            .milestones = out->milestones,
                            .n_milestones = o->n_milestones,
                            .floor = o->floor };
    return fy_schedule_check(&out->s);
}
