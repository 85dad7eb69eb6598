/* Guards fine-tuning: each way moves what it says and nothing else, byte for byte, statistics included; a stopped
 * run resumes to the same bytes in every part; and it learns.
 *
 * timeout: 300 */
#include "support/models.h"
#include "support/stopper.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 32, COUNT = 64, CLASSES = 10 };

typedef struct setup {
    fy_device *dev;
    fy_dataset *train, *val;
    fy_finetune_opts o;
} setup;

static fy_dataset *digits(uint64_t seed, int64_t n)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    fy_dataset *d;
    o.seed = seed;
    o.n = n;
    o.size_px = SIZE;
    o.channels = 3;
    check_ok(fy_digits_open(&o, &d));
    return d;
}

/* A narrow network with batch norms and a dropout before its head. */
static setup open_setup(void)
{
    setup s = { .train = digits(1, COUNT), .val = digits(2, 32), .o = fy_finetune_defaults() };
    check_ok(fy_device_open("cpu", &s.dev));
    s.o.family = "mobilenet_v2";
    s.o.width = 0.25;
    s.o.batch = 16;
    s.o.head_epochs = 1;
    s.o.epochs = 2;
    s.o.groups = 2;
    return s;
}

static void close_setup(setup *s)
{
    fy_dataset_free(s->val);
    fy_dataset_free(s->train);
    fy_device_close(s->dev);
}

static fy_status tune(const setup *s, const char *dir, bool resume, fyt_stopper *stop,
                      fy_finetune_report *report)
{
    fy_run *r;
    const fy_run_opts o = { .dir = dir,
                            .resume = resume,
                            .progress = stop ? fyt_stop_there : NULL,
                            .progress_arg = stop,
                            .cancel = stop ? &stop->flag : NULL,
                            .checkpoint_steps = 3 };
    const fy_finetune_data data = { .train = s->train, .val = s->val };
    check_ok(fy_run_open(&o, &r));
    const fy_status st = fy_finetune(r, s->dev, &data, &s->o, report);
    fy_run_close(r);
    return st;
}

/* ---- who moved ------------------------------------------------------------------------------------ */

static fy_model *open_model(const setup *s, const char *dir, const char *file)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;
    o.input = *fy_dataset_shape(s->train);
    o.n_classes = CLASSES;
    o.width = (float)s->o.width;
    o.seed = s->o.seed;
    check_ok(fy_model_open(s->o.family, "model", &o, &m));
    if (file) {
        char *path = fyi_path_join(dir, file);
        check_ok(fy_model_load(m, path));
        fyi_free(path);
    }
    return m;
}

/* Exactly what the globs match has moved since the model was made. */
static void check_moved(const setup *s, const char *dir, const char *globs)
{
    fy_model *before = open_model(s, dir, NULL), *after = open_model(s, dir, "last.safetensors");
    char what[96];
    snprintf(what, sizeof what, "train=%s freeze=%s", s->o.train, s->o.freeze ? s->o.freeze : "");
    fyt_check_moved(before, after, globs, what);
    fy_model_free(after);
    fy_model_free(before);
}

static void check_stayed(const setup *s, const char *dir, const char *file, const char *globs)
{
    fy_model *before = open_model(s, dir, NULL), *after = open_model(s, dir, file);
    for (int i = 0; i < fy_model_count(before); i++)
        if (fy_glob(globs, fy_model_param_name(before, i)) && !fyt_is_same_param(before, after, i))
            fail_msg("'%s' moved", fy_model_param_name(before, i));
    fy_model_free(after);
    fy_model_free(before);
}

static const struct way {
    const char *train, *freeze, *moves;
    int64_t epochs; /* all parts together */
    const char *why;
} ways[] = {
    { "head", NULL, "classifier.*", 2, "feature extraction" },
    { "all", NULL, "*", 2, "running statistics too" },
    { "head-first", NULL, "*", 3, "one part of the head and one of all" },
    { "gradual", NULL, "*", 4, "the head, with the upper half, with the lower" },
    { "all", "features.0.* features.1.*", "* !features.0.* !features.1.*", 2,
      "with their statistics" },
    { "all", "classifier.*", "* !classifier.*", 2, "a group without a rate" },
};

static void each_way_moves_what_it_says(void **state)
{
    for (size_t i = 0; i < LEN(ways); i++) {
        char name[16];
        setup s = open_setup();
        fy_finetune_report report;
        snprintf(name, sizeof name, "way%zu", i);
        char *dir = fyi_path_join(*state, name);
        s.o.train = ways[i].train;
        s.o.freeze = ways[i].freeze;
        check_ok(tune(&s, dir, false, NULL, &report));
        assert_int_equal(report.epochs, ways[i].epochs);
        check_moved(&s, dir, ways[i].moves);
        fyi_free(dir);
        close_setup(&s);
    }
}

/* A rate of nothing for what is below the first group: plain gradient descent leaves its weights where they are. */
static void groups_have_rates_of_their_own(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    s.o.train = "all";
    s.o.lr_decay = 0;
    s.o.optim = (fy_optim_opts){ .name = "sgd", .lr = 0.05 };
    check_ok(tune(&s, *state, false, NULL, &report));
    check_moved(&s, *state, "classifier.* *.running_mean *.running_var");
    close_setup(&s);
}

/* ---- stopping --------------------------------------------------------------------------------------- */

static void a_stopped_run_resumes_to_the_same_bytes(void **state)
{
    static const struct {
        const char *stage;
        int64_t at;
    } stops[] = { { "head, range test", 3 }, { "head", 1 }, { "head", 4 }, { "top-2", 2 },
                  { "all, range test", 7 },  { "all", 1 },  { "all", 5 } };
    setup s = open_setup();
    fy_finetune_report whole_report, report;
    char *whole = fyi_path_join(*state, "whole"), *broken = fyi_path_join(*state, "broken");
    s.o.train = "gradual";
    s.o.freeze = "features.0.*";
    s.o.find_lr = true;
    s.o.l2_sp = 0.1;
    s.o.ema = 0.8;
    s.o.schedule = "onecycle";
    check_ok(tune(&s, whole, false, NULL, &whole_report));
    assert_true(whole_report.lr > 5e-7); /* no suggestion comes from the range test's first steps */
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at, .sees_all = true };
        assert_int_equal(tune(&s, broken, i > 0, &stop, &report), FY_ECANCELED);
    }
    s.o.workers = 2;
    check_ok(tune(&s, broken, true, NULL, &report));
    check_same_in(whole, broken, "last.safetensors");
    check_same_in(whole, broken, "best.safetensors");
    check_same_in(whole, broken, "metrics.jsonl");
    assert_true(report.lr == whole_report.lr && report.best_epoch == whole_report.best_epoch);
    check_stayed(&s, broken, "last.safetensors", "features.0.*");
    check_stayed(&s, broken, "best.safetensors", "features.0.*");
    fyi_free(broken);
    fyi_free(whole);
    close_setup(&s);
}

/* After the first checkpoint the directory is enough: the pretrained file may be gone. */
static void a_resumed_run_needs_no_weights(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    fyt_stopper stop = { .stage = "head", .at = 2, .sees_all = true };
    char *base = fyi_path_join(*state, "base"), *whole = fyi_path_join(*state, "whole");
    char *broken = fyi_path_join(*state, "broken"), *file = fyi_path_join(base, "last.safetensors");
    s.o.epochs = 1;
    check_ok(tune(&s, base, false, NULL, &report));
    s.o.weights = file;
    s.o.l2_sp = 0.1;
    s.o.seed = 5;
    check_ok(tune(&s, whole, false, NULL, &report));
    assert_int_equal(tune(&s, broken, false, &stop, &report), FY_ECANCELED);
    assert_int_equal(remove(file), 0);
    check_ok(tune(&s, broken, true, NULL, &report));
    check_same_in(whole, broken, "last.safetensors");
    check_same_in(whole, broken, "best.safetensors");
    check_same_in(whole, broken, "metrics.jsonl");
    check_same_in(whole, broken, "weights.json");
    fyi_free(file);
    fyi_free(broken);
    fyi_free(whole);
    fyi_free(base);
    close_setup(&s);
}

/* ---- averages ---------------------------------------------------------------------------------------- */

enum { AVERAGED = 4 };

/* a += (1 - d) (w - a) over all values of two models, in double. */
static void average(fy_model *w, double *a, double d)
{
    for (int i = 0; i < fy_model_count(w); i++) {
        const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(w, i)));
        float *v = fyi_calloc((size_t)n, sizeof *v);
        check_ok(fy_param_read(fy_model_param(w, i), v, n));
        for (int64_t k = 0; k < n; k++)
            a[k] += (1 - d) * ((double)v[k] - a[k]);
        a += n;
        fyi_free(v);
    }
}

static int64_t count_all(const fy_model *m)
{
    int64_t n = 0;
    for (int i = 0; i < fy_model_count(m); i++)
        n += fy_shape_numel(fy_param_shape(fy_model_param(m, i)));
    return n;
}

/* One step an epoch: what a shorter run ends with is what a longer one passes through, and the averages of these are
 * what is kept. */
static void the_kept_model_is_the_average(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    char *averaged = fyi_path_join(*state, "averaged");
    s.o.family = "resnet20_cifar"; /* which gets better with every step */
    s.o.width = 0;
    fy_model *m = open_model(&s, NULL, NULL);
    const int64_t n = count_all(m);
    double *by_hand = fyi_calloc((size_t)n, sizeof *by_hand),
           *kept = fyi_calloc((size_t)n, sizeof *kept);
    s.o.train = "all";
    s.o.freeze = "conv1.* bn1.*";
    s.o.batch = COUNT;
    s.o.schedule = "constant";
    s.o.optim.lr = 0.01;
    s.o.epochs = AVERAGED;
    s.o.ema = 0.25;
    check_ok(tune(&s, averaged, false, NULL, &report));
    assert_in_range(report.best_epoch, 2, AVERAGED); /* a model that is an average of several */
    check_stayed(&s, averaged, "best.safetensors", s.o.freeze);
    s.o.ema = 0;
    for (int e = 1; e <= AVERAGED; e++) {
        char name[32];
        snprintf(name, sizeof name, "plain%d", e);
        char *dir = fyi_path_join(*state, name);
        s.o.epochs = e;
        fy_finetune_report plain;
        check_ok(tune(&s, dir, false, NULL, &plain));
        fy_model_free(m);
        m = open_model(&s, dir, "last.safetensors");
        const double warm = (double)e / (9 + e);
        if (e <= report.best_epoch)
            average(m, by_hand, e == 1 ? 0 : warm < 0.25 ? warm : 0.25);
        if (e == AVERAGED)
            check_same_in(averaged, dir, "last.safetensors"); /* training did not notice */
        fyi_free(dir);
    }
    fy_model_free(m);
    m = open_model(&s, averaged, "best.safetensors");
    average(m, kept, 0);
    check_close_f64(kept, by_hand, n, 1e-5, 1e-6);
    fy_model_free(m);
    fyi_free(kept);
    fyi_free(by_hand);
    fyi_free(averaged);
    close_setup(&s);
}

/* ---- learning ---------------------------------------------------------------------------------------- */

static void it_learns(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    fy_dataset_free(s.train);
    s.train = digits(1, 320);
    s.o.family = "lenet";
    s.o.width = 0;
    s.o.train = "all";
    s.o.batch = 32;
    s.o.epochs = 6;
    s.o.optim.lr = 0.03;
    s.o.label_smoothing = 0.1;
    s.o.warmup_epochs = 1;
    s.o.optim.clip_norm = 5;
    check_ok(tune(&s, *state, false, NULL, &report));
    if (!(report.accuracy >= 0.8))
        fail_msg("%.3f right after %lld epochs", report.accuracy, (long long)report.epochs);
    assert_true(report.before < 0.4);
    assert_true(isnan(report.test_accuracy));
    close_setup(&s);
}

/* Squared distance of the last model from the first, statistics and head aside. */
static double distance(const setup *s, const char *dir)
{
    fy_model *before = open_model(s, dir, NULL), *after = open_model(s, dir, "last.safetensors");
    double sum = 0;
    for (int i = 0; i < fy_model_count(before); i++) {
        const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(before, i)));
        float *a = fyi_calloc((size_t)n, sizeof *a), *b = fyi_calloc((size_t)n, sizeof *b);
        check_ok(fy_param_read(fy_model_param(before, i), a, n));
        check_ok(fy_param_read(fy_model_param(after, i), b, n));
        for (int64_t k = 0;
             k < n && fy_glob("* !*.running_* !classifier.*", fy_model_param_name(before, i)); k++)
            sum += (double)(a[k] - b[k]) * (double)(a[k] - b[k]);
        fyi_free(b);
        fyi_free(a);
    }
    fy_model_free(after);
    fy_model_free(before);
    return sum;
}

static void l2_sp_pulls_towards_the_beginning(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    char *free_dir = fyi_path_join(*state, "free"), *held = fyi_path_join(*state, "held");
    s.o.train = "all";
    s.o.optim = (fy_optim_opts){ .name = "sgd", .lr = 0.05 };
    check_ok(tune(&s, free_dir, false, NULL, &report));
    s.o.l2_sp = 10;
    check_ok(tune(&s, held, false, NULL, &report));
    const double far = distance(&s, free_dir), near = distance(&s, held);
    if (!(near < 0.5 * far))
        fail_msg("%g without, %g with", far, near);
    fyi_free(held);
    fyi_free(free_dir);
    close_setup(&s);
}

static void patience_ends_a_part(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    s.o.train = "all";
    s.o.epochs = 20;
    s.o.patience = 2;
    s.o.optim = (fy_optim_opts){ .name = "sgd", .lr = 0 }; /* nothing gets better */
    check_ok(tune(&s, *state, false, NULL, &report));
    assert_true(report.epochs < 20);
    assert_int_equal(report.epochs, report.best_epoch + 2);
    close_setup(&s);
}

/* ---- mistakes ---------------------------------------------------------------------------------------- */

static void what_makes_no_sense_is_refused(void **state)
{
    setup s = open_setup();
    fy_finetune_report report;
    s.o.train = "heads";
    check_status(tune(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("train is 'heads'; expected head, all, head-first or gradual");
    s.o.train = "all";
    s.o.freeze = "layer1.*";
    check_status(tune(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("freeze names 'layer1.*', which matches no parameter of 'mobilenet_v2'");
    s.o.freeze = "*";
    check_status(tune(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("nothing is left to move");
    s.o.freeze = NULL;
    s.o.batch = COUNT + 1;
    check_status(tune(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("batch is 65 and 'digits");
    s.o.batch = 16;
    s.o.ema = 1;
    check_status(tune(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("the averages' decay, ema, is 1; expected 0 (none) to below 1");
    s.o.ema = 0;
    s.o.schedule = "cosin";
    check_status(tune(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("did you mean 'cosine'?");
    s.o.schedule = "cosine";
    s.o.weights = "/nowhere.pth";
    check_status(tune(&s, *state, false, NULL, &report), FY_EIO);
    close_setup(&s);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(each_way_moves_what_it_says),
        IN_DIR(groups_have_rates_of_their_own),
        IN_DIR(a_stopped_run_resumes_to_the_same_bytes),
        IN_DIR(a_resumed_run_needs_no_weights),
        IN_DIR(the_kept_model_is_the_average),
        IN_DIR(it_learns),
        IN_DIR(l2_sp_pulls_towards_the_beginning),
        IN_DIR(patience_ends_a_part),
        IN_DIR(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
