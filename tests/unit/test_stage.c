/* Guards the loop: resuming after a stop at any step gives the bytes of the unbroken run, whatever the number of
 * loader threads, with and without the feature cache; figures that are not finite stop a run with a sentence. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 50, F = 6, CLASSES = 3, BATCH = 8, STEPS = 23 };

static fy_node two_layers(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fy_layer_linear(l, "fc1", x, 9, true);
    x = fy_layer_dropout(l, fy_relu(fy_layers_graph(l), x), 0.3f);
    return fy_layer_linear(l, "fc2", x, o->n_classes, true);
}

static fy_dataset *blobs(void)
{
    fy_tensor *x, *y;
    fy_dataset *d;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(COUNT, F), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(COUNT), &y));
    fy_rng r = fy_rng_named(5, "blobs");
    for (int i = 0; i < COUNT; i++) {
        ((int32_t *)fy_tensor_data(y))[i] = i % CLASSES;
        for (int k = 0; k < F; k++)
            ((float *)fy_tensor_data(x))[i * F + k] =
                fy_rng_normal(&r) + (k == i % CLASSES ? 3.0f : 0.0f);
    }
    check_ok(fy_dataset_from_tensors("blobs", x, y, CLASSES, &d));
    fy_tensor_free(x);
    fy_tensor_free(y);
    return d;
}

/* One way to run the same work. */
typedef struct way {
    const char *dir;
    int workers;
    bool cache;
    int64_t stop_at;            /* after this step; 0: runs through */
    int64_t stop_eval;          /* in this evaluation, counted from 1; 0: in none */
    int64_t over_in_eval;       /* which ends the stage; 0: none */
    bool is_stopped;            /* from the beginning */
    int64_t steps, evaluations; /* 0: STEPS, and an evaluation every 5 */
    bool resume;
    float lr;
    int64_t spoil_at; /* this step's rate is infinite; 0: none */
    int64_t checkpoint_steps;
    bool noise;           /* is added to the samples */
    int64_t views;        /* so many, over and over */
    const char *features; /* folder of the feature cache */
    size_t limit;         /* of it */
    bool profile;
    bool by_hand; /* a loop of our own around fy_loop_step */
} way;

typedef struct outcome {
    fy_status st;
    char head[65], body[65];
    int evals;
    int64_t eval_at[STEPS + 1];
} outcome;

typedef struct stopper {
    int64_t at, in_eval, over_in_eval, spoil_at;
    volatile sig_atomic_t flag;
    outcome *o;
    int64_t kept; /* evaluations of the whole run, in every checkpoint */
    fy_run *run;
    fy_predictor *predictor;
    const fy_dataset *data;
} stopper;

/* Writes and keeps something before it is broken off. */
static fy_status evaluate(void *arg, fy_plan *plan, int64_t step, bool *is_over)
{
    stopper *s = arg;
    const char *name = "evals";
    (void)plan;
    fy_tensor *f = NULL, **outs[] = { &f };
    s->o->eval_at[s->o->evals++] = step;
    if (s->o->evals == s->in_eval)
        s->flag = 1;
    s->kept++;
    *is_over = s->o->evals == s->over_in_eval;
    fy_status st =
        fy_run_metrics(s->run, "fit", step, 1, &name, (const double[]){ (double)s->kept });
    if (st == FY_OK)
        st = fy_predict(s->predictor, s->data, outs);
    fy_tensor_free(f);
    return st;
}

static fy_status on_step(void *arg, fy_plan *plan, int64_t step)
{
    stopper *s = arg;
    if (s->at && step + 1 == s->at)
        s->flag = 1;
    if (s->spoil_at &&
        step + 1 == s->spoil_at) /* the losses so far are finite, the weights after it are not */
        return fy_plan_set(plan, "task.lr", INFINITY);
    /* Now and then: in between the rate is what a checkpoint has to remember. */
    return step % 6 == 2 ? fy_plan_set(plan, "task.lr", 0.1f / (1.0f + 0.1f * (float)step)) : FY_OK;
}

static void build(fy_graph *g, fy_model *body, fy_model *head, float lr, fy_stage *s)
{
    const fy_optim adam = fy_adam(lr);
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, F)),
                  y = fy_input(g, "y", FY_I32, FY_SHAPE(BATCH));
    /* Centred over the batch: frozen, but no value that can be kept per sample. */
    fy_node f = fy_model_apply(g, body, x, FY_EVAL);
    f = fy_sub(g, f, fy_mean(g, f, (const int[]){ 0 }, 1, true));
    const fy_node logits = fy_model_apply(g, head, f, FY_TRAIN);
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, logits, y));
    fy_objective_moves_model(g, fy_objective_add(g, "task", loss, &adam), head, "*", NULL);
    *s = fy_stage_defaults("fit", g);
    s->streams[0] = (fy_stream){ .x = x, .y = y };
    s->n_streams = 1;
    s->watches[0] = (fy_watch){ "task.loss", loss };
    s->n_watches = 1;
}

static fy_status add_noise(void *arg, float *x, const fy_shape *s, fy_rng *r)
{
    (void)arg;
    for (int64_t i = 0; i < fy_shape_numel(s); i++)
        x[i] += 0.1f * fy_rng_normal(r);
    return FY_OK;
}

static fy_status run_by_hand(fy_run *r, fy_device *dev, const fy_stage *s)
{
    double loss = NAN;
    fy_loop *l;
    fy_status st = fy_loop_open(r, dev, s, &l);
    for (int64_t i = 0; st == FY_OK && i < s->steps; i++)
        st = fy_loop_step(l, &loss);
    if (l) {
        assert_true(isfinite(loss));
        assert_true(fy_plan_state_count(fy_loop_plan(l)) > 0);
    }
    fy_loop_close(l);
    return st;
}

static outcome run(const way *w)
{
    outcome o = { 0 };
    stopper stop = { .at = w->stop_at,
                     .in_eval = w->stop_eval,
                     .over_in_eval = w->over_in_eval,
                     .spoil_at = w->spoil_at,
                     .flag = w->is_stopped,
                     .o = &o };
    fy_device *dev;
    fy_features *features;
    fy_model *body, *head;
    fy_graph *g;
    fy_run *r;
    fy_stage s;
    fy_dataset *data = blobs();
    fy_model_opts m = { .input = FY_SHAPE(F), .n_classes = 7, .seed = 1 };
    fy_loader_opts lo = fy_loader_defaults();
    fy_run_opts ro = { .dir = w->dir,
                       .resume = w->resume,
                       .cancel = &stop.flag,
                       .profile = w->profile,
                       .checkpoint_steps = w->checkpoint_steps };
    check_ok(fy_device_open("cpu", &dev));
    check_ok(
        fy_features_open(&(fy_features_opts){ .dir = w->features, .limit = w->limit }, &features));
    ro.features = features;
    check_ok(fy_model_new("body", two_layers, &m, &body));
    m.input = FY_SHAPE(7);
    m.n_classes = CLASSES;
    check_ok(fy_model_new("head", two_layers, &m, &head));
    check_ok(fy_run_open(&ro, &r));
    check_ok(fy_run_keep(r, head));
    check_ok(fy_run_keep_data(r, "evals", &stop.kept, sizeof stop.kept, NULL));
    check_ok(fy_predictor_new(dev, &body, 1, BATCH, &stop.predictor));
    stop.run = r;
    stop.data = data;
    check_ok(fy_graph_new(&g));
    build(g, body, head, w->lr != 0 ? w->lr : 0.05f, &s);
    lo.batch = BATCH;
    lo.workers = w->workers;
    lo.transform = w->noise ? add_noise : NULL;
    lo.views = w->views;
    check_ok(fy_loader_open(data, &lo, &s.streams[0].loader));
    s.steps = w->steps ? w->steps : STEPS;
    s.log_every = 4;
    s.eval_every = w->evaluations ? 0 : 5;
    s.evaluations = w->evaluations;
    s.cache = w->cache;
    s.on_step = w->lr != 0 ? NULL : on_step;
    s.on_eval = evaluate;
    s.arg = &stop;
    o.st = w->by_hand ? run_by_hand(r, dev, &s) : fy_stage_run(r, dev, &s);
    check_ok(fy_model_hash(head, o.head));
    check_ok(fy_model_hash(body, o.body));
    fy_loader_close(s.streams[0].loader);
    fy_predictor_free(stop.predictor);
    fy_graph_free(g);
    fy_run_close(r);
    fy_features_close(features);
    fy_model_free(head);
    fy_model_free(body);
    fy_dataset_free(data);
    fy_device_close(dev);
    return o;
}

static char *metrics(const char *dir)
{
    char *path = fyi_path_join(dir, "metrics.jsonl"), *text;
    size_t n;
    check_ok(fyi_file_read(path, 1 << 20, &text, &n));
    fyi_free(path);
    return text;
}

static char *subdir(const char *root, const char *name)
{
    return fyi_path_join(root, name);
}

static void a_stopped_run_resumes_to_the_same_bytes(void **state)
{
    const char *root = *state;
    char *whole_dir = subdir(root, "whole");
    const outcome whole = run(&(way){ .dir = whole_dir, .workers = 1, .cache = true });
    char *whole_metrics = metrics(whole_dir);
    assert_int_equal(whole.st, FY_OK);
    assert_int_equal(whole.evals, 1 + STEPS / 5 + 1);
    for (int64_t at = 1; at <= STEPS; at++) {
        char name[16];
        snprintf(name, sizeof name, "at%d", (int)at);
        char *dir = subdir(root, name);
        assert_int_equal(run(&(way){ .dir = dir, .cache = true, .stop_at = at }).st, FY_ECANCELED);
        const outcome rest = run(&(way){ .dir = dir, .workers = 2, .cache = true, .resume = true });
        assert_int_equal(rest.st, FY_OK);
        assert_string_equal(rest.head, whole.head);
        char *text = metrics(dir);
        assert_string_equal(text, whole_metrics);
        fyi_free(text);
        fyi_free(dir);
    }
    fyi_free(whole_metrics);
    fyi_free(whole_dir);
}

/* The run in `dir`, which was stopped in some way, goes on to the bytes of the whole one. */
static void check_goes_on(char *dir, const outcome *whole, const char *whole_metrics)
{
    const outcome rest = run(&(way){ .dir = dir, .cache = true, .resume = true });
    char *text = metrics(dir);
    assert_int_equal(rest.st, FY_OK);
    assert_string_equal(rest.head, whole->head);
    assert_string_equal(text, whole_metrics);
    fyi_free(text);
}

static void an_evaluation_that_is_broken_off_never_was(void **state)
{
    char *whole_dir = subdir(*state, "whole");
    const outcome whole = run(&(way){ .dir = whole_dir, .cache = true });
    char *whole_metrics = metrics(whole_dir);
    for (int eval = 1; eval <= whole.evals; eval++) {
        char name[16];
        snprintf(name, sizeof name, "in%d", eval);
        char *dir = subdir(*state, name);
        const way stopped = { .dir = dir, .cache = true, .stop_eval = eval };
        assert_int_equal(run(&stopped).st, FY_ECANCELED);
        check_sentence("stopped in stage 'fit' in the evaluation after step ");
        check_sentence("resume from ");
        /* Once more in the same place. */
        assert_int_equal(run(&(way){ .dir = dir, .stop_eval = 1, .resume = true }).st, FY_ECANCELED);
        check_goes_on(dir, &whole, whole_metrics);
        fyi_free(dir);
    }
    fyi_free(whole_metrics);
    fyi_free(whole_dir);
}

/* While the feature cache is filled, at the beginning and after a stop in the middle. */
static void a_stage_stops_while_it_is_made_ready(void **state)
{
    char *whole_dir = subdir(*state, "whole"), *dir = subdir(*state, "stopped");
    const outcome whole = run(&(way){ .dir = whole_dir, .cache = true });
    const way ready = { .dir = dir, .cache = true, .is_stopped = true },
              again = { .dir = dir, .cache = true, .is_stopped = true, .resume = true };
    char *whole_metrics = metrics(whole_dir);
    assert_int_equal(run(&ready).st, FY_ECANCELED);
    check_sentence("stopped in stage 'fit' while it was made ready; resume from ");
    check_goes_on(dir, &whole, whole_metrics);
    assert_int_equal(run(&(way){ .dir = dir, .cache = true, .stop_at = 9 }).st, FY_ECANCELED);
    assert_int_equal(run(&again).st, FY_ECANCELED);
    check_goes_on(dir, &whole, whole_metrics);
    fyi_free(whole_metrics);
    fyi_free(dir);
    fyi_free(whole_dir);
}

static void neither_threads_nor_cache_change_the_result(void **state)
{
    (void)state;
    const outcome first = run(&(way){ .workers = 0, .cache = false });
    for (int workers = 0; workers <= 4; workers += 2) {
        const outcome o = run(&(way){ .workers = workers, .cache = workers != 2 });
        assert_string_equal(o.head, first.head);
        assert_string_equal(o.body, first.body);
    }
}

/* Three epochs and more of two views of every sample. */
static void views_are_kept_like_samples(void **state)
{
    (void)state;
    const outcome first = run(&(way){ .noise = true, .views = 2 });
    for (int workers = 0; workers <= 2; workers++) {
        const outcome kept =
            run(&(way){ .noise = true, .views = 2, .cache = true, .workers = workers });
        assert_string_equal(kept.head, first.head);
    }
    const outcome more = run(&(way){ .noise = true, .views = 3, .cache = true }),
                  all = run(&(way){ .noise = true, .cache = true }),
                  none = run(&(way){ .cache = true });
    assert_string_not_equal(more.head, first.head);
    assert_string_not_equal(all.head, first.head);
    assert_string_not_equal(none.head, first.head);
}

static int count_files(const char *dir, char *last, size_t size)
{
    int n = 0;
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.') {
            (void)snprintf(last, size, "%s/%s", dir, e->d_name);
            n++;
        }
    if (d)
        (void)closedir(d);
    return n;
}

/* Features of samples that a transform of one's own changes are known by nobody, and kept in memory. */
static void features_are_found_by_their_content(void **state)
{
    char path[600];
    char *dir = subdir(*state, "features");
    const outcome first = run(&(way){ .cache = true });
    const way filed = { .cache = true, .features = dir };
    for (int again = 0; again < 2; again++) {
        assert_string_equal(run(&filed).head, first.head);
        assert_int_equal(count_files(dir, path, sizeof path), 1);
    }
    assert_int_equal(truncate(path, 100), 0);
    assert_string_equal(run(&filed).head, first.head); /* made again */
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 64, SEEK_SET), 0);
    for (int i = 0; i < 1000; i++)
        assert_int_not_equal(fputc(0x3f, f), EOF);
    assert_int_equal(fclose(f), 0);
    assert_string_not_equal(run(&filed).head, first.head); /* it is what was read */
    assert_int_equal(run(&(way){ .noise = true, .views = 2, .cache = true, .features = dir }).st,
                     FY_OK);
    assert_int_equal(count_files(dir, path, sizeof path), 1);
    assert_int_equal(run(&(way){ .cache = true, .features = "/proc/nowhere" }).st, FY_EIO);
    fyi_free(dir);
}

static void a_finished_stage_is_not_run_again(void **state)
{
    const char *dir = *state;
    const outcome first = run(&(way){ .dir = dir, .cache = true });
    const outcome again = run(&(way){ .dir = dir, .cache = true, .resume = true });
    assert_int_equal(again.st, FY_OK);
    assert_int_equal(again.evals, 0);
    assert_string_equal(again.head, first.head);
}

/* As if the steps so far were all: the same bytes, the same lines, and nothing is left to do. */
static void an_evaluation_can_end_the_stage(void **state)
{
    char *early_dir = subdir(*state, "early"), *short_dir = subdir(*state, "short");
    const outcome early = run(&(way){ .dir = early_dir, .over_in_eval = 3 }),
                  all = run(&(way){ .dir = short_dir, .steps = 10 }),
                  again = run(&(way){ .dir = early_dir, .resume = true });
    assert_int_equal(early.st, FY_OK);
    assert_int_equal(early.evals, 3);
    assert_int_equal(early.eval_at[2], 10);
    assert_string_equal(early.head, all.head);
    assert_int_equal(again.st, FY_OK);
    assert_int_equal(again.evals, 0);
    assert_string_equal(again.head, all.head);
    char *a = metrics(early_dir), *b = metrics(short_dir);
    assert_int_equal(strlen(a), strlen(b));
    fyi_free(a);
    fyi_free(b);
    fyi_free(early_dir);
    fyi_free(short_dir);
}

/* clang-format off */
static const struct spread_row {
    int64_t steps, evaluations;
    int64_t at[STEPS + 1]; /* after step 0; ends with 0 */
} spread_rows[] = {
    { 20, 5, { 4, 8, 12, 16, 20 } },
    { 23, 5, { 5, 10, 14, 19, 23 } },
    { 10, 4, { 3, 5, 8, 10 } },
    { 10, 6, { 2, 4, 5, 7, 9, 10 } },
    { 3, 3, { 1, 2, 3 } },
    { 7, 1, { 7 } },
};
/* clang-format on */

static void evaluations_are_spread_evenly(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(spread_rows); i++) {
        const struct spread_row *row = &spread_rows[i];
        const outcome o =
            run(&(way){ .cache = true, .steps = row->steps, .evaluations = row->evaluations });
        assert_int_equal(o.st, FY_OK);
        assert_int_equal(o.eval_at[0], 0);
        int n = 1;
        for (; row->at[n - 1]; n++)
            assert_int_equal(o.eval_at[n], row->at[n - 1]);
        assert_int_equal(o.evals, n);
    }
    assert_int_equal(run(&(way){ .evaluations = STEPS + 1 }).st, FY_EINVAL);
    check_sentence("stage 'fit': 24 evaluations in 23 steps");
}

static void a_loss_that_is_not_finite_stops_the_run(void **state)
{
    (void)state;
    const outcome o = run(&(way){ .cache = true, .lr = INFINITY });
    assert_int_equal(o.st, FY_ENAN);
    check_sentence("stage 'fit', after step 1: 'task.loss' is");
    check_sentence(
        "nothing was saved, the run has no directory. Begin again with a smaller learning rate");
}

static void weights_that_are_not_finite_are_never_saved(void **state)
{
    const char *root = *state;
    char *whole = subdir(root, "whole"), *dir = subdir(root, "spoilt");
    char *path = fyi_path_join(dir, "checkpoint.safetensors");
    const outcome unbroken = run(&(way){ .dir = whole, .cache = true });

    assert_int_equal(
        run(&(way){ .dir = dir, .cache = true, .spoil_at = 12, .checkpoint_steps = 1 }).st, FY_ENAN);
    check_sentence("stage 'fit', after step 12: parameter 'head.fc1.weight' is ");
    check_sentence("; the newest checkpoint, from before, is '");
    check_sentence(path);
    /* It is whole and good: from there the run ends as if nothing had been. */
    const outcome rest = run(&(way){ .dir = dir, .cache = true, .resume = true });
    assert_int_equal(rest.st, FY_OK);
    assert_string_equal(rest.head, unbroken.head);
    fyi_free(path);
    fyi_free(dir);
    fyi_free(whole);
}

static void a_sentence_names_a_checkpoint_only_if_there_is_one(void **state)
{
    /* Every fifth step is evaluated; nothing was saved before. */
    assert_int_equal(run(&(way){ .dir = *state, .cache = true, .spoil_at = 5 }).st, FY_ENAN);
    check_sentence("after step 5: parameter 'head.fc1.weight' is ");
    check_sentence("; there is no checkpoint yet. ");
    assert_null(strstr(fy_last_error(), "checkpoint.safetensors"));
    /* The last step is looked at as well, also when nothing is written. */
    assert_int_equal(run(&(way){ .spoil_at = STEPS }).st, FY_ENAN);
    check_sentence("after step 23: parameter 'head.fc1.weight' is ");
    check_sentence("; nothing was saved, the run has no directory. ");
}

static void data_is_kept_once_under_a_name(void **state)
{
    const fy_run_opts o = { .dir = NULL };
    fy_run *r;
    int64_t a = 0, b = 0;
    (void)state;
    check_ok(fy_run_open(&o, &r));
    check_ok(fy_run_keep_data(r, "a", &a, sizeof a, NULL));
    check_status(fy_run_keep_data(r, "a", &b, sizeof b, NULL), FY_EINVAL);
    check_sentence("run: two pieces of its data are named 'a'");
    fy_run_forget(r);
    check_ok(fy_run_keep_data(r, "a", &b, sizeof b, NULL));
    fy_run_close(r);
}

static void a_model_of_the_callers_is_looked_at_too(void **state)
{
    const fy_model_opts m = { .input = FY_SHAPE(F), .n_classes = CLASSES, .seed = 1 };
    const fy_run_opts o = { .dir = *state };
    const float bad[CLASSES] = { 0, NAN, 0 };
    fy_model *net;
    fy_run *r;
    char *before, *after;
    size_t n_before, n_after;
    check_ok(fy_run_open(&o, &r));
    check_ok(fy_model_new("net", two_layers, &m, &net));
    check_ok(fy_run_keep(r, net));
    check_ok(fy_run_checkpoint(r));
    check_ok(fyi_file_read(fyt_path(*state, "checkpoint.safetensors"), 1 << 20, &before, &n_before));
    check_ok(fy_param_write(fy_model_find(net, "fc2.bias"), bad, CLASSES));
    check_status(fy_run_checkpoint(r), FY_ENAN);
    check_sentence("parameter 'net.fc2.bias' is nan, and such a model is not saved; the newest");
    check_ok(fyi_file_read(fyt_path(*state, "checkpoint.safetensors"), 1 << 20, &after, &n_after));
    assert_true(n_before == n_after && memcmp(before, after, n_before) == 0);
    fyi_free(after);
    fyi_free(before);
    fy_run_close(r);
    fy_model_free(net);
}

/* Only when it is asked for; of the steps that were taken here; and training does not notice. */
static void a_profile_says_where_the_time_went(void **state)
{
    char *path = fyi_path_join(*state, "kernels-fit.json"), *text;
    size_t n;
    const outcome plain = run(&(way){ .dir = *state });
    assert_false(fyi_path_exists(path));
    const outcome measured = run(&(way){ .dir = *state, .profile = true });
    assert_string_equal(plain.head, measured.head);
    check_ok(fyi_file_read(path, 1 << 20, &text, &n));
    check_contains(text, "\"stage\": \"fit\"");
    check_contains(text, "\"waiting\": ");
    check_contains(text, "\"op\": \"adam\"");
    check_contains(text, "\"param\": \"head.");
    fyi_free(text);
    assert_int_equal(run(&(way){ .dir = *state, .profile = true, .stop_at = 7 }).st, FY_ECANCELED);
    check_ok(fyi_file_read(path, 1 << 20, &text, &n));
    check_contains(text, "\"steps\": 7,");
    fyi_free(text);
    check_ok(run(&(way){ .dir = *state, .profile = true, .resume = true }).st);
    check_ok(fyi_file_read(path, 1 << 20, &text, &n));
    char steps[32];
    snprintf(steps, sizeof steps, "\"steps\": %d,", STEPS - 7);
    check_contains(text, steps);
    fyi_free(text);
    fyi_free(path);
}

static void a_loop_by_hand_takes_the_same_steps(void **state)
{
    const outcome whole = run(&(way){ .cache = true });
    (void)state;
    for (int cache = 0; cache < 2; cache++) {
        const outcome o = run(&(way){ .by_hand = true, .cache = cache, .workers = 1 });
        check_ok(o.st);
        assert_string_equal(o.head, whole.head);
    }
    assert_int_equal(run(&(way){ .by_hand = true, .stop_at = 4 }).st, FY_ECANCELED);
    check_sentence("stopped in stage 'fit' after step 4 of 23; nothing was saved");
    assert_int_equal(run(&(way){ .by_hand = true, .cache = true, .is_stopped = true }).st,
                     FY_ECANCELED);
    check_sentence("stopped in stage 'fit' while it was made ready");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(a_profile_says_where_the_time_went),
        IN_DIR(a_stopped_run_resumes_to_the_same_bytes),
        cmocka_unit_test(neither_threads_nor_cache_change_the_result),
        IN_DIR(an_evaluation_that_is_broken_off_never_was),
        IN_DIR(a_stage_stops_while_it_is_made_ready),
        IN_DIR(a_finished_stage_is_not_run_again),
        IN_DIR(an_evaluation_can_end_the_stage),
        cmocka_unit_test(a_loop_by_hand_takes_the_same_steps),
        cmocka_unit_test(views_are_kept_like_samples),
        IN_DIR(features_are_found_by_their_content),
        cmocka_unit_test(evaluations_are_spread_evenly),
        cmocka_unit_test(a_loss_that_is_not_finite_stops_the_run),
        IN_DIR(weights_that_are_not_finite_are_never_saved),
        IN_DIR(a_sentence_names_a_checkpoint_only_if_there_is_one),
        cmocka_unit_test(data_is_kept_once_under_a_name),
        IN_DIR(a_model_of_the_callers_is_looked_at_too),
    };
    return cmocka_run_group_tests_name("stage", tests, NULL, NULL);
}
