/* finetune.c: a pretrained model goes on learning on new data, in parts.
 *
 *   part   a stage of its own: the parameters that move, their learning rates, the schedule, a plan
 *   loss   (1 - e) CE(f(x), y) + e mean_k -log p_k(x) + a / 2 sum_w (w - w_0)^2,   w not of the head
 * with e the label smoothing and a the strength of L2-SP. An evaluation after every epoch keeps the model that is best
 * on the validation part. With averages it is they that are evaluated and kept, and the plain values that go on
 * learning. */
#include "finetune.h"

#include "freeze.h"
#include "pretrained.h"

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

fy_loader_opts finetune_loader(const finetune *f)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = f->o->batch;
    o.seed = f->o->seed;
    o.workers = f->o->workers;
    o.augment = f->o->augment;
    o.views = f->o->views;
    return o;
}

/* ---- the models ----------------------------------------------------------------------------------- */

/* Values of the file; a resumed run has its own, and needs no file unless it is a light one. */
static fy_status begin(finetune *f)
{
    const pretrained_file file = { .path = f->o->weights,
                                   .part = f->o->weights_part,
                                   .prefix = f->o->weights_prefix,
                                   .map = f->o->weights_map,
                                   .slice = f->o->slice };
    const fy_status st = pretrained_begin(f->run, f->model, &file);
    return st == FY_OK && f->start ? fy_model_copy(f->start, f->model) : st;
}

static fy_status open_models(finetune *f)
{
    const fy_loader_opts how = finetune_loader(f);
    bool is_restored = false;
    fy_status st;
    FY_TRY(learner_open(&f->learner, "model", &how, &f->model));
    FY_TRY(groups_of(f->model, (int)f->o->groups, &f->groups));
    FY_TRY(freeze_check(f->model, f->o->freeze, "finetune"));
    if (f->o->l2_sp > 0)
        FY_TRY(fy_model_clone(f->model, "start", &f->start));
    FY_TRY(fy_run_keep_data(f->run, "finetune", &f->found, sizeof f->found, &is_restored));
    FY_TRY(best_open(&f->best, f->run, f->learner.val));
    if (!is_restored || fy_run_is_light(f->run))
        FY_TRY(begin(f));
    FY_TRY(fy_run_keep(f->run, f->model));
    if (f->start)
        FY_TRY(fy_run_keep(f->run, f->start));
    f->best.model = f->model;
    if (f->o->ema > 0)
        FY_TRY(fy_model_clone(f->model, "model", &f->best.model));
done:
    return st;
}

/* ---- the method -------------------------------------------------------------------------------------------- */

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
    return learner_check(&f->learner, o->batch);
}

static void count_values(const finetune *f, fy_finetune_report *report)
{
    for (int i = 0; i < fy_model_count(f->model); i++) {
        const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(f->model, i)));
        if (fy_model_param_is_buffer(f->model, i))
            continue;
        report->all += n;
        report->moved += finetune_moves(f, i) ? n : 0;
    }
}

static fy_status finish(finetune *f, fy_finetune_report *report)
{
    const struct best_kept *k = &f->best.kept;
    const fy_dataset *test = f->learner.test;
    fy_status st;
    FY_TRY(fy_run_save_model(f->run, "last", f->model));
    FY_TRY(best_finish(&f->best, f->task.predictor, test, f->o->pixels, &report->test_accuracy));
    report->val_accuracy = k->accuracy;
    report->val_loss = k->loss;
    report->accuracy = test ? report->test_accuracy : report->val_accuracy;
    report->before = k->before;
    report->epochs = k->epochs;
    report->best_epoch = k->best_epoch;
    report->lr = finetune_rate(f);
    report->ema = f->o->ema;
    count_values(f, report);
done:
    return st;
}

static void close_finetune(finetune *f)
{
    fy_run_forget(f->run); /* what it was asked to keep ends here */
    finetune_close_part(f);
    groups_release(&f->groups);
    if (f->best.model != f->model)
        fy_model_free(f->best.model);
    fy_model_free(f->start);
    fy_model_free(f->model);
}

static learner learner_of(const fy_finetune_data *data, const fy_finetune_opts *o)
{
    return (learner){ .method = "finetune",
                      .family = o->family,
                      .pool = o->pool,
                      .edit = o->edit,
                      .width = o->width,
                      .dropout = o->dropout,
                      .pixels = o->pixels,
                      .seed = o->seed,
                      .train = data->train,
                      .val = data->val,
                      .test = data->test };
}

fy_status fy_finetune(fy_run *r, fy_device *dev, const fy_finetune_data *data,
                      const fy_finetune_opts *o, fy_finetune_report *report)
{
    finetune f = { .run = r, .dev = dev, .o = o, .learner = learner_of(data, o) };
    fy_status st;
    *report = (fy_finetune_report){ 0 };
    f.epoch_steps = fy_dataset_count(data->train) / (o->batch > 0 ? o->batch : 1);
    FY_TRY(check(&f));
    FY_TRY(open_models(&f));
    FY_TRY(parts_of(o, f.groups.n, &f.parts));
    for (int i = 0; i < f.parts.n; i++)
        FY_TRY(finetune_run_part(&f, &f.parts.v[i]));
    FY_TRY(finish(&f, report));
done:
    close_finetune(&f);
    return st;
}
