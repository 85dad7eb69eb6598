/* stage.c: the loop. A step takes one batch per stream, gathers what was cached, runs the plan and reads the
 * watched figures; evaluations and checkpoints happen between steps. A stage entered from a checkpoint goes on
 * where it stood, to the same bytes. */
#include "graph/frozen.h"
#include "train/train.h"

#include <math.h>
#include <string.h>

/* A table of the stage or of the feature cache, with room for one batch of its rows. */
typedef struct gather {
    fy_node node;
    const char *rows;
    char *batch;
    size_t row_bytes;
    int64_t n;
    int64_t view_rows; /* from one view's rows to the next's; 0: they are of all views */
} gather;

typedef struct loop {
    fy_run *run;
    const fy_stage *s;
    fy_plan *plan;
    fyi_cache cache[FY_MAX_STREAMS];
    gather gathers[FY_MAX_STREAMS][2 * FY_MAX_TABLES];
    int n_gathers[FY_MAX_STREAMS];
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

/* A table's node has one row per sample of the batch. */
static fy_status check_tables(const fy_stage *s, int stream)
{
    const fy_stream *in = &s->streams[stream];
    const fy_shape x = fy_node_shape(s->graph, in->x);
    for (int k = 0; k < FYI_MIN(in->n_tables, FY_MAX_TABLES); k++) {
        const fy_shape t = fy_node_shape(s->graph, in->tables[k].node);
        if (t.rank < 1 || x.rank < 1 || t.d[0] != x.d[0] || !in->tables[k].rows)
            return fyi_fail(
                FY_ESHAPE,
                "stage '%s': table %d of stream %d has %lld rows a batch and its images "
                "%lld",
                s->name, k, stream, (long long)(t.rank ? t.d[0] : 0),
                (long long)(x.rank ? x.d[0] : 0));
    }
    return FY_OK;
}

/* What is fed has the size of what feeds it. */
static fy_status check_stream(const fy_stage *s, int stream)
{
    const fy_stream *in = &s->streams[stream];
    const fy_dataset *d = fy_loader_dataset(in->loader);
    const fy_shape x = fy_node_shape(s->graph, in->x);
    const fy_shape q = in->q.id ? fy_node_shape(s->graph, in->q) : FY_SHAPE(0);
    char node[96], sample[96];
    if (x.rank < 1 || fy_shape_numel(&x) != x.d[0] * fy_shape_numel(fy_loader_shape(in->loader)))
        return fyi_fail(
            FY_ESHAPE, "stage '%s': stream %d gives samples %s, which do not fill an input of %s",
            s->name, stream, fy_shape_text(fy_loader_shape(in->loader), sample, sizeof sample),
            fy_shape_text(&x, node, sizeof node));
    if (in->q.id && !fy_loader_mixes(in->loader))
        return fyi_fail(FY_EINVAL,
                        "stage '%s': the graph wants stream %d's mixed labels, but its loader does "
                        "not mix; set mixup_alpha or cutmix_alpha of its augmentation",
                        s->name, stream);
    if (in->q.id && (q.rank != 2 || q.d[0] != x.d[0] || q.d[1] != fy_dataset_classes(d)))
        return fyi_fail(FY_ESHAPE,
                        "stage '%s': stream %d's mixed labels are of %lld samples and %d classes, "
                        "their input is %s",
                        s->name, stream, (long long)x.d[0], fy_dataset_classes(d),
                        fy_shape_text(&q, node, sizeof node));
    return FY_OK;
}

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
    for (int i = 0; i < s->n_streams; i++)
        FYI_FORWARD(check_tables(s, i));
    for (int i = 0; i < s->n_streams; i++)
        if (!s->streams[i].loader || !s->streams[i].x.id || s->streams[i].n_tables > FY_MAX_TABLES)
            return fyi_fail(FY_EINVAL, "stage '%s': stream %d has no loader or no input node",
                            s->name, i);
    for (int i = 0; i < s->n_streams; i++)
        FYI_FORWARD(check_stream(s, i));
    return FY_OK;
}

static fy_status add_gather(loop *l, int stream, fy_node node, const void *rows, int64_t view_rows)
{
    const fy_shape s = fy_node_shape(l->s->graph, node);
    gather *g = &l->gathers[stream][l->n_gathers[stream]];
    *g = (gather){ .node = node, .rows = rows, .n = s.d[0], .view_rows = view_rows };
    g->row_bytes = (size_t)(fy_shape_numel(&s) / FYI_MAX(s.d[0], 1)) *
                   fy_dtype_bytes(fy_node_dtype(l->s->graph, node));
    g->batch = fyi_calloc((size_t)g->n, g->row_bytes);
    if (!g->batch)
        return fyi_enomem((size_t)g->n * g->row_bytes, "a stage's batch");
    l->n_gathers[stream]++;
    return FY_OK;
}

static fy_status open_stream(loop *l, fy_device *dev, int i)
{
    const fy_stream *s = &l->s->streams[i];
    const fyi_cache_of of = { .dev = dev,
                              .g = l->s->graph,
                              .x = s->x,
                              .data = fy_loader_dataset(s->loader),
                              .loader = s->loader,
                              .views = fy_loader_views(s->loader) };
    if (l->s->cache && of.views > 0)
        FYI_FORWARD(fyi_cache_fill(&l->cache[i], &of));
    if (l->cache[i].n > 0)
        fyi_info("stage '%s': %d values of stream %d are frozen and come from the feature cache",
                 l->s->name, l->cache[i].n, i);
    for (int k = 0; k < l->cache[i].n; k++)
        FYI_FORWARD(add_gather(l, i, l->cache[i].cut[k], l->cache[i].rows[k], l->cache[i].count));
    for (int k = 0; k < s->n_tables; k++)
        FYI_FORWARD(add_gather(l, i, s->tables[k].node, s->tables[k].rows, 0));
    return FY_OK;
}

static fy_status compile(loop *l, fy_device *dev)
{
    fy_node watched[FY_MAX_WATCHES], fed[FY_MAX_STREAMS * FY_MAX_TABLES];
    int n_fed = 0;
    for (int i = 0; i < l->s->n_watches; i++)
        watched[i] = l->s->watches[i].node;
    for (int i = 0; i < l->s->n_streams; i++)
        for (int k = 0; k < l->cache[i].n; k++)
            fed[n_fed++] = l->cache[i].cut[k];
    const fy_plan_opts o = { .outputs = watched,
                             .n_outputs = l->s->n_watches,
                             .feeds = fed,
                             .n_feeds = n_fed,
                             .seed = l->s->seed,
                             .memory = fy_device_memory(dev) };
    fyi_info("stage '%s': %d streams, %lld steps", l->s->name, l->s->n_streams,
             (long long)l->s->steps);
    return fy_plan_new(l->s->graph, dev, &o, &l->plan);
}

/* Samples whose values nobody reads need not be decoded. */
static void leave_what_is_known(const loop *l)
{
    for (int i = 0; i < l->s->n_streams; i++)
        if (l->cache[i].n > 0 && !fyi_plan_reads(l->plan, l->s->streams[i].x))
            fy_loader_leave_values(l->s->streams[i].loader);
}

static bool is_profiled(const loop *l)
{
    return l->run->opts.profile || fyi_debug_level() >= 2;
}

static fy_status open_loop(loop *l, fy_device *dev)
{
    FYI_FORWARD(check_stage(l->s));
    for (int i = 0; i < l->s->n_streams; i++)
        FYI_FORWARD(open_stream(l, dev, i));
    FYI_FORWARD(compile(l, dev));
    leave_what_is_known(l);
    l->at = (fyi_position){ .stage = l->s->name,
                            .is_unseen = true,
                            .plan = l->plan,
                            .sums = l->sums,
                            .n_sums = l->s->n_watches };
    FYI_FORWARD(fyi_checkpoint_enter(l->run, &l->at));
    for (int i = 0; i < l->s->n_streams; i++)
        FYI_FORWARD(fy_loader_seek(l->s->streams[i].loader, (uint64_t)l->at.step));
    if (is_profiled(l))
        fy_plan_measure(l->plan);
    l->first_step = l->at.step;
    l->start_s = fyi_now_s();
    return FY_OK;
}

static void close_loop(loop *l)
{
    fy_plan_free(l->plan);
    for (int i = 0; i < FY_MAX_STREAMS; i++) {
        for (int k = 0; k < l->n_gathers[i]; k++)
            fyi_free(l->gathers[i][k].batch);
        fyi_cache_release(&l->cache[i]);
    }
}

/* ---- one step --------------------------------------------------------------------------------------------- */

/* Rows of the batch's samples. */
static void gather_rows(const gather *g, const fy_batch *b)
{
    for (int64_t i = 0; i < g->n; i++)
        memcpy(g->batch + (size_t)i * g->row_bytes,
               g->rows + (size_t)(b->view * g->view_rows + b->index[i]) * g->row_bytes,
               g->row_bytes);
}

static fy_status feed_stream(loop *l, int i)
{
    const fy_stream *s = &l->s->streams[i];
    fy_batch b;
    FYI_FORWARD(fy_loader_next(s->loader, &b));
    if (b.n != fy_node_shape(l->s->graph, s->x).d[0])
        return fyi_fail(FY_EINVAL,
                        "stage '%s': stream %d gave %lld samples for a batch of %lld; open its "
                        "loader with drop_last",
                        l->s->name, i, (long long)b.n,
                        (long long)fy_node_shape(l->s->graph, s->x).d[0]);
    if (b.x)
        FYI_FORWARD(fy_plan_feed(l->plan, s->x, b.x));
    if (s->y.id && !b.y)
        return fyi_fail(FY_EINVAL, "stage '%s': stream %d is unlabelled and its graph wants labels",
                        l->s->name, i);
    if (s->y.id)
        FYI_FORWARD(fy_plan_feed(l->plan, s->y, b.y));
    if (s->q.id)
        FYI_FORWARD(fy_plan_feed(l->plan, s->q, b.q));
    for (int k = 0; k < l->n_gathers[i]; k++) {
        gather_rows(&l->gathers[i][k], &b);
        FYI_FORWARD(fy_plan_feed(l->plan, l->gathers[i][k].node, l->gathers[i][k].batch));
    }
    return FY_OK;
}

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
    for (int i = 0; i < l->s->n_streams; i++)
        FYI_FORWARD(feed_stream(l, i));
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

static double waited_s(const loop *l)
{
    double waited = 0;
    for (int i = 0; i < l->s->n_streams; i++)
        waited += fy_loader_wait_s(l->s->streams[i].loader);
    return waited;
}

/* Loaders that kept the plan waiting are worth a line. */
static void report_stalls(const loop *l)
{
    const double total = fyi_now_s() - l->start_s, waited = waited_s(l);
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
                            .waiting = waited_s(l) };
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
