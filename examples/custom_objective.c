/* custom_objective.c: a method of your own. An encoder and a classifier learn labelled clean
 * digits; in the same step the encoder also learns from unlabelled noisy ones: the classifier
 * should be certain of each and call no class too often (information maximisation: Shi and Sha
 * 2012; Liang et al. 2020, section 3.2).
 *
 * A method is a graph, objectives over it, and a stage that feeds it. The library knows nothing of
 * this one. Needs no files. */
#include <ferry/ferry.h>

#include <stdio.h>

enum { BATCH = 32, STEPS = 300, SIDE = 28 };
static const float target_lr = 1e-3f; /* step size of the target's objective in the end */

typedef struct work {
    fy_device *dev;
    fy_dataset *source, *target, *unlabelled;
    fy_model *encoder, *classifier;
    fy_judge *judge;
} work;

/* n digits of 28 x 28 pixels, of which `pad` on every side are empty. */
static fy_status draw(fy_digit_style style, uint64_t seed, int64_t n, int64_t pad, fy_dataset **out)
{
    fy_digits_opts digits = fy_digits_defaults(style);
    fy_image_opts images = fy_image_defaults();
    fy_dataset *drawn = NULL;
    fy_status st;

    *out = NULL;
    digits.seed = seed;
    digits.n = n;
    digits.size_px = SIDE - 2 * pad;
    images.pad = pad;
    FY_TRY(fy_digits_open(&digits, &drawn));
    FY_TRY(fy_dataset_prepare(drawn, &images, out));
done:
    fy_dataset_free(drawn);
    return st;
}

static fy_status open_models(work *w)
{
    fy_model_opts o = fy_model_defaults();
    fy_status st;

    o.input = FY_SHAPE(1, SIDE, SIDE);
    o.n_classes = 0; /* features, no classes */
    o.hidden = 128;
    FY_TRY(fy_model_open("digits_encoder", "encoder", &o, &w->encoder));
    o.input = *fy_model_output(w->encoder);
    o.n_classes = 10;
    FY_TRY(fy_model_open("linear", "classifier", &o, &w->classifier));
done:
    return st;
}

static fy_status open_all(work *w)
{
    fy_status st;

    FY_TRY(fy_device_open("cpu", &w->dev));
    FY_TRY(draw(FY_DIGITS_CLEAN, /*seed*/ 1, 1000, /*pad*/ 4, &w->source));
    FY_TRY(draw(FY_DIGITS_NOISY, /*seed*/ 3, 1000, /*pad*/ 0, &w->target));
    FY_TRY(fy_dataset_unlabel(w->target, &w->unlabelled));
    FY_TRY(fy_judge_new("target", w->target, &w->judge));
    FY_TRY(open_models(w));
done:
    return st;
}

static void close_all(work *w)
{
    fy_judge_free(w->judge);
    fy_model_free(w->classifier);
    fy_model_free(w->encoder);
    fy_dataset_free(w->unlabelled);
    fy_dataset_free(w->target);
    fy_dataset_free(w->source);
    fy_device_close(w->dev);
}

/* Of predictions [n, k]: how uncertain each is, less how evenly the classes are called. */
static fy_node information_lost(fy_graph *g, fy_node logits)
{
    const int rows[] = { 0 };
    const fy_node each = fy_mean_all(g, fy_entropy(g, logits));
    const fy_node mean = fy_mean(g, fy_softmax(g, logits), rows, 1, /*keep*/ false); /* [k] */
    /* A class that is never called would be log 0. */
    const fy_node log_mean = fy_log(g, fy_affine(g, mean, 1, 1e-6f));
    return fy_add(g, each, fy_sum_all(g, fy_mul(g, mean, log_mean)));
}

/* Certainty is worth nothing while there is nothing to be certain of: the target's steps grow. */
static fy_status grow_steps(void *arg, fy_plan *plan, int64_t step)
{
    (void)arg;
    return fy_plan_set(plan, "target.lr", target_lr * (float)step / STEPS);
}

/* Predicts the whole target and has it judged: before the first step, and after the last. */
static fy_status judge_target(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    work *w = arg;
    fy_model *const chain[] = { w->encoder, w->classifier };
    fy_predictor *p = NULL;
    fy_tensor *logits = NULL;
    fy_tensor **wanted[] = { NULL, &logits };
    fy_status st;
    (void)plan;
    (void)is_over; /* set it to stop early */

    FY_TRY(fy_predictor_new(w->dev, chain, 2, /*batch*/ 250, &p));
    FY_TRY(fy_predict(p, w->unlabelled, wanted));
    FY_TRY(fy_eye_see(fy_judge_eye(w->judge), NULL, "train", step, logits));
done:
    fy_tensor_free(logits);
    fy_predictor_free(p);
    return st;
}

static fy_status open_loader(const fy_dataset *data, const char *name, bool labels, fy_loader **out)
{
    fy_loader_opts o = fy_loader_defaults();
    o.batch = BATCH;
    o.name = name; /* names the random stream */
    o.with_labels = labels;
    return fy_loader_open(data, &o, out);
}

static fy_status train(work *w)
{
    fy_graph *g = NULL;
    fy_run *run = NULL;
    fy_loader *source = NULL, *target = NULL;
    const fy_run_opts nowhere = fy_run_defaults(); /* no directory: nothing is written */
    const fy_optim source_adam = fy_adam(1e-3f), target_adam = fy_adam(target_lr);
    fy_status st;

    FY_TRY(fy_graph_new(&g));
    const fy_node xs = fy_input(g, "source.x", FY_F32, FY_SHAPE(BATCH, 1, SIDE, SIDE));
    const fy_node ys = fy_input(g, "source.y", FY_I32, FY_SHAPE(BATCH));
    const fy_node xt = fy_input(g, "target.x", FY_F32, FY_SHAPE(BATCH, 1, SIDE, SIDE));
    const fy_node fs = fy_model_apply(g, w->encoder, xs, FY_TRAIN);
    const fy_node ft = fy_model_apply(g, w->encoder, xt, FY_TRAIN);
    const fy_node ss = fy_model_apply(g, w->classifier, fs, FY_TRAIN);
    const fy_node tt = fy_model_apply(g, w->classifier, ft, FY_TRAIN);
    const fy_node source_loss = fy_mean_all(g, fy_cross_entropy(g, ss, ys));
    const fy_node target_loss = information_lost(g, tt);

    const fy_objective on_source = fy_objective_add(g, "source", source_loss, &source_adam);
    fy_objective_moves_model(g, on_source, w->encoder, "*", NULL);
    fy_objective_moves_model(g, on_source, w->classifier, "*", NULL);

    /* Through the classifier, but the classifier stays where it is. */
    const fy_objective on_target = fy_objective_add(g, "target", target_loss, &target_adam);
    fy_objective_moves_model(g, on_target, w->encoder, "*", NULL);

    FY_TRY(open_loader(w->source, "source", /*labels*/ true, &source));
    FY_TRY(open_loader(w->unlabelled, "target", /*labels*/ false, &target));
    FY_TRY(fy_run_open(&nowhere, &run));
    fy_stage s = fy_stage_defaults("train", g);
    s.streams[0] = (fy_stream){ .loader = source, .x = xs, .y = ys };
    s.streams[1] = (fy_stream){ .loader = target, .x = xt };
    s.n_streams = 2;
    s.watches[0] = (fy_watch){ "source.loss", source_loss };
    s.watches[1] = (fy_watch){ "target.loss", target_loss };
    s.n_watches = 2;
    s.steps = STEPS;
    s.on_step = grow_steps;
    s.on_eval = judge_target;
    s.arg = w;
    FY_TRY(fy_stage_run(run, w->dev, &s));
done:
    fy_run_close(run);
    fy_loader_close(target);
    fy_loader_close(source);
    fy_graph_free(g);
    return st;
}

int main(void)
{
    work w = { 0 };
    double accuracy = 0;
    fy_status st;

    FY_TRY(open_all(&w));
    FY_TRY(train(&w));
    accuracy = fy_judge_mark(w.judge, fy_judge_count(w.judge) - 1).accuracy;
    printf("right on the target, whose labels nobody learnt from: %.1f%%\n", 100 * accuracy);
done:
    if (st != FY_OK)
        fprintf(stderr, "custom_objective: %s\n", fy_last_error());
    close_all(&w);
    /* The tests run this program: without the target's objective it is right on three of four. */
    return st == FY_OK && accuracy > 0.8 ? 0 : 1;
}
