/* stage.c: a stage of multimodal learning: its batches, its loss and objective, a look at validation samples after each epoch,
 * and the best network kept. */
#include "methods/fuse/fuse.h"

#include "methods/optim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- looking ---------------------------------------------------------------------------------------------- */

static fy_status note(const together *t, int64_t step, const fuse_look *l)
{
    char text[FUSE_MAX][80];
    const char *names[FUSE_MAX + 1] = { "val.fused" };
    double values[FUSE_MAX + 1] = { l->fused.accuracy };
    for (int m = 0; m < t->f->n; m++) {
        (void)snprintf(text[m], sizeof text[m], "val.%.64s", fy_parts_name(t->f->data->train, m));
        names[m + 1] = text[m];
        values[m + 1] = l->branch[m].accuracy;
    }
    return fy_run_metrics(t->f->run, t->name, step, t->f->n + 1, names, values);
}

/* Together first. Of epochs where that is the same, which are many once the strong modality is done, the one that has taught the
 * modalities more; then the more certain one. */
static bool is_better(const fuse_kept *k, const fuse_look *l, int n)
{
    double more = 0;
    if (l->fused.accuracy != k->fused.accuracy)
        return l->fused.accuracy > k->fused.accuracy;
    for (int m = 0; m < n; m++)
        more += l->branch[m].accuracy - k->branch[m].accuracy;
    return more > 0 || (!(more < 0) && l->fused.loss < k->fused.loss);
}

static fy_status keep_if_best(const together *t, fuse_kept *k, const fuse_look *l)
{
    if (k->best_epoch >= 0 && !is_better(k, l, t->f->n)) {
        k->worse++;
        return FY_OK;
    }
    k->fused = l->fused;
    memcpy(k->branch, l->branch, sizeof k->branch);
    k->best_epoch = k->epochs;
    k->worse = 0;
    return fy_fused_save(t->net->fused, t->f->run);
}

/* Each modality's encoder and classifier when it was best, by itself. */
static fy_status keep_branch_if_best(const together *t, fuse_kept *k, const fuse_look *l, int m,
                                     bool *is_new)
{
    char head[32];
    fy_status st;
    if (k->best_epoch >= 0 && !fuse_is_better(&k->branch[m], &l->branch[m]))
        return FY_OK;
    (void)snprintf(head, sizeof head, "head.%d.*", m);
    FY_TRY(fy_model_copy_some(t->f->best, t->net->fusion, head));
    FY_TRY(fy_run_save_model(t->f->run, fy_model_name(t->net->encoders[m]), t->net->encoders[m]));
    k->branch[m] = l->branch[m];
    *is_new = true;
done:
    return st;
}

static fy_status keep_best_branches(const together *t, fuse_kept *k, const fuse_look *l)
{
    bool is_new = false;
    fy_status st = FY_OK;
    for (int m = 0; m < t->f->n; m++)
        FY_TRY(keep_branch_if_best(t, k, l, m, &is_new));
    k->worse = is_new ? 0 : k->worse + 1;
    if (is_new)
        k->best_epoch = k->epochs;
done:
    return st;
}

static bool is_alone(const together *t)
{
    return t->net->fusion == t->f->teacher.fusion || !t->f->method->build;
}

static fuse_kept *kept_of(const together *t)
{
    return is_alone(t) ? &t->f->alone : &t->f->kept;
}

static fy_status look_and_keep(together *t, int64_t step, fuse_look *l)
{
    const fuse_method *how = t->f->method;
    fuse_kept *k = kept_of(t);
    fy_status st;
    FY_TRY(fuse_look_at(t->f, t->net, l));
    FY_TRY(note(t, step, l));
    k->epochs += step > 0;
    FY_TRY(is_alone(t) ? keep_best_branches(t, k, l) : keep_if_best(t, k, l));
    if (!is_alone(t) && how->after_look)
        FY_TRY(how->after_look(t, l, step));
done:
    return st;
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    together *t = arg;
    fuse_look l;
    (void)plan;
    const fy_status st = look_and_keep(t, step, &l);
    fy_tensor_free(l.z);
    *is_over = t->f->o->patience > 0 && kept_of(t)->worse >= t->f->o->patience;
    return st;
}

/* ---- between steps ---------------------------------------------------------------------------------------- */

static fy_status set_rate(const together *t, fy_plan *plan, const char *group, double rate)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s.lr", t->name, group);
    return fy_plan_set(plan, name, (float)rate);
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    together *t = arg;
    const fuse_method *how = t->f->method;
    const fy_fuse_opts *o = t->f->o;
    const double rate = o->optim.lr * fy_schedule_factor(&t->schedule, step);
    fy_status st;
    FY_TRY(set_rate(t, plan, "", rate));
    FY_TRY(set_rate(t, plan, ".encoder", rate * o->encoder_rate));
    if (how->has_experts)
        FY_TRY(set_rate(t, plan, ".expert", rate * o->unique.rate));
    if (!is_alone(t) && how->before_step)
        FY_TRY(how->before_step(t, plan, step));
done:
    return st;
}

static fy_status after_step(void *arg, const double *newest, int64_t step)
{
    together *t = arg;
    const fuse_method *how = t->f->method;
    return !is_alone(t) && how->after_step ? how->after_step(t, newest, step) : FY_OK;
}

/* ---- building --------------------------------------------------------------------------------------------- */

/* How much the loss would have each encoder change: the length of its gradient at the features of the batch. */
static void watch_gradients(together *t)
{
    fy_node diff[FUSE_MAX];
    fy_gradient(t->g, t->loss, t->z, t->f->n, diff);
    for (int m = 0; m < t->f->n; m++)
        if (diff[m].id)
            (void)fuse_watch(t, "grad", m,
                             fy_sqrt(t->g, fy_sum_all(t->g, fy_square(t->g, diff[m]))));
}

static fy_status add_objective(together *t)
{
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(&t->f->o->optim, &optim));
    const fy_objective all = fy_objective_add(t->g, t->name, t->loss, &optim);
    fy_objective_moves_model(t->g, all, t->net->fusion, "*", NULL);
    for (int m = 0; m < t->f->n; m++)
        fy_objective_moves_model(t->g, all, t->net->encoders[m], "*", "encoder");
    for (int m = 0; m < t->f->n && !is_alone(t) && t->f->method->has_experts; m++)
        fy_objective_moves_model(t->g, all, t->f->experts[m], "*", "expert");
    st = fy_graph_status(t->g);
done:
    return st;
}

static fy_status build(together *t)
{
    fy_status st;
    FY_TRY(fuse_open_batch(t));
    if (is_alone(t))
        t->loss = fuse_branch_losses(t, false, NULL);
    else
        t->f->method->build(t);
    (void)fuse_watch(t, "train.loss", -1, t->shown.id ? t->shown : t->loss);
    watch_gradients(t);
    FY_TRY(fy_graph_status(t->g));
    FY_TRY(add_objective(t));
done:
    return st;
}

static fy_status set_stage(together *t, fy_stage *s)
{
    const fy_fuse_opts *o = t->f->o;
    *s = fy_stage_defaults(t->name, t->g);
    for (int m = 0; m < t->f->n; m++)
        s->streams[s->n_streams++] = t->in[m];
    for (int i = 0; i < t->n_watches; i++)
        s->watches[s->n_watches++] = t->watches[i];
    s->eval_every = fy_parts_count(t->f->data->train) / o->batch;
    s->steps = t->steps = o->epochs * s->eval_every;
    s->seed = o->seed;
    s->on_step = on_step;
    s->after_step = after_step;
    s->on_eval = on_eval;
    s->arg = t;
    t->schedule = fy_schedule_defaults();
    t->schedule.name = o->schedule;
    t->schedule.steps = s->steps;
    return fy_schedule_check(&t->schedule);
}

fy_status fuse_prepare(together *t, fy_stage *s)
{
    fy_status st;
    FY_TRY(build(t));
    FY_TRY(set_stage(t, s));
done:
    return st;
}

/* ---- running ---------------------------------------------------------------------------------------------- */

static fy_status run(together *t)
{
    fy_stage stage;
    fy_status st = FY_OK;
    if (fy_run_is_past(t->f->run, t->name))
        return FY_OK;
    FY_TRY(fuse_prepare(t, &stage));
    FY_TRY(fy_stage_run(t->f->run, t->f->dev, &stage));
done:
    fuse_close_batch(t);
    return st;
}

fy_status fuse_learn_alone(fusing *f, const fuse_net *net)
{
    together t = { .f = f, .net = net, .name = "alone" };
    fy_status st;
    FY_TRY(run(&t));
    for (int m = 0; m < f->n; m++)
        FY_TRY(fy_run_load_model(f->run, fy_model_name(net->encoders[m]), net->encoders[m]));
    FY_TRY(fy_model_copy(net->fusion, f->best));
done:
    return st;
}

fy_status fuse_learn(fusing *f)
{
    together t = { .f = f, .net = &f->net, .name = "fuse" };
    fy_status st;
    FY_TRY(run(&t));
    FY_TRY(fy_fused_restore(f->net.fused, f->run));
done:
    return st;
}
