/* finetune_part.c: one part of a fine-tuning: what moves, at which rates, over which graph. */
#include "average.h"
#include "finetune.h"
#include "freeze.h"
#include "losses.h"
#include "lr_find.h"
#include "optim.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- between a part's steps ------------------------------------------------------------------------ */

/* Is there a rate for the part that runs? */
static bool is_found(const finetune *f)
{
    return f->found.part == f->task.part->number;
}

double finetune_rate(const finetune *f)
{
    return is_found(f) ? f->found.lr : f->task.part->lr;
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    const finetune *f = arg;
    double rate = finetune_rate(f) * fy_schedule_factor(&f->task.schedule.s, step);
    char group[8], name[24];
    for (int k = 0; k < f->task.part->open; k++, rate *= f->o->lr_decay) {
        if (!f->task.has_rate[k])
            continue;
        snprintf(name, sizeof name, "task.%s.lr", groups_name(k, group));
        const fy_status st = fy_plan_set(plan, name, (float)rate);
        if (st != FY_OK)
            return st;
    }
    return FY_OK;
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    finetune *f = arg;
    fy_status st = FY_OK;
    if (step > 0) /* before that there is no average */
        FY_TRY(average_take(plan, "task", f->best.model));
    FY_TRY(best_look(&f->best, f->task.predictor, f->task.part->name, step));
    *is_over = f->o->patience > 0 && f->best.kept.worse >= f->o->patience;
done:
    return st;
}

/* ---- a part's graph -------------------------------------------------------------------------------- */

/* May the part that runs move parameter i? */
bool finetune_moves(const finetune *f, int i)
{
    return fy_glob(f->task.moves, fy_model_param_name(f->model, i));
}

/* Of what moves, is no statistic, and is not of the head. */
static fy_node add_pull(const finetune *f, fy_graph *g, fy_node loss)
{
    fy_node sum = fy_fill(g, FY_SCALAR, 0);
    if (!f->start)
        return loss;
    for (int i = 0; i < fy_model_count(f->model); i++)
        if (finetune_moves(f, i) && f->groups.group[i] > 0 && !fy_model_param_is_buffer(f->model, i))
            sum = fy_add(
                g, sum, loss_distance(g, fy_model_param(f->model, i), fy_model_param(f->start, i)));
    return fy_add(g, loss, fy_scale(g, sum, (float)f->o->l2_sp / 2));
}

static void let_move(finetune *f, fy_objective o)
{
    char name[8];
    for (int i = 0; i < fy_model_count(f->model); i++)
        if (finetune_moves(f, i)) {
            const int group = f->groups.group[i];
            fy_objective_moves(f->task.g, o, fy_model_param(f->model, i), groups_name(group, name));
            f->task.has_rate[group] = true;
        }
}

static void set_stage(finetune *f, const fy_stream *in, fy_node loss, fy_node accuracy)
{
    fy_stage *s = &f->task.stage;
    *s = fy_stage_defaults(f->task.part->name, f->task.g);
    s->streams[s->n_streams++] = *in;
    s->watches[s->n_watches++] = (fy_watch){ "train.loss", loss };
    s->watches[s->n_watches++] = (fy_watch){ "train.accuracy", accuracy };
    s->steps = f->task.part->epochs * f->epoch_steps;
    s->eval_every = f->epoch_steps;
    s->seed = f->o->seed;
    s->on_step = on_step;
    s->on_eval = on_eval;
    s->arg = f;
}

static fy_status build_graph(finetune *f)
{
    fy_graph *g = f->task.g;
    fy_loader *loader = f->task.loader;
    const int64_t n = f->o->batch, k = fy_dataset_classes(f->learner.train);
    const fy_shape batch = fy_shape_batch(n, fy_loader_shape(loader));
    const fy_stream in = { .loader = loader,
                           .x = fy_input(g, "x", FY_F32, batch),
                           .y = fy_input(g, "y", FY_I32, FY_SHAPE(n)),
                           .q = fy_loader_mixes(loader) ? fy_input(g, "q", FY_F32, FY_SHAPE(n, k))
                                                        : FY_NO_NODE };
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(&f->o->optim, &optim));
    const fy_node logits = fy_model_apply_moving(g, f->model, in.x, f->task.moves);
    const fy_node loss = add_pull(f, g, loss_cross_entropy(g, logits, &in, f->o->label_smoothing));
    const fy_objective learns = fy_objective_add(g, "task", loss, &optim);
    let_move(f, learns);
    fy_objective_average(g, learns, f->o->ema);
    set_stage(f, &in, loss, fy_accuracy(g, logits, in.y));
    FY_TRY(fy_graph_status(g));
done:
    return st;
}

/* ---- one part -------------------------------------------------------------------------------------------- */

static fy_status check_moves(const finetune *f)
{
    if (!f->task.moves)
        return fy_error(FY_ENOMEM, "no memory for the names of what moves");
    for (int i = 0; i < fy_model_count(f->model); i++)
        if (finetune_moves(f, i))
            return FY_OK;
    return fy_error(FY_EINVAL,
                    "finetune: part '%s': nothing is left to move; freeze '%s' takes it all",
                    f->task.part->name, f->o->freeze);
}

void finetune_close_part(finetune *f)
{
    fy_predictor_free(f->task.predictor);
    fy_loader_close(f->task.loader);
    fy_graph_free(f->task.g);
    free(f->task.moves);
    f->task = (task){ 0 };
}

static fy_status open_part(finetune *f, const part *p)
{
    fy_loader_opts how = finetune_loader(f);
    task *t = &f->task;
    fy_status st;
    finetune_close_part(f);
    t->part = p;
    t->moves = groups_moves(&f->groups, p->open, f->o->freeze);
    how.name = p->name;
    FY_TRY(check_moves(f));
    FY_TRY(parts_schedule_of(f->o, p, f->epoch_steps, &t->schedule));
    const freeze_look look = { f->run, f->dev, t->moves };
    FY_TRY(freeze_predictor(&look, &f->best.model, 1, f->o->batch, &t->predictor));
    FY_TRY(fy_graph_new(&t->g));
    FY_TRY(fy_loader_open(f->learner.train, &how, &t->loader));
    FY_TRY(build_graph(f));
done:
    return st;
}

/* The range test moves the model: it has its values again afterwards, also when the test was stopped. */
static fy_status test_range(finetune *f, double *rate)
{
    fy_model *copy = NULL;
    fy_status st;
    FY_TRY(fy_model_clone(f->model, "copy", &copy));
    st = lr_find(f->run, f->dev, &f->task.stage, rate);
    if (st == FY_OK || st == FY_ECANCELED) {
        const fy_status again = fy_model_copy(f->model, copy);
        st = again == FY_OK ? st : again;
    }
done:
    fy_model_free(copy);
    return st;
}

/* Done once: a resumed run finds the rate of the part that it is in in its checkpoint, and needs no other. */
static fy_status find_rate(finetune *f)
{
    double rate = NAN;
    if (!f->o->find_lr || is_found(f) || fy_run_is_past(f->run, f->task.part->name))
        return FY_OK;
    const fy_status st = test_range(f, &rate);
    if (st == FY_OK) {
        f->found.lr = isfinite(rate) ? rate : f->task.part->lr;
        f->found.part = f->task.part->number;
    }
    if (st != FY_OK && st != FY_ECANCELED)
        return st;
    const fy_status saved = fy_run_checkpoint(f->run);
    return saved == FY_OK ? st : saved;
}

fy_status finetune_run_part(finetune *f, const part *p)
{
    fy_status st;
    FY_TRY(open_part(f, p));
    FY_TRY(find_rate(f));
    FY_TRY(fy_stage_run(f->run, f->dev, &f->task.stage));
done:
    return st;
}
