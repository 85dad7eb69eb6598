/* finetune.c: a pretrained model goes on learning on new data, in parts.
 *
 *   part   a stage of its own: the parameters that move, their learning rates, the schedule, a plan
 *   loss   (1 - e) CE(f(x), y) + e mean_k -log p_k(x) + a / 2 sum_w (w - w_0)^2,   w not of the head
 * with e the label smoothing and a the strength of L2-SP. An evaluation after every epoch keeps the model that is best
 * on the validation part. With averages it is they that are evaluated and kept, and the plain values that go on
 * learning. */
#include "average.h"
#include "groups.h"
#include "losses.h"
#include "lr_find.h"
#include "notes.h"
#include "optim.h"
#include "parts.h"
#include "pretrained.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* In every checkpoint. */
typedef struct kept {
    int64_t epochs;     /* done */
    int64_t best_epoch; /* -1: nothing was looked at */
    double before, best, best_loss;
    double found_lr; /* by the range test before part number `found` */
    int64_t found;   /* counted from 1; 0: none yet */
    int64_t worse;   /* evaluations since the best of this part */
} kept;

typedef struct finetune {
    fy_run *run;
    fy_device *dev;
    const fy_finetune_data *data;
    const fy_finetune_opts *o;
    fy_model *model, *start; /* start: w_0 of L2-SP */
    fy_model *judged;        /* evaluated and kept: the model, or one of its averages */
    groups groups;
    parts parts;
    int64_t epoch_steps;
    kept kept;
    /* Of the part that runs. */
    const part *now;
    char *moves;
    bool has_rate[GROUPS_MAX]; /* groups of layers of which something moves */
    parts_schedule schedule;
    fy_predictor *predictor;
} finetune;

fy_finetune_opts fy_finetune_defaults(void)
{
    return (fy_finetune_opts){
        .family = "resnet18",
        .dropout = -1,
        .train = "head-first",
        .head_epochs = 2,
        .epochs = 8,
        .batch = 32,
        .optim = { .name = "sgd", .lr = 0.01, .momentum = 0.9, .beta1 = 0.9, .weight_decay = 1e-4 },
        .groups = 3,
        .lr_decay = 1,
        .schedule = "cosine",
        .step_epochs = 10,
        .gamma = 0.1,
        .workers = 1,
    };
}

static fy_status open_loader(const finetune *f, const char *name, int workers, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = f->o->batch;
    o.seed = f->o->seed;
    o.name = name;
    o.workers = workers;
    o.augment = f->o->augment;
    o.views = f->o->views;
    return fy_loader_open(f->data->train, &o, out);
}

/* ---- the model ------------------------------------------------------------------------------------ */

/* What did not fit is listed also where that is too much. */
static fy_status write_report(const finetune *f, const fy_fit *report, fy_status st)
{
    const fy_status written =
        fy_run_write(f->run, "weights.json", report->json, strlen(report->json));
    if (written != FY_OK || st == FY_OK)
        return written;
    return fy_error(st, "%s; weights.json in '%s' lists them all", fy_last_error(),
                    fy_run_dir(f->run));
}

static fy_status load_weights(finetune *f)
{
    const pretrained_file file = { f->o->weights, f->o->weights_part, f->o->weights_prefix };
    fy_fit *report = NULL;
    fy_status st;
    if (!f->o->weights)
        return FY_OK;
    st = pretrained_load_file(f->model, &file, fy_fit_defaults(), &report);
    if (report)
        st = write_report(f, report, st);
    fy_fit_free(report);
    return st;
}

/* Of one sample as the model sees it: the augmentation may cut it. */
static fy_status find_input(const finetune *f, fy_shape *input)
{
    fy_loader *l = NULL;
    fy_status st;
    FY_TRY(open_loader(f, "shape", 0, &l));
    *input = *fy_loader_shape(l);
    if (!fy_shape_equal(input, fy_dataset_shape(f->data->val)))
        st = fy_error(FY_ESHAPE,
                      "finetune: training samples are cut to %lldx%lld, the samples of '%s' are "
                      "%lldx%lld; prepare them alike",
                      (long long)input->d[1], (long long)input->d[2], fy_dataset_name(f->data->val),
                      (long long)fy_dataset_shape(f->data->val)->d[1],
                      (long long)fy_dataset_shape(f->data->val)->d[2]);
done:
    fy_loader_close(l);
    return st;
}

static fy_status open_model(finetune *f, const char *name, fy_model **out)
{
    fy_model_opts m = fy_model_defaults();
    fy_status st;
    FY_TRY(find_input(f, &m.input));
    m.n_classes = fy_dataset_classes(f->data->train);
    m.width = (float)f->o->width;
    m.dropout = (float)f->o->dropout;
    m.pool = f->o->pool;
    m.seed = f->o->seed;
    FY_TRY(fy_model_open(f->o->family, name, &m, out));
    FY_TRY(notes_set_classes(*out, f->data->train));
    FY_TRY(notes_set_pixels(*out, f->o->pixels));
done:
    return st;
}

static fy_status open_models(finetune *f)
{
    fy_status st;
    FY_TRY(open_model(f, "model", &f->model));
    FY_TRY(load_weights(f));
    FY_TRY(groups_of(f->model, (int)f->o->groups, &f->groups));
    if (f->o->l2_sp > 0) {
        FY_TRY(open_model(f, "model", &f->start));
        FY_TRY(fy_model_copy(f->start, f->model));
    }
    FY_TRY(fy_run_keep(f->run, f->model)); /* a resumed run has its values from here on */
    FY_TRY(fy_run_keep_data(f->run, "finetune", &f->kept, sizeof f->kept, NULL));
    f->judged = f->model;
    if (f->o->ema > 0)
        FY_TRY(fy_model_clone(f->model, "model", &f->judged));
done:
    return st;
}

/* ---- rates ---------------------------------------------------------------------------------------- */

/* Is there a rate for the part that runs? */
static bool is_found(const finetune *f)
{
    return f->kept.found == f->now - f->parts.v + 1;
}

static double rate_of(const finetune *f)
{
    return is_found(f) ? f->kept.found_lr : f->now->lr;
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    const finetune *f = arg;
    double rate = rate_of(f) * fy_schedule_factor(&f->schedule.s, step);
    char group[8], name[24];
    for (int k = 0; k < f->now->open; k++, rate *= f->o->lr_decay) {
        if (!f->has_rate[k])
            continue;
        snprintf(name, sizeof name, "task.%s.lr", groups_name(k, group));
        const fy_status st = fy_plan_set(plan, name, (float)rate);
        if (st != FY_OK)
            return st;
    }
    return FY_OK;
}

/* ---- looking ------------------------------------------------------------------------------------------ */

static fy_status look(finetune *f, const fy_dataset *d, double *accuracy, double *loss)
{
    fy_evaluate_opts o = fy_evaluate_defaults();
    fy_evaluation *e = NULL;
    fy_status st;
    o.n_mistakes = 0;
    FY_TRY(fy_evaluate(f->predictor, d, &o, &e));
    *accuracy = e->figures->accuracy;
    *loss = e->figures->nll;
done:
    fy_evaluation_free(e);
    return st;
}

static bool is_better(const kept *k, double accuracy, double loss)
{
    return k->best_epoch < 0 || accuracy > k->best || (accuracy == k->best && loss < k->best_loss);
}

static fy_status keep_if_best(finetune *f, double accuracy, double loss)
{
    kept *k = &f->kept;
    if (!is_better(k, accuracy, loss)) {
        k->worse++;
        return FY_OK;
    }
    k->best = accuracy;
    k->best_loss = loss;
    k->best_epoch = k->epochs;
    k->worse = 0;
    return fy_run_save_model(f->run, "best", f->judged);
}

static fy_status on_eval(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    static const char *const names[] = { "val.accuracy", "val.loss" };
    finetune *f = arg;
    double v[2];
    fy_status st = FY_OK;
    if (step == 0)
        f->kept.worse = 0;
    if (step == 0 && f->kept.best_epoch >= 0)
        return FY_OK; /* the part before ended in this look */
    if (step > 0)     /* before that there is no average */
        FY_TRY(average_take(plan, "task", f->judged));
    FY_TRY(look(f, f->data->val, &v[0], &v[1]));
    FY_TRY(fy_run_metrics(f->run, f->now->name, step, 2, names, v));
    if (step == 0)
        f->kept.before = v[0];
    else
        f->kept.epochs++;
    FY_TRY(keep_if_best(f, v[0], v[1]));
    *is_over = f->o->patience > 0 && f->kept.worse >= f->o->patience;
done:
    return st;
}

/* May the part that runs move parameter i? */
static bool does_move(const finetune *f, int i)
{
    return fy_glob(f->moves, fy_model_param_name(f->model, i));
}

/* ---- one part -------------------------------------------------------------------------------------------- */

/* Of what moves, is no statistic, and is not of the head. */
static fy_status add_pull(const finetune *f, fy_graph *g, fy_node *loss)
{
    fy_node sum = fy_fill(g, FY_SCALAR, 0);
    fy_status st = FY_OK;
    if (!(f->o->l2_sp > 0))
        return FY_OK;
    for (int i = 0; st == FY_OK && i < fy_model_count(f->model); i++)
        if (does_move(f, i) && f->groups.group[i] > 0 && !fy_model_param_is_buffer(f->model, i))
            st = loss_add_distance(g, fy_model_param(f->model, i), fy_model_param(f->start, i),
                                   &sum);
    *loss = fy_add(g, *loss, fy_scale(g, sum, (float)f->o->l2_sp / 2));
    return st;
}

typedef struct task {
    fy_graph *g;
    fy_loader *loader;
    fy_stage stage;
} task;

static void let_move(finetune *f, task *t, fy_objective o)
{
    char name[8];
    memset(f->has_rate, 0, sizeof f->has_rate);
    for (int i = 0; i < fy_model_count(f->model); i++)
        if (does_move(f, i)) {
            const int group = f->groups.group[i];
            fy_objective_moves(t->g, o, fy_model_param(f->model, i), groups_name(group, name));
            f->has_rate[group] = true;
        }
}

static fy_status build_graph(finetune *f, task *t)
{
    const int64_t n = f->o->batch, k = fy_dataset_classes(f->data->train);
    const fy_shape batch = fy_shape_batch(n, fy_loader_shape(t->loader));
    const fy_stream in = { .loader = t->loader,
                           .x = fy_input(t->g, "x", FY_F32, batch),
                           .y = fy_input(t->g, "y", FY_I32, FY_SHAPE(n)),
                           .q = fy_loader_mixes(t->loader)
                                    ? fy_input(t->g, "q", FY_F32, FY_SHAPE(n, k))
                                    : FY_NO_NODE };
    const fy_node logits = fy_model_apply_moving(t->g, f->model, in.x, f->moves);
    fy_node loss = loss_cross_entropy(t->g, logits, &in, f->o->label_smoothing);
    fy_optim optim;
    fy_status st;
    FY_TRY(optim_of(&f->o->optim, &optim));
    FY_TRY(add_pull(f, t->g, &loss));
    const fy_objective learns = fy_objective_add(t->g, "task", loss, &optim);
    let_move(f, t, learns);
    fy_objective_average(t->g, learns, f->o->ema);
    t->stage = fy_stage_defaults(f->now->name, t->g);
    t->stage.streams[t->stage.n_streams++] = in;
    t->stage.watches[t->stage.n_watches++] = (fy_watch){ "train.loss", loss };
    t->stage.watches[t->stage.n_watches++] =
        (fy_watch){ "train.accuracy", fy_accuracy(t->g, logits, in.y) };
    t->stage.steps = f->now->epochs * f->epoch_steps;
    t->stage.eval_every = f->epoch_steps;
    t->stage.seed = f->o->seed;
    t->stage.on_step = on_step;
    t->stage.on_eval = on_eval;
    t->stage.arg = f;
done:
    return st;
}

static fy_status check_moves(const finetune *f)
{
    for (int i = 0; i < fy_model_count(f->model); i++)
        if (does_move(f, i))
            return FY_OK;
    return fy_error(FY_EINVAL,
                    "finetune: part '%s': nothing is left to move; freeze '%s' takes it all",
                    f->now->name, f->o->freeze);
}

static fy_status open_task(finetune *f, task *t)
{
    fy_status st;
    FY_TRY(fy_graph_new(&t->g));
    FY_TRY(open_loader(f, f->now->name, f->o->workers, &t->loader));
    FY_TRY(build_graph(f, t));
    FY_TRY(fy_graph_status(t->g));
done:
    return st;
}

/* Done once: a resumed run finds the rate of the part that it is in in its checkpoint, and needs no other. */
static fy_status find_rate(finetune *f, const task *t)
{
    fy_model *copy = NULL;
    double rate = NAN;
    fy_status st = FY_OK;
    if (!f->o->find_lr || is_found(f) || fy_run_is_past(f->run, f->now->name))
        return FY_OK;
    FY_TRY(fy_model_clone(f->model, "copy", &copy));
    FY_TRY(lr_find(f->run, f->dev, &t->stage, &rate));
    FY_TRY(fy_model_copy(f->model, copy));
    f->kept.found_lr = isfinite(rate) ? rate : f->now->lr;
    f->kept.found = f->now - f->parts.v + 1;
    FY_TRY(fy_run_checkpoint(f->run));
done:
    fy_model_free(copy);
    return st;
}

static void close_part(finetune *f)
{
    fy_predictor_free(f->predictor);
    free(f->moves);
    f->predictor = NULL;
    f->moves = NULL;
}

static fy_status run_part(finetune *f, const part *p)
{
    task t = { 0 };
    fy_status st = FY_OK;
    close_part(f);
    f->now = p;
    f->moves = groups_moves(&f->groups, p->open, f->o->freeze);
    if (!f->moves) {
        st = fy_error(FY_ENOMEM, "no memory for the names of what moves");
        goto done;
    }
    FY_TRY(check_moves(f));
    FY_TRY(parts_schedule_of(f->o, p, f->epoch_steps, &f->schedule));
    const fy_moving_opts predicting = { f->o->batch, f->moves, fy_run_features(f->run) };
    FY_TRY(fy_predictor_new_moving(f->dev, &f->judged, 1, &predicting, &f->predictor));
    FY_TRY(open_task(f, &t));
    FY_TRY(find_rate(f, &t));
    FY_TRY(fy_stage_run(f->run, f->dev, &t.stage));
done:
    fy_loader_close(t.loader);
    fy_graph_free(t.g);
    return st;
}

/* ---- the method -------------------------------------------------------------------------------------------- */

static fy_status check_data(const finetune *f)
{
    const fy_finetune_opts *o = f->o;
    const fy_dataset *const all[] = { f->data->val, f->data->test };
    const int64_t n = fy_dataset_count(f->data->train);
    const int k = fy_dataset_classes(f->data->train);
    if (o->batch < 1 || o->batch > n)
        return fy_error(
            FY_EINVAL, "finetune: batch is %lld and '%s' has %lld samples; expected 1 to that many",
            (long long)o->batch, fy_dataset_name(f->data->train), (long long)n);
    if (k < 2 || k > FY_MAX_SCORED)
        return fy_error(FY_EINVAL, "finetune: '%s' has %d classes; expected 2 to %d",
                        fy_dataset_name(f->data->train), k, FY_MAX_SCORED);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && fy_dataset_classes(all[i]) > k)
            return fy_error(FY_EINVAL,
                            "finetune: '%s' has %d classes, the training data '%s' only %d",
                            fy_dataset_name(all[i]), fy_dataset_classes(all[i]),
                            fy_dataset_name(f->data->train), k);
    return FY_OK;
}

/* What is wrong with the options alone, before anything is opened. */
static fy_status check(const finetune *f)
{
    const fy_finetune_opts *o = f->o;
    if (!fy_run_dir(f->run))
        return fy_error(FY_EINVAL, "finetune: it keeps its best model on disk; open the run with a "
                                   "directory");
    if (!(o->label_smoothing >= 0 && o->label_smoothing < 1))
        return fy_error(FY_EINVAL, "finetune: label smoothing is %g; expected 0 to below 1",
                        o->label_smoothing);
    if (!(o->ema >= 0 && o->ema < 1))
        return fy_error(FY_EINVAL,
                        "finetune: the averages' decay, ema, is %g; expected 0 (none) to below 1",
                        o->ema);
    if (o->epochs < 1 || o->head_epochs < 1)
        return fy_error(FY_EINVAL, "finetune: %lld epochs, %lld of the head; expected 1 or more",
                        (long long)o->epochs, (long long)o->head_epochs);
    return check_data(f);
}

/* Every word of `freeze` says something about this model. */
static fy_status check_freeze(const finetune *f)
{
    for (const char *word = f->o->freeze; word && *word;) {
        char one[128];
        bool any = false;
        snprintf(one, sizeof one, "%.*s", (int)strcspn(word, " "), word);
        for (int i = 0; i < fy_model_count(f->model); i++)
            any = any || fy_glob(one, fy_model_param_name(f->model, i));
        if (*one && !any)
            return fy_error(FY_EINVAL,
                            "finetune: freeze names '%s', which matches no parameter of '%s'; the "
                            "first is '%s', 'ferry inspect --model %s' lists them",
                            one, f->o->family, fy_model_param_name(f->model, 0), f->o->family);
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    return FY_OK;
}

static void count_values(const finetune *f, fy_finetune_report *report)
{
    for (int i = 0; i < fy_model_count(f->model); i++) {
        const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(f->model, i)));
        if (fy_model_param_is_buffer(f->model, i))
            continue;
        report->all += n;
        report->moved += does_move(f, i) ? n : 0;
    }
}

/* eval.json: on the test part where there is one. */
static fy_status evaluate_best(finetune *f, double *test_accuracy)
{
    const fy_dataset *d = f->data->test ? f->data->test : f->data->val;
    const fy_about about[] = { { "part", f->data->test ? "test" : "validation" },
                               { "samples", fy_dataset_text(d) },
                               { "model", "best.safetensors" } };
    fy_evaluate_opts o = fy_evaluate_defaults();
    fy_evaluation *e = NULL;
    char path[4096];
    fy_status st;
    o.pixels = f->o->pixels;
    FY_TRY(fy_evaluate(f->predictor, d, &o, &e));
    snprintf(path, sizeof path, "%s/eval.json", fy_run_dir(f->run));
    FY_TRY(fy_evaluation_write(e, about, 3, path));
    *test_accuracy = f->data->test ? e->figures->accuracy : NAN;
done:
    fy_evaluation_free(e);
    return st;
}

static fy_status finish(finetune *f, fy_finetune_report *report)
{
    fy_status st;
    FY_TRY(fy_run_save_model(f->run, "last", f->model));
    FY_TRY(fy_run_load_model(f->run, "best", f->judged));
    report->test_accuracy = NAN;
    report->val_accuracy = f->kept.best;
    report->val_loss = f->kept.best_loss;
    FY_TRY(evaluate_best(f, &report->test_accuracy));
    report->accuracy = f->data->test ? report->test_accuracy : report->val_accuracy;
    report->before = f->kept.before;
    report->epochs = f->kept.epochs;
    report->best_epoch = f->kept.best_epoch;
    report->lr = rate_of(f);
    report->ema = f->o->ema;
    count_values(f, report);
done:
    return st;
}

static void close_finetune(finetune *f)
{
    fy_run_forget(f->run); /* what it was asked to keep ends here */
    close_part(f);
    groups_release(&f->groups);
    if (f->judged != f->model)
        fy_model_free(f->judged);
    fy_model_free(f->start);
    fy_model_free(f->model);
}

fy_status fy_finetune(fy_run *r, fy_device *dev, const fy_finetune_data *data,
                      const fy_finetune_opts *o, fy_finetune_report *report)
{
    finetune f = { .run = r, .dev = dev, .data = data, .o = o, .kept = { .best_epoch = -1 } };
    fy_status st;
    *report = (fy_finetune_report){ 0 };
    f.epoch_steps = fy_dataset_count(data->train) / (o->batch > 0 ? o->batch : 1);
    FY_TRY(check(&f));
    FY_TRY(open_models(&f));
    FY_TRY(check_freeze(&f));
    FY_TRY(parts_of(o, f.groups.n, &f.parts));
    for (int i = 0; i < f.parts.n; i++)
        FY_TRY(run_part(&f, &f.parts.v[i]));
    FY_TRY(finish(&f, report));
done:
    close_finetune(&f);
    return st;
}
