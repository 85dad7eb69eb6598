/* stage.c: the loop. A step takes a batch per stream (streams.c), runs the plan and reads the
 * watched figures; evaluations and checkpoints happen between steps. A stage entered from a checkpoint goes on
 * where it stood, to the same bytes. */
#include "train/streams.h"

#include <math.h>
#include <string.h>

typedef struct loop {
    fy_run *run;
    const fy_stage *s;
    fy_plan *plan;
    fyi_streams in;
    double sums[FY_MAX_WATCHES], newest[FY_MAX_WATCHES];
    fyi_position at;
    int64_t first_step; /* that is taken here: a resumed stage does not begin at 0 */
    double start_s, drawn_s;
    bool is_over; /* says the last evaluation */
} loop;

fy_stage fy_stage_defaults(const char *name, const fy_graph *g)
{
    return (fy_stage){ .name = name, .graph = g, .log_every = 50, .cache = true };
}

/* ---- opening --------------------------------------------------------------------------------------------- */

static fy_status check_stage(const fy_stage *s)
{
    if (s->n_streams < 1 || s->n_streams > FY_MAX_STREAMS || s->n_watches > FY_MAX_WATCHES)
        return fyi_fail(FY_EINVAL,
                        "stage '%s': %d streams and %d watches; expected 1 to %d and at most %d",
                        s->name, s->n_streams, s->n_watches, FY_MAX_STREAMS, FY_MAX_WATCHES);
    if (s->evaluations < 0 || s->evaluations > s->steps || (s->evaluations && s->eval_every))
        return fyi_fail(
            FY_EINVAL,
            "stage '%s': %lld evaluations in %lld steps and one every %lld; expected one of "
            "the two, and no more evaluations than steps",
            s->name, (long long)s->evaluations, (long long)s->steps, (long long)s->eval_every);
    return FY_OK;
}

static fy_status compile(loop *l, fy_device *dev)
{
    fy_node watched[FY_MAX_WATCHES], fed[FYI_MAX_FED];
    for (int i = 0; i < l->s->n_watches; i++)
        watched[i] = l->s->watches[i].node;
    const fy_plan_opts o = { .outputs = watched,
                             .n_outputs = l->s->n_watches,
                             .feeds = fed,
                             .n_feeds = fyi_streams_cut(&l->in, fed),
                             .seed = l->s->seed,
                             .memory = fy_device_memory(dev) };
    fyi_info("stage '%s': %d streams, %lld steps", l->s->name, l->s->n_streams,
             (long long)l->s->steps);
    return fy_plan_new(l->s->graph, dev, &o, &l->plan);
}

static bool is_profiled(const loop *l)
{
    return l->run->opts.profile || fyi_debug_level() >= 2;
}

static fy_status open_loop(loop *l, fy_device *dev)
{
    FYI_FORWARD(check_stage(l->s));
    FYI_FORWARD(fyi_streams_open(&l->in, l->run, dev, l->s));
    FYI_FORWARD(compile(l, dev));
    fyi_streams_leave_known(&l->in, l->plan);
    l->at = (fyi_position){ .stage = l->s->name,
                            .is_unseen = true,
                            .plan = l->plan,
                            .sums = l->sums,
                            .n_sums = l->s->n_watches };
    FYI_FORWARD(fyi_checkpoint_enter(l->run, &l->at));
    FYI_FORWARD(fyi_streams_seek(&l->in, l->at.step));
    if (is_profiled(l))
        fy_plan_measure(l->plan);
    l->first_step = l->at.step;
    l->start_s = fyi_now_s();
    return FY_OK;
}

static void close_loop(loop *l)
{
    fy_plan_free(l->plan);
    fyi_streams_close(&l->in);
}

/* ---- one step --------------------------------------------------------------------------------------------- */

static fy_status read_watches(loop *l)
{
    for (int i = 0; i < l->s->n_watches; i++) {
        float v;
        FYI_FORWARD(fy_plan_read(l->plan, l->s->watches[i].node, &v, 1));
        if (!isfinite(v))
            return fyi_not_finite(l->run, &l->at, "", l->s->watches[i].name, (double)v);
        l->newest[i] = v;
        l->sums[i] += (double)v;
    }
    l->at.n_summed++;
    return FY_OK;
}

static fy_status take_step(loop *l)
{
    FYI_FORWARD(fyi_streams_feed(&l->in, l->plan));
    if (l->s->on_step)
        FYI_FORWARD(l->s->on_step(l->s->arg, l->plan, l->at.step));
    FYI_FORWARD(fy_plan_step(l->plan));
    FYI_FORWARD(read_watches(l));
    l->at.step++;
    return FY_OK;
}

/* ---- between steps ------------------------------------------------------------------------------------------ */

static fy_status log_watches(loop *l)
{
    const char *names[FY_MAX_WATCHES];
    double means[FY_MAX_WATCHES];
    if (l->at.n_summed == 0 || l->s->n_watches == 0)
        return FY_OK;
    for (int i = 0; i < l->s->n_watches; i++) {
        names[i] = l->s->watches[i].name;
        means[i] = l->sums[i] / (double)l->at.n_summed;
        l->sums[i] = 0;
    }
    l->at.n_summed = 0;
    return fy_run_metrics(l->run, l->s->name, l->at.step, l->s->n_watches, names, means);
}

static void draw_progress(loop *l, bool last)
{
    char text[256] = "";
    const double now = fyi_now_s();
    if (!l->run->opts.progress || (!last && now - l->drawn_s < 0.1))
        return;
    l->drawn_s = now;
    size_t len = 0;
    for (int i = 0; i < l->s->n_watches && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %.3g", i ? "  " : "",
                                l->s->watches[i].name, l->newest[i]);
    const fy_progress p = { .stage = l->s->name,
                            .step = l->at.step,
                            .steps = l->s->steps,
                            .seconds = now - l->start_s,
                            .text = text };
    l->run->opts.progress(l->run->opts.progress_arg, &p);
}

static bool is_due(const loop *l, int64_t every)
{
    return every > 0 && l->at.step % every == 0;
}

/* The share of all evaluations that is due has grown with the last step. */
static bool is_spread_due(const loop *l)
{
    const int64_t n = l->s->evaluations, steps = l->s->steps, step = l->at.step;
    return n > 0 && step * n / steps > (step - 1) * n / steps;
}

static fy_status say_stopped(const loop *l, const char *where)
{
    return fyi_fail(FY_ECANCELED, "stopped in stage '%s' %s; %s%s", l->s->name, where,
                    l->run->dir ? "resume from " : "nothing was saved, the run has no directory",
                    l->run->dir ? l->run->dir : "");
}

/* `when`: "after", "in the evaluation after". */
static fy_status stop(loop *l, const char *when)
{
    char where[96];
    (void)snprintf(where, sizeof where, "%s step %lld of %lld", when, (long long)l->at.step,
                   (long long)l->s->steps);
    FYI_FORWARD(fyi_checkpoint_save(l->run, &l->at));
    return say_stopped(l, where);
}

/* One that is broken off never was: the resumed run begins it again. */
static fy_status evaluate(loop *l)
{
    fyi_before before;
    fy_status st;
    l->at.is_unseen = false;
    FYI_FORWARD(
        fyi_check_finite(l->run, &l->at)); /* before a candidate is made of it, and at the end */
    if (!l->s->on_eval)
        return FY_OK;
    st = fyi_before_take(l->run, &before);
    if (st == FY_OK)
        st = l->s->on_eval(l->s->arg, l->plan, l->at.step, &l->is_over);
    if (st == FY_ECANCELED && (st = fyi_before_restore(l->run, &before)) == FY_OK) {
        l->at.is_unseen = true;
        st = stop(l, "in the evaluation after");
    }
    fyi_before_release(&before);
    return st;
}

static fy_status save_if_due(loop *l)
{
    const fy_run_opts *o = &l->run->opts;
    const bool by_time = o->checkpoint_s > 0 && fyi_now_s() - l->run->last_save_s >= o->checkpoint_s;
    if (l->at.step < l->s->steps && (by_time || is_due(l, o->checkpoint_steps)))
        return fyi_checkpoint_save(l->run, &l->at);
    return FY_OK;
}

static fy_status run_loop(loop *l)
{
    if (l->at.is_unseen)
        FYI_FORWARD(evaluate(l));
    while (l->at.step < l->s->steps) {
        const bool is_last = l->at.step + 1 == l->s->steps;
        FYI_FORWARD(take_step(l));
        if (is_last || is_due(l, l->s->log_every))
            FYI_FORWARD(log_watches(l));
        if (is_last || is_due(l, l->s->eval_every) || is_spread_due(l))
            FYI_FORWARD(evaluate(l));
        draw_progress(l, is_last || l->is_over);
        if (l->is_over)
            break;
        FYI_FORWARD(save_if_due(l));
        if (fyi_is_asked_to_stop())
            return stop(l, "after");
    }
    return log_watches(l);
}

/* Loaders that kept the plan waiting are worth a line. */
static void report_stalls(const loop *l)
{
    const double total = fyi_now_s() - l->start_s, waited = fyi_streams_waited_s(&l->in);
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

/* Nothing has been done here yet. A checkpoint of this very stage is newer than what there is to save. */
static fy_status stop_before(const loop *l)
{
    if (!fyi_checkpoint_is_in(l->run, l->s->name))
        FYI_FORWARD(fy_run_checkpoint(l->run));
    return say_stopped(l, "while it was made ready");
}

/* Of the steps since the stage was begun or resumed. */
static fy_status write_profile(const loop *l)
{
    const fyi_profile p = { .stage = l->s->name,
                            .plan = l->plan,
                            .steps = l->at.step - l->first_step,
                            .seconds = fyi_now_s() - l->start_s,
                            .waiting = fyi_streams_waited_s(&l->in) };
    return is_profiled(l) && p.steps > 0 ? fyi_profile_write(l->run, &p) : FY_OK;
}

static fy_status run_opened(loop *l)
{
    const fy_status st = run_loop(l);
    if (st == FY_OK)
        report_stalls(l);
    if (st == FY_OK || st == FY_ECANCELED)
        FYI_FORWARD(write_profile(l));
    return st;
}

static fy_status run_stage(loop *l, fy_device *dev)
{
    const fy_status st = open_loop(l, dev);
    if (st == FY_ECANCELED)
        return stop_before(l);
    return st == FY_OK ? run_opened(l) : st;
}

fy_status fy_stage_run(fy_run *r, fy_device *dev, const fy_stage *s)
{
    if (fy_run_is_past(r, s->name))
        return FY_OK;
    loop *l = fyi_calloc(1, sizeof *l);
    if (!l)
        return fyi_enomem(sizeof *l, s->name);
    l->run = r;
    l->s = s;
    const volatile sig_atomic_t *before = fy_cancel_set(NULL);
    (void)fy_cancel_set(r->opts.cancel ? r->opts.cancel : before);
    const fy_status st = run_stage(l, dev);
    (void)fy_cancel_set(before);
    close_loop(l);
    fyi_free(l);
    return st == FY_OK ? finish(r, s->name) : st;
}
