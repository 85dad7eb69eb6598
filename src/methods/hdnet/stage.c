/* stage.c: a stage from where the networks are to the best of its epochs: objectives, what changes from step to step, and a look at
 * validation samples after each epoch. */
#include "methods/hdnet/hdnet.h"

#include "methods/optim.h"

#include <math.h>
#include <stdio.h>

#define LEARN "learn"
#define CRITIC "critic"

/* ---- looking ---------------------------------------------------------------------------------------------- */

static const fy_parts *val_of(const hdnet_stage *s)
{
    return s->target ? s->target->val : s->h->data->source_val;
}

typedef struct line {
    char text[4 * HDNET_MAX + 1][80];
    const char *names[4 * HDNET_MAX + 1];
    double values[4 * HDNET_MAX + 1];
    int n;
} line;

static void put(line *l, const char *what, const char *of, double value)
{
    (void)snprintf(l->text[l->n], sizeof l->text[0], "%s.%.64s", what, of);
    l->names[l->n] = l->text[l->n];
    l->values[l->n++] = value;
}

/* What stage 2 has made of what it saw so far. */
static void put_strategy(const hdnet_stage *s, line *l)
{
    double share[HDNET_MAX];
    hdnet_shares(s->h, s->by, s->kept->known, share);
    for (int m = 0; m < s->h->n; m++) {
        const char *name = fy_parts_name(s->h->data->source, m);
        put(l, "w", name, share[m]);
        if (s->by->opposes)
            put(l, "pressure", name, hdnet_pressure(&s->h->o->hard, s->kept->won[m]));
    }
}

static fy_status note(const hdnet_stage *s, int64_t step, const hdnet_look *look)
{
    line l = { .n = 0 };
    put(&l, "val", "fused", look->fused.accuracy);
    for (int m = 0; m < s->h->n; m++)
        put(&l, "val", fy_parts_name(s->h->data->source, m), look->branch[m].accuracy);
    if (s->is_of_branches)
        put_strategy(s, &l);
    return fy_run_metrics(s->h->run, s->name, step, l.n, l.names, l.values);
}

static fy_status keep_if_best(hdnet_stage *s, const hdnet_look *l)
{
    hdnet_kept *k = s->kept;
    if (k->best_epoch >= 0 && !hdnet_is_better(&k->best, l, s->is_of_branches, s->h->n)) {
        k->worse++;
        return FY_OK;
    }
    k->best = *l;
    k->best_epoch = k->epochs;
    k->worse = 0;
    return hdnet_save(s->h, s->name);
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    hdnet_stage *s = arg;
    hdnet_look l;
    fy_status st;
    (void)plan;
    FY_TRY(hdnet_look_at(s->h, val_of(s), 0, &l));
    FY_TRY(note(s, step, &l));
    if (step == 0)
        s->kept->first = l;
    s->kept->epochs += step > 0;
    FY_TRY(keep_if_best(s, &l));
    *is_over = s->h->o->patience > 0 && s->kept->worse >= s->h->o->patience;
done:
    return st;
}

/* ---- between steps ---------------------------------------------------------------------------------------- */

static fy_status set_rate(const hdnet_stage *s, fy_plan *plan, const char *group, double rate)
{
    char name[96];
    (void)snprintf(name, sizeof name, LEARN ".%.64s.lr", group);
    (void)s;
    return fy_plan_set(plan, name, (float)rate);
}

/* M w_m times the rate for modality m, in stage 2 by a strategy that shares. */
static fy_status set_rates(const hdnet_stage *s, fy_plan *plan, int64_t step)
{
    const double rate = s->h->o->optim.lr * s->rate * fy_schedule_factor(&s->schedule.s, step);
    double share[HDNET_MAX];
    fy_status st = FY_OK;
    for (int m = 0; m < s->h->n; m++)
        share[m] = 1.0 / s->h->n;
    if (s->is_of_branches)
        hdnet_shares(s->h, s->by, s->kept->known, share);
    for (int m = 0; m < s->h->n; m++)
        FY_TRY(set_rate(s, plan, fy_parts_name(s->h->data->source, m), rate * s->h->n * share[m]));
    if (s->moves_fusion)
        FY_TRY(fy_plan_set(plan, LEARN ".lr", (float)rate));
    if (s->has_critics)
        FY_TRY(fy_plan_set(plan, CRITIC ".lr", (float)(rate * s->h->o->hard.rate)));
done:
    return st;
}

static fy_status set_critics(const hdnet_stage *s, fy_plan *plan, int64_t step)
{
    const double ramp = hdnet_ramp((double)step / (double)s->steps);
    fy_status st = FY_OK;
    for (int m = 0; m < s->h->n && s->has_critics; m++)
        FY_TRY(hdnet_set_scalar(s, plan, "reverse", m,
                                ramp * hdnet_pressure(&s->h->o->hard, s->kept->won[m])));
done:
    return st;
}

/* k r of stage 1. */
static fy_status set_mutual(const hdnet_stage *s, fy_plan *plan, int64_t step)
{
    const fy_hdnet_opts *o = s->h->o;
    const double warmup = o->kd_warmup * (double)hdnet_epoch_steps(s);
    if (s->build != hdnet_build_source || !(o->kd_weight > 0))
        return FY_OK;
    return hdnet_set_scalar(s, plan, "kd", -1,
                            o->kd_weight * (warmup > 0 ? fmin(1, (double)step / warmup) : 1));
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    const hdnet_stage *s = arg;
    fy_status st;
    FY_TRY(set_rates(s, plan, step));
    FY_TRY(set_critics(s, plan, step));
    FY_TRY(set_mutual(s, plan, step));
done:
    return st;
}

static bool had(const hdnet_stage *s, const double *newest, int m)
{
    return s->has_watch[m] < 0 || newest[s->has_watch[m]] > 0;
}

static fy_status after_step(void *arg, const double *newest, int64_t step)
{
    hdnet_stage *s = arg;
    const fy_hdnet_opts *o = s->h->o;
    hdnet_kept *k = s->kept;
    (void)step;
    for (int m = 0; m < s->h->n; m++) {
        if (s->known_watch[m] >= 0 && had(s, newest, m))
            k->known[m] = hdnet_follow(k->known[m], newest[s->known_watch[m]], o->soft.memory);
        if (s->won_watch[m] >= 0)
            k->won[m] = hdnet_follow(k->won[m], newest[s->won_watch[m]], o->hard.memory);
    }
    return FY_OK;
}

/* ---- building --------------------------------------------------------------------------------------------- */

static fy_status add_critics(hdnet_stage *s)
{
    fy_optim optim;
    fy_status st = FY_OK;
    if (!s->has_critics)
        return FY_OK;
    FY_TRY(optim_of(&s->h->o->optim, &optim));
    const fy_objective critic = fy_objective_add(s->g, CRITIC, s->critic, &optim);
    for (int m = 0; m < s->h->n; m++)
        fy_objective_moves_model(s->g, critic, s->h->critics[m], "*", NULL);
done:
    return st;
}

static fy_status add_learners(hdnet_stage *s)
{
    const hdnet *h = s->h;
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(&h->o->optim, &optim));
    const fy_objective learn = fy_objective_add(s->g, LEARN, s->loss, &optim);
    for (int m = 0; m < h->n; m++) {
        const char *group = fy_parts_name(h->data->source, m);
        fy_objective_moves_model(s->g, learn, h->encoders[m], h->moves[m], group);
        for (int k = 0; k < h->o->heads && s->moves_heads; k++)
            fy_objective_moves_model(s->g, learn, h->heads[m][k], "*", group);
    }
    if (s->moves_fusion)
        fy_objective_moves_model(s->g, learn, h->fusion, "*", NULL);
    st = fy_graph_status(s->g);
done:
    return st;
}

static fy_status build(hdnet_stage *s)
{
    fy_status st;
    FY_TRY(hdnet_open_batch(s));
    s->build(s);
    (void)hdnet_watch(s, "train.loss", -1, s->loss);
    if (s->has_critics)
        (void)hdnet_watch(s, "critic.loss", -1, s->critic);
    FY_TRY(add_critics(s));
    FY_TRY(add_learners(s));
done:
    return st;
}

/* Milestones are epochs of this stage. */
static fy_status set_schedule(hdnet_stage *s)
{
    const fy_hdnet_opts *o = s->h->o;
    const fy_finetune_opts as = { .schedule = o->schedule,
                                  .step_epochs = o->step_epochs,
                                  .gamma = o->gamma,
                                  .milestones = o->milestones,
                                  .n_milestones = o->n_milestones };
    const part all = { .epochs = s->epochs };
    return parts_schedule_of(&as, &all, hdnet_epoch_steps(s), &s->schedule);
}

fy_status hdnet_prepare(hdnet_stage *s, fy_stage *stage)
{
    fy_status st;
    FY_TRY(build(s));
    *stage = fy_stage_defaults(s->name, s->g);
    for (int i = 0; i < HDNET_SETS; i++)
        for (int m = 0; m < s->h->n && s->sets[i].p; m++)
            stage->streams[stage->n_streams++] = s->sets[i].in[m];
    for (int i = 0; i < s->n_watches; i++)
        stage->watches[stage->n_watches++] = s->watches[i];
    stage->eval_every = hdnet_epoch_steps(s);
    stage->steps = s->steps = s->epochs * stage->eval_every;
    stage->seed = s->h->o->seed;
    stage->on_step = on_step;
    stage->after_step = after_step;
    stage->on_eval = on_eval;
    stage->arg = s;
    FY_TRY(set_schedule(s));
done:
    return st;
}

static fy_status run(hdnet_stage *s)
{
    fy_stage stage;
    fy_status st;
    FY_TRY(hdnet_prepare(s, &stage));
    FY_TRY(fy_stage_run(s->h->run, s->h->dev, &stage));
done:
    hdnet_close_batch(s);
    return st;
}

fy_status hdnet_run_stage(hdnet_stage *s)
{
    return fy_run_is_past(s->h->run, s->name) ? FY_OK : run(s);
}
