/* stage.c: a stage from its beginning or its checkpoint to its end: the loop's steps, and between them evaluations,
 * lines of metrics and checkpoints. A stage entered from a checkpoint goes on where it stood, to the same bytes. */
#include "train/loop.h"

#include <math.h>
#include <string.h>

typedef struct running {
    fy_run *run;
    const fy_stage *s;
    fy_loop *loop;
    fyi_position *at; /* the loop's */
    double sums[FY_MAX_WATCHES];
    int64_t first_step; /* that is taken here: a resumed stage does not begin at 0 */
    bool is_over;       /* says the last evaluation */
} running;

static bool is_profiled(const running *l)
{
    return l->run->opts.profile || fyi_debug_level() >= 2;
}

/* Where the checkpoint left it, if it is of this stage. */
static fy_status enter(running *l)
{
    l->at = &l->loop->at;
    l->at->sums = l->sums;
    l->at->n_sums = l->s->n_watches;
    FYI_FORWARD(fyi_checkpoint_enter(l->run, l->at));
    FYI_FORWARD(fyi_streams_seek(&l->loop->in, l->at->step));
    if (is_profiled(l))
        fy_plan_measure(l->loop->plan);
    l->first_step = l->at->step;
    return FY_OK;
}

/* ---- between steps ------------------------------------------------------------------------------------------ */

/* A figure that is none ends the stage before anything is made of it. */
static fy_status add_watches(running *l)
{
    fyi_position then = *l->at;
    then.step--; /* the step that has gone wrong */
    for (int i = 0; i < l->s->n_watches; i++) {
        if (!isfinite(l->loop->newest[i]))
            return fyi_not_finite(l->run, &then, "", l->s->watches[i].name, l->loop->newest[i]);
        l->sums[i] += l->loop->newest[i];
    }
    l->at->n_summed++;
    return FY_OK;
}

static fy_status log_watches(running *l)
{
    const char *names[FY_MAX_WATCHES];
    double means[FY_MAX_WATCHES];
    if (l->at->n_summed == 0 || l->s->n_watches == 0)
        return FY_OK;
    for (int i = 0; i < l->s->n_watches; i++) {
        names[i] = l->s->watches[i].name;
        means[i] = l->sums[i] / (double)l->at->n_summed;
        l->sums[i] = 0;
    }
    l->at->n_summed = 0;
    return fy_run_metrics(l->run, l->s->name, l->at->step, l->s->n_watches, names, means);
}

static bool is_due(const running *l, int64_t every)
{
    return every > 0 && l->at->step % every == 0;
}

/* The share of all evaluations that is due has grown with the last step. */
static bool is_spread_due(const running *l)
{
    const int64_t n = l->s->evaluations, steps = l->s->steps, step = l->at->step;
    return n > 0 && step * n / steps > (step - 1) * n / steps;
}

/* `when`: "after", "in the evaluation after". */
static fy_status stop(running *l, const char *when)
{
    char where[96];
    (void)snprintf(where, sizeof where, "%s step %lld of %lld", when, (long long)l->at->step,
                   (long long)l->s->steps);
    FYI_FORWARD(fyi_checkpoint_save(l->run, l->at));
    return fyi_loop_say_stopped(l->loop, where);
}

/* One that is broken off never was: the resumed run begins it again. */
static fy_status evaluate(running *l)
{
    fyi_before before;
    fy_status st;
    l->at->is_unseen = false;
    FYI_FORWARD(
        fyi_check_finite(l->run, l->at)); /* before a candidate is made of it, and at the end */
    if (!l->s->on_eval)
        return FY_OK;
    st = fyi_before_take(l->run, &before);
    if (st == FY_OK)
        st = l->s->on_eval(l->s->arg, l->loop->plan, l->at->step, &l->is_over);
    if (st == FY_ECANCELED && (st = fyi_before_restore(l->run, &before)) == FY_OK) {
        l->at->is_unseen = true;
        st = stop(l, "in the evaluation after");
    }
    fyi_before_release(&before);
    return st;
}

static fy_status save_if_due(running *l)
{
    const fy_run_opts *o = &l->run->opts;
    const bool by_time = o->checkpoint_s > 0 && fyi_now_s() - l->run->last_save_s >= o->checkpoint_s;
    if (l->at->step < l->s->steps && (by_time || is_due(l, o->checkpoint_steps)))
        return fyi_checkpoint_save(l->run, l->at);
    return FY_OK;
}

/* What follows a step. */
static fy_status look_back(running *l)
{
    const bool is_last = l->at->step == l->s->steps;
    FYI_FORWARD(add_watches(l));
    if (is_last || is_due(l, l->s->log_every))
        FYI_FORWARD(log_watches(l));
    if (is_last || is_due(l, l->s->eval_every) || is_spread_due(l))
        FYI_FORWARD(evaluate(l));
    if (l->is_over)
        return FY_OK;
    FYI_FORWARD(save_if_due(l));
    return fyi_is_asked_to_stop() ? stop(l, "after") : FY_OK;
}

static fy_status run_loop(running *l)
{
    if (l->at->is_unseen)
        FYI_FORWARD(evaluate(l));
    while (l->at->step < l->s->steps && !l->is_over) {
        const fy_status st = fy_loop_step(l->loop, NULL);
        if (st == FY_ECANCELED)
            return stop(l, "after");
        FYI_FORWARD(st);
        FYI_FORWARD(look_back(l));
    }
    if (l->is_over)
        fyi_loop_draw(l->loop, true);
    return log_watches(l);
}

/* Loaders that kept the plan waiting are worth a line. */
static void report_stalls(const running *l)
{
    const double total = fyi_now_s() - l->loop->start_s, waited = fyi_streams_waited_s(&l->loop->in);
    if (total > 1 && waited > 0.1 * total)
        fyi_warn("stage '%s': %.0f%% of the time was spent waiting for data; more workers may help",
                 l->s->name, 100 * waited / total);
}

/* The plan is freed before the final checkpoint: from there on the parameters are the models' own. */
static fy_status finish(fy_run *r, const char *stage)
{
    FYI_FORWARD(fyi_grow(&r->past, &r->cap_past, r->n_past + 1, sizeof *r->past));
    char *name = fyi_strdup(stage);
    if (!name)
        return fyi_enomem(strlen(stage), "a run");
    r->past[r->n_past++] = name;
    return fy_run_checkpoint(r);
}

/* Of the steps since the stage was begun or resumed. */
static fy_status write_profile(const running *l)
{
    const fyi_profile p = { .stage = l->s->name,
                            .plan = l->loop->plan,
                            .steps = l->at->step - l->first_step,
                            .seconds = fyi_now_s() - l->loop->start_s,
                            .waiting = fyi_streams_waited_s(&l->loop->in) };
    return is_profiled(l) && p.steps > 0 ? fyi_profile_write(l->run, &p) : FY_OK;
}

static fy_status run_opened(running *l)
{
    FYI_FORWARD(enter(l));
    fy_status st = run_loop(l);
    if (st == FY_ENAN && l->s->on_nan)
        st = l->s->on_nan(l->s->arg, l->at->step);
    if (st == FY_OK)
        report_stalls(l);
    if (st == FY_OK || st == FY_ECANCELED)
        FYI_FORWARD(write_profile(l));
    return st;
}

/* Nothing has been done here yet. A checkpoint of this very stage is newer than what there is to save. */
static fy_status save_before(fy_run *r, const fy_stage *s)
{
    return fyi_checkpoint_is_in(r, s->name) ? FY_OK : fy_run_checkpoint(r);
}

fy_status fy_stage_run(fy_run *r, fy_device *dev, const fy_stage *s)
{
    running l = { .run = r, .s = s };
    if (fy_run_is_past(r, s->name))
        return FY_OK;
    fy_status st = fyi_loop_open(r, dev, s, &l.loop);
    if (st == FY_ECANCELED)
        FYI_FORWARD(save_before(r, s));
    FYI_FORWARD(st);
    st = run_opened(&l);
    fy_loop_close(l.loop);
    return st == FY_OK ? finish(r, s->name) : st;
}
