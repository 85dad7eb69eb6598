/* loop.c: a stage made ready, and one step of it: a batch of every stream (streams.c), the caller's on_step, the plan,
 * the watched figures. What happens between steps is the caller's: stage.c's, or that of a method. */
#include "train/loop.h"

#define DRAW_S 0.1 /* between two looks at the progress */

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

static fy_status compile(fy_loop *l, fy_device *dev)
{
    fy_node watched[FY_MAX_WATCHES], fed[FYI_MAX_FED];
    for (int i = 0; i < l->s.n_watches; i++)
        watched[i] = l->s.watches[i].node;
    const fy_plan_opts o = { .outputs = watched,
                             .n_outputs = l->s.n_watches,
                             .feeds = fed,
                             .n_feeds = fyi_streams_cut(&l->in, fed),
                             .seed = l->s.seed,
                             .memory = fy_device_memory(dev) };
    fyi_info("stage '%s': %d streams, %lld steps", l->s.name, l->s.n_streams, (long long)l->s.steps);
    return fy_plan_new(l->s.graph, dev, &o, &l->plan);
}

static fy_status make_ready(fy_loop *l, fy_device *dev)
{
    FYI_FORWARD(check_stage(&l->s));
    FYI_FORWARD(fyi_streams_open(&l->in, l->run, dev, &l->s));
    FYI_FORWARD(compile(l, dev));
    fyi_streams_leave_known(&l->in, l->plan);
    l->at = (fyi_position){ .stage = l->s.name, .is_unseen = true, .plan = l->plan };
    l->start_s = fyi_now_s();
    return FY_OK;
}

static void listen(fy_loop *l)
{
    l->asked_before = fy_cancel_set(NULL);
    (void)fy_cancel_set(l->run->opts.cancel ? l->run->opts.cancel : l->asked_before);
}

fy_status fyi_loop_say_stopped(const fy_loop *l, const char *where)
{
    return fyi_run_say_stopped(l->run, l->s.name, where);
}

fy_status fyi_loop_open(fy_run *r, fy_device *dev, const fy_stage *s, fy_loop **out)
{
    *out = NULL;
    fy_loop *l = fyi_calloc(1, sizeof *l);
    if (!l)
        return fyi_enomem(sizeof *l, s->name);
    l->run = r;
    l->s = *s;
    listen(l);
    fy_status st = make_ready(l, dev);
    if (st == FY_ECANCELED)
        st = fyi_loop_say_stopped(l, "while it was made ready");
    if (st != FY_OK) {
        fy_loop_close(l);
        return st;
    }
    *out = l;
    return FY_OK;
}

fy_status fy_loop_open(fy_run *r, fy_device *dev, const fy_stage *s, fy_loop **out)
{
    FYI_FORWARD(fyi_loop_open(r, dev, s, out));
    const fy_status st = fyi_streams_seek(&(*out)->in, 0);
    if (st != FY_OK) {
        fy_loop_close(*out);
        *out = NULL;
    }
    return st;
}

void fy_loop_close(fy_loop *l)
{
    if (!l)
        return;
    (void)fy_cancel_set(l->asked_before);
    fy_plan_free(l->plan);
    fyi_streams_close(&l->in);
    fyi_free(l);
}

fy_plan *fy_loop_plan(fy_loop *l)
{
    return l->plan;
}

/* ---- one step --------------------------------------------------------------------------------------------- */

void fyi_loop_draw(fy_loop *l, bool must_be_seen)
{
    char text[256] = "";
    size_t len = 0;
    const double now = fyi_now_s();
    if (!l->run->opts.progress || (!must_be_seen && now - l->drawn_s < DRAW_S))
        return;
    l->drawn_s = now;
    for (int i = 0; i < l->s.n_watches && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s %.3g", i ? "  " : "",
                                l->s.watches[i].name, l->newest[i]);
    const fy_progress p = { .stage = l->s.name,
                            .step = l->at.step,
                            .steps = l->s.steps,
                            .seconds = now - l->start_s,
                            .text = text };
    l->run->opts.progress(l->run->opts.progress_arg, &p);
}

static fy_status read_watches(fy_loop *l)
{
    for (int i = 0; i < l->s.n_watches; i++) {
        float v;
        FYI_FORWARD(fy_plan_read(l->plan, l->s.watches[i].node, &v, 1));
        l->newest[i] = v;
    }
    return FY_OK;
}

static fy_status take_step(fy_loop *l)
{
    FYI_FORWARD(fyi_streams_feed(&l->in, l->plan));
    if (l->s.on_step)
        FYI_FORWARD(l->s.on_step(l->s.arg, l->plan, l->at.step));
    FYI_FORWARD(fy_plan_step(l->plan));
    FYI_FORWARD(read_watches(l));
    l->at.step++;
    return l->s.after_step ? l->s.after_step(l->s.arg, l->newest, l->at.step) : FY_OK;
}

static fy_status say_stopped_before(const fy_loop *l)
{
    char where[96];
    (void)snprintf(where, sizeof where, "after step %lld of %lld", (long long)l->at.step,
                   (long long)l->s.steps);
    return fyi_loop_say_stopped(l, where);
}

fy_status fy_loop_step(fy_loop *l, double *newest)
{
    if (fyi_is_asked_to_stop())
        return say_stopped_before(l);
    FYI_FORWARD(take_step(l));
    fyi_loop_draw(l, l->at.step == l->s.steps);
    for (int i = 0; newest && i < l->s.n_watches; i++)
        newest[i] = l->newest[i];
    return FY_OK;
}
