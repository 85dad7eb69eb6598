/* Guards distillation: the teacher is byte-identical afterwards, the student moves what it says and nothing else,
 * statistics included; teachers whose word is kept teach what teachers who are asked every time teach; a stopped run
 * resumes to the same bytes in every stage; and it learns.
 *
 * timeout: 900 */
#include "support/models.h"
#include "support/stopper.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 28, CLASSES = 10, COUNT = 128, FEW = 64 };

typedef struct setup {
    fy_device *dev;
    fy_dataset *source, *source_val, *target, *target_val, *colour;
    fy_distill_opts o;
    fy_features *features; /* NULL: the run's own */
    int64_t *kept; /* counts samples whose rows the student's stage computes once; NULL: nobody does */
    bool is_alone;    /* no target */
    bool sees_colour; /* the teachers see the source in three channels */
} setup;

static fy_dataset *digits(fy_digit_style style, uint64_t seed, int64_t n, int64_t channels)
{
    fy_digits_opts o = fy_digits_defaults(style);
    fy_dataset *d;
    o.seed = seed;
    o.n = n;
    o.size_px = SIZE;
    o.channels = channels;
    check_ok(fy_digits_open(&o, &d));
    return d;
}

static setup open_setup(void)
{
    setup s = { .source = digits(FY_DIGITS_CLEAN, 1, COUNT, 1),
                .source_val = digits(FY_DIGITS_CLEAN, 2, 60, 1),
                .target = digits(FY_DIGITS_ROTATED, 3, FEW, 1),
                .target_val = digits(FY_DIGITS_ROTATED, 4, 100, 1),
                .colour = digits(FY_DIGITS_CLEAN, 1, COUNT, 3),
                .o = fy_distill_defaults() };
    check_ok(fy_device_open("cpu", &s.dev));
    s.o.teachers[0].family = "lenet";
    s.o.teacher_epochs = 6;
    s.o.moves = "conv1.* conv2.* fc2.*";
    s.o.source_drop = 1; /* whatever it costs: what moves is looked at */
    s.o.epochs = 3;
    s.o.batch = 16;
    s.o.redistil_epochs = 1;
    return s;
}

static void close_setup(setup *s)
{
    fy_dataset_free(s->colour);
    fy_dataset_free(s->target_val);
    fy_dataset_free(s->target);
    fy_dataset_free(s->source_val);
    fy_dataset_free(s->source);
    fy_device_close(s->dev);
}

static void count_kept(void *arg, const fy_progress *p)
{
    if (strcmp(p->stage, "distil, features") == 0 && p->step == p->steps)
        *(int64_t *)arg += p->steps;
}

static fy_status distil(const setup *s, const char *dir, bool resume, fyt_stopper *stop,
                        fy_distill_report *report)
{
    fy_run *r;
    const fy_run_opts o = { .dir = dir,
                            .resume = resume,
                            .features = s->features,
                            .progress = stop      ? fyt_stop_there
                                        : s->kept ? count_kept
                                                  : NULL,
                            .progress_arg = stop ? (void *)stop : s->kept,
                            .cancel = stop ? &stop->flag : NULL,
                            .checkpoint_steps = 3 };
    const fy_distill_data data = { .source = s->source,
                                   .source_val = s->source_val,
                                   .target = s->is_alone ? NULL : s->target,
                                   .target_val = s->is_alone ? NULL : s->target_val,
                                   .source_teacher = s->sees_colour ? s->colour : NULL };
    check_ok(fy_run_open(&o, &r));
    const fy_status st = fy_distill(r, s->dev, &data, &s->o, report);
    fy_run_close(r);
    return st;
}

/* ---- who moved ------------------------------------------------------------------------------------ */

static fy_model *load(const char *dir, const char *file)
{
    return fyt_model_open(fyt_path(dir, file));
}

/* Between the two files exactly what the globs match differs. */
static void check_moved(const char *dir, const char *from, const char *to, const char *globs)
{
    fy_model *a = load(dir, from), *b = load(dir, to);
    char what[128];
    snprintf(what, sizeof what, "from %s to %s", from, to);
    fyt_check_moved(a, b, globs, what);
    fy_model_free(b);
    fy_model_free(a);
}

static void the_teacher_stays_and_the_student_moves_its_part(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    char *first = fyi_path_join(*state, "first"), *second = fyi_path_join(*state, "second");
    char *file = fyi_path_join(first, "teacher.safetensors");
    s.o.redistil_rate = 1;
    s.o.redistil_epochs = 4;
    s.o.redistil_weight = 0;
    s.o.redistil_target = 0.2;
    check_ok(distil(&s, first, false, NULL, &report));
    if (report.student.epoch == 0 || report.redistilled.epoch == 0)
        fail_msg("kept as it began: %.3f and %.3f, then %.3f and %.3f", report.student.source_val,
                 report.student.target_val, report.redistilled.source_val,
                 report.redistilled.target_val);
    check_moved(first, "teacher.safetensors", "student.safetensors", s.o.moves);
    check_moved(first, "student.safetensors", "redistil-1.safetensors", "*");
    assert_int_equal(report.all, 431080);
    assert_int_equal(report.moved, 520 + 25050 + 5010);
    s.o.teachers[0] = (fy_network_opts){ .weights = file, .dropout = -1 };
    check_ok(distil(&s, second, false, NULL, &report));
    check_moved(second, "teacher.safetensors", "student.safetensors", s.o.moves);
    check_same_in(first, second, "teacher.safetensors");
    check_same_in(first, second, "student.safetensors");
    fyi_free(file);
    fyi_free(second);
    fyi_free(first);
    close_setup(&s);
}

/* The head and the block before it, of a network with batch norms: what stays has its statistics as well. */
static void a_copy_moves_its_end_where_nobody_says(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.o.teachers[0] = (fy_network_opts){ .family = "resnet20_cifar", .dropout = -1 };
    s.o.teacher_epochs = 1;
    s.o.epochs = 4;
    s.o.rounds = 0;
    s.o.moves = NULL;
    s.o.finetuned = false;
    fy_dataset_free(s.source);
    fy_dataset_free(s.source_val);
    fy_dataset_free(s.target);
    fy_dataset_free(s.target_val);
    s.source = digits(FY_DIGITS_CLEAN, 1, 48, 3);
    s.source_val = digits(FY_DIGITS_CLEAN, 2, 20, 3);
    s.target = digits(FY_DIGITS_INVERTED, 3, 24, 3);
    s.target_val = digits(FY_DIGITS_INVERTED, 4, 20, 3);
    s.o.source_drop = 1;
    s.o.optim.lr = 0.01;
    check_ok(distil(&s, *state, false, NULL, &report));
    assert_true(report.moved < report.all);
    assert_true(report.student.epoch > 0); /* what is looked at has learnt */
    check_moved(*state, "teacher.safetensors", "student.safetensors", "layer3.* linear.*");
    assert_false(report.redistilled.is_there || report.finetuned.is_there);
    close_setup(&s);
}

/* ---- what teachers say ------------------------------------------------------------------------------ */

/* A cache that has no room for anything. */
static fy_features *no_room(void)
{
    fy_features_opts o = fy_features_defaults();
    fy_features *f;
    o.limit = 1;
    check_ok(fy_features_open(&o, &f));
    return f;
}

/* The figures of a name that a stage has noted, in order; how many. */
static int figures(const char *dir, const char *stage, const char *name, double *v, int room)
{
    char *path = fyi_path_join(dir, "metrics.jsonl"), *text, begin[64], key[64];
    size_t bytes;
    int n = 0;
    check_ok(fyi_file_read(path, 1 << 24, &text, &bytes));
    snprintf(begin, sizeof begin, "{\"stage\": \"%s\",", stage);
    snprintf(key, sizeof key, "\"%s\": ", name);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        const char *at = strncmp(line, begin, strlen(begin)) == 0 ? strstr(line, key) : NULL;
        if (at && n < room)
            v[n++] = strtod(at + strlen(key), NULL);
    }
    fyi_free(text);
    fyi_free(path);
    return n;
}

static double last_loss(const char *dir)
{
    double v[64];
    const int n = figures(dir, "distil", "train.loss", v, LEN(v));
    assert_true(n > 0 && isfinite(v[n - 1]));
    return v[n - 1];
}

/* What teachers say is computed once for each sample and view, kept for the next run as well, and what it would be anew. */
static void a_kept_word_is_a_live_word(void **state)
{
    static const struct {
        const char *why;
        int64_t views;
    } rows[] = { { "samples as they are", 0 }, { "two views of each", 2 } };
    const fy_augment augment = fy_augment_gentle();
    for (size_t i = 0; i < LEN(rows); i++) {
        const int64_t all = (COUNT + FEW) * (rows[i].views > 0 ? rows[i].views : 1);
        fy_features_opts in_files = fy_features_defaults();
        fy_distill_report report;
        setup s = open_setup();
        double loss[3];
        print_message("%s\n", rows[i].why);
        s.o.finetuned = false;
        s.o.rounds = 0;
        s.o.losses = "soft hint attention";
        s.o.taps = "conv2";
        s.o.views = rows[i].views;
        s.o.augment = rows[i].views > 0 ? &augment : NULL;
        fy_features *const none = no_room();
        in_files.dir = fyt_path(*state, rows[i].why);
        check_ok(fy_features_open(&in_files, &s.features));
        fy_features *const with[] = { s.features, s.features, none };
        const int64_t computed[] = { all, 0, 0 };
        for (int k = 0; k < 3; k++) {
            char name[16];
            int64_t kept = 0;
            snprintf(name, sizeof name, "%zu-%d", i, k);
            char *dir = fyi_path_join(*state, name);
            s.features = with[k];
            s.kept = &kept;
            check_ok(distil(&s, dir, false, NULL, &report));
            assert_true(report.teaches_target);
            assert_int_equal(kept, computed[k]);
            loss[k] = last_loss(dir);
            fyi_free(dir);
        }
        assert_true(loss[0] == loss[1]);
        if (!(fabs(loss[0] - loss[2]) <= 1e-6 * fabs(loss[2])))
            fail_msg("%.9g kept, %.9g live", loss[0], loss[2]);
        fy_features_close(with[0]);
        fy_features_close(none);
        close_setup(&s);
    }
}

static const struct lesson_case {
    const char *why, *student, *losses, *taps, *teacher_taps;
    bool is_mutual;
    int n_teachers;
} lessons[] = {
    { "a smaller network of another family", "cnn", "soft", NULL, NULL, false, 1 },
    { "layers of different widths", "cnn", "hint", "features.3", "conv2", false, 1 },
    { "two teachers", "lenet", "soft similarity", "conv2", NULL, false, 2 },
    { "two networks that teach each other", "lenet", "soft", NULL, NULL, true, 1 },
    { "labels alone", "lenet", "", NULL, NULL, false, 1 },
};

static void one_domain_has_many_ways(void **state)
{
    for (size_t i = 0; i < LEN(lessons); i++) {
        const struct lesson_case *c = &lessons[i];
        char name[16];
        setup s = open_setup();
        fy_distill_report report;
        snprintf(name, sizeof name, "way%zu", i);
        char *dir = fyi_path_join(*state, name);
        print_message("%s\n", c->why);
        s.is_alone = true;
        s.o.moves = NULL;
        s.o.student.family = c->student;
        s.o.losses = c->losses;
        s.o.taps = c->taps;
        s.o.teacher_taps = c->teacher_taps;
        s.o.mutual = c->is_mutual;
        s.o.n_teachers = c->n_teachers;
        s.o.teachers[1] = (fy_network_opts){ .family = "linear", .dropout = -1 };
        if (c->taps && c->n_teachers > 1)
            s.o.teachers[1].family = "lenet";
        s.o.teacher_epochs = s.o.epochs = 1;
        check_ok(distil(&s, dir, false, NULL, &report));
        assert_true(report.student.is_there && isfinite(report.student.source));
        assert_true(isnan(report.student.target) && !report.redistilled.is_there);
        assert_string_equal(report.chosen, "student");
        assert_int_equal(report.moved, report.all);
        fyi_free(dir);
        close_setup(&s);
    }
}

/* As it is before the first step. */
static fy_model *untrained_teacher(const setup *s)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;
    o.input = FY_SHAPE(1, SIZE, SIZE);
    o.n_classes = CLASSES;
    o.seed = s->o.seed;
    check_ok(fy_model_open("lenet", "teacher", &o, &m));
    return m;
}

/* The teacher of two that learn together moves as teachers do, and what it learns weighs what its student learns. */
static void a_peer_moves_as_teachers_do(void **state)
{
    static const struct {
        const char *why, *moves, *moved;
        double lr, ce, soft;
    } rows[] = {
        { "all of it", NULL, "*", 0.01, 0.5, 0.9 },
        { "a part", "fc2.*", "fc2.*", 0.01, 0.5, 0.9 },
        { "by soft alone", "fc2.*", "fc2.*", 0.01, 0, 0.9 },
        { "at no rate", NULL, "", 0, 0.5, 0.9 },
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char name[16];
        setup s = open_setup();
        fy_distill_report report;
        snprintf(name, sizeof name, "peer%zu", i);
        char *dir = fyi_path_join(*state, name);
        s.is_alone = s.o.mutual = true;
        s.o.moves = NULL;
        s.o.student.family = "linear";
        s.o.epochs = 1;
        s.o.ce = rows[i].ce;
        s.o.weights = &rows[i].soft;
        s.o.n_weights = 1;
        s.o.teacher_moves = rows[i].moves;
        s.o.teacher_optim = (fy_optim_opts){ .name = "sgd", .lr = rows[i].lr };
        check_ok(distil(&s, dir, false, NULL, &report));
        fy_model *before = untrained_teacher(&s), *after = load(dir, "teacher.safetensors");
        fyt_check_moved(before, after, rows[i].moved, rows[i].why);
        fy_model_free(after);
        fy_model_free(before);
        fyi_free(dir);
        close_setup(&s);
    }
}

/* It learnt colour images; its student sees the same samples in grey. */
static void a_teacher_may_see_something_else(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    char *colour = fyi_path_join(*state, "colour"), *grey = fyi_path_join(*state, "grey");
    char *file = fyi_path_join(colour, "teacher.safetensors");
    fy_dataset *const source = s.source, *const val = s.source_val;
    s.is_alone = true;
    s.o.student.family = "lenet";
    s.o.moves = NULL;
    s.source = s.colour;
    s.source_val = digits(FY_DIGITS_CLEAN, 2, 60, 3);
    check_ok(distil(&s, colour, false, NULL, &report));
    fy_dataset_free(s.source_val);
    s.source = source;
    s.source_val = val;
    s.sees_colour = true;
    check_status(distil(&s, grey, false, NULL, &report), FY_EINVAL);
    check_sentence("give teacher 1's weights");
    s.o.teachers[0].weights = file;
    s.o.losses = "soft hint";
    s.o.taps = "conv1";
    s.o.ce = 0; /* it learns from nobody else */
    s.o.epochs = 8;
    check_ok(distil(&s, grey, false, NULL, &report));
    check_same_in(colour, grey, "teacher.safetensors");
    assert_false(report.teacher.is_there);
    if (!(report.student.source_val > 0.5))
        fail_msg("%.3f right", report.student.source_val);
    fyi_free(file);
    fyi_free(grey);
    fyi_free(colour);
    close_setup(&s);
}

static fy_dataset *some(fy_dataset *d, const int32_t *classes, int n)
{
    static const int32_t relabel[] = { 0, 1, 2, 3, 4, 5 };
    fy_select_opts o = fy_select_defaults();
    fy_dataset *few;
    o.classes = classes;
    o.relabel = relabel;
    o.n_classes = n;
    check_ok(fy_dataset_select(d, &o, &few));
    fy_dataset_free(d);
    return few;
}

static const int32_t low[] = { 0, 1, 2, 3, 4, 5 }, high[] = { 7, 8, 9 };

/* The source's classes come first, the target's behind them, each with columns of its own. */
static void other_classes_get_a_head_of_their_own(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    fy_dataset_free(s.target);
    s.target = some(digits(FY_DIGITS_ROTATED, 3, 120, 1), high, 3);
    s.target_val = some(s.target_val, high, 3);
    s.source = some(s.source, low, 6);
    s.source_val = some(s.source_val, low, 6);
    s.o.epochs = 6;
    check_ok(distil(&s, *state, false, NULL, &report));
    assert_true(isnan(report.teacher.target_val) && !report.teaches_target);
    assert_true(report.student.target_val > 0.5); /* of three classes */
    assert_true(report.student.source_val > 0.4); /* of six: the source's head is still there */
    fy_model *m = load(*state, "student.safetensors");
    assert_int_equal(fy_model_output(m)->d[0], 6 + 3);
    assert_string_equal(fy_model_class_name(m, 5), "5");
    assert_string_equal(fy_model_class_name(m, 6), "7");
    fy_model_free(m);
    close_setup(&s);
}

/* What it says of classes is of no use; of layers and features it is. */
static void a_teacher_may_know_other_classes(void **state)
{
    static const int32_t others[] = { 4, 5, 6, 7, 8, 9 };
    setup s = open_setup();
    fy_distill_report report;
    char *first = fyi_path_join(*state, "first"), *second = fyi_path_join(*state, "second");
    char *file = fyi_path_join(first, "teacher.safetensors");
    s.is_alone = true;
    s.o.moves = NULL;
    s.o.student.family = "lenet";
    s.source = some(s.source, low, 6);
    s.source_val = some(s.source_val, low, 6);
    check_ok(distil(&s, first, false, NULL, &report));
    fy_dataset_free(s.source);
    fy_dataset_free(s.source_val);
    s.source = digits(FY_DIGITS_CLEAN, 5, COUNT, 1);
    s.source_val = digits(FY_DIGITS_CLEAN, 6, 60, 1);
    s.o.teachers[0] = (fy_network_opts){ .weights = file, .dropout = -1 };
    check_status(distil(&s, second, false, NULL, &report), FY_ESHAPE);
    check_sentence(
        "the student has 10 classes and the teacher 6; losses on features or layers, such "
        "as hint and similarity, do not ask for that");
    s.source = some(s.source, others, 6);
    s.source_val = some(s.source_val, others, 6);
    check_status(distil(&s, second, false, NULL, &report), FY_EINVAL);
    check_sentence("class 0 of teacher 1 is '0' and of ");
    check_sentence("'4'; what it says of classes can be learnt where they are the same");
    s.o.losses = "hint similarity";
    s.o.weights = (const double[]){ 0.1, 10 };
    s.o.n_weights = 2;
    s.o.epochs = 6;
    check_ok(distil(&s, second, false, NULL, &report));
    check_same_in(first, second, "teacher.safetensors");
    if (!(report.student.source_val > 0.5)) /* of six classes */
        fail_msg("%.3f right", report.student.source_val);
    fyi_free(file);
    fyi_free(second);
    fyi_free(first);
    close_setup(&s);
}

/* Those that the source has keep their columns; some of them and some others are neither. */
static void some_of_the_sources_classes_are_the_same(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.target = some(s.target, low + 3, 3);
    s.target_val = some(s.target_val, low + 3, 3);
    s.o.epochs = s.o.teacher_epochs = s.o.rounds = 1;
    s.o.finetuned = false;
    check_ok(distil(&s, *state, false, NULL, &report));
    assert_false(isnan(report.teacher.target_val));
    fy_model *m = load(*state, "student.safetensors");
    assert_int_equal(fy_model_output(m)->d[0], CLASSES);
    fy_model_free(m);
    s.source = some(s.source, low, 5);
    s.source_val = some(s.source_val, low, 5);
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("both have a class '3', but not all of the target's are the source's");
    close_setup(&s);
}

/* ---- stopping --------------------------------------------------------------------------------------- */

static void a_stopped_run_resumes_to_the_same_bytes(void **state)
{
    static const struct {
        const char *stage;
        int64_t at;
    } stops[] = { { "teacher", 4 },    { "distil", 1 },     { "distil", 5 },
                  { "redistil-1", 2 }, { "redistil-2", 5 }, { "finetune", 2 } };
    static const char *const files[] = { "teacher.safetensors",     "student.safetensors",
                                         "redistilled.safetensors", "finetuned.safetensors",
                                         "chosen.safetensors",      "metrics.jsonl" };
    setup s = open_setup();
    fy_distill_report whole_report, report;
    char *whole = fyi_path_join(*state, "whole"), *broken = fyi_path_join(*state, "broken");
    s.o.losses = "soft hint";
    s.o.taps = "conv2";
    s.o.rounds = 2;
    s.o.weights = (const double[]){ 0.01, 0.01 }; /* so that the source is lost, */
    s.o.n_weights = 2;
    s.o.ce = 1;
    s.o.redistil_rate = 1; /* the first round helps, and there is a second */
    s.o.redistil_weight = 0;
    s.o.redistil_target = 0.2;
    s.o.redistil_epochs = 3;
    check_ok(distil(&s, whole, false, NULL, &whole_report));
    assert_int_equal(whole_report.rounds, 2);
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at, .sees_all = true };
        assert_int_equal(distil(&s, broken, i > 0, &stop, &report), FY_ECANCELED);
    }
    s.o.workers = 2;
    check_ok(distil(&s, broken, true, NULL, &report));
    for (size_t i = 0; i < LEN(files); i++)
        check_same_in(whole, broken, files[i]);
    assert_string_equal(report.chosen, whole_report.chosen);
    assert_true(report.student.source_val == whole_report.student.source_val);
    fyi_free(broken);
    fyi_free(whole);
    close_setup(&s);
}

/* ---- when it is enough ------------------------------------------------------------------------------- */

/* Of the validation accuracies of an unhindered run: the best before the last epoch's, which is reached early. */
static double best_before_last(const double *v, int n, int *epoch)
{
    *epoch = 0;
    for (int i = 1; i + 1 < n; i++)
        if (v[i] > v[*epoch])
            *epoch = i;
    assert_true(*epoch > 0);
    return v[*epoch];
}

/* Epochs of the plain fine-tuning: it was looked at before the first, too. */
static int finetuned_epochs(const char *dir)
{
    double v[16];
    return figures(dir, "finetune", "val.target", v, LEN(v)) - 1;
}

static void a_lesson_ends_when_it_is_enough(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    char *whole = fyi_path_join(*state, "whole"), *early = fyi_path_join(*state, "early"),
         *at_once = fyi_path_join(*state, "at-once");
    double v[16];
    int epoch;
    s.o.rounds = 0;
    s.o.epochs = 5;
    check_ok(distil(&s, whole, false, NULL, &report));
    assert_int_equal(report.epochs, 5);
    assert_int_equal(finetuned_epochs(whole), 5);
    const int n = figures(whole, "distil", "val.target", v, LEN(v));
    s.o.target_accuracy = best_before_last(v, n, &epoch) - 1e-6;
    check_ok(distil(&s, early, false, NULL, &report));
    assert_int_equal(report.epochs, epoch);
    assert_int_equal(report.student.epoch, epoch);
    assert_int_equal(finetuned_epochs(early), epoch);
    s.o.target_accuracy = 1e-3; /* as it begins */
    check_ok(distil(&s, at_once, false, NULL, &report));
    assert_int_equal(report.epochs, 0);
    assert_int_equal(report.student.epoch, 0);
    fyi_free(at_once);
    fyi_free(early);
    fyi_free(whole);
    close_setup(&s);
}

static void a_lesson_ends_when_patience_does(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.o.rounds = 0;
    s.o.epochs = 6;
    s.o.patience = 2;
    s.o.optim.lr = 0; /* nothing becomes better */
    check_ok(distil(&s, *state, false, NULL, &report));
    assert_int_equal(report.epochs, 2);
    assert_int_equal(report.student.epoch, 0);
    assert_int_equal(finetuned_epochs(*state), 2);
    close_setup(&s);
}

/* ---- learning ---------------------------------------------------------------------------------------- */

static void it_learns_the_target_and_keeps_the_source(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    fy_dataset_free(s.source);
    s.source = digits(FY_DIGITS_CLEAN, 1, 300, 1);
    s.o.teacher_epochs = 6;
    s.o.epochs = 8;
    s.o.source_drop = 0.05;
    s.o.ce = 0.9;
    s.o.weights = (const double[]){ 0.1 };
    s.o.n_weights = 1;
    check_ok(distil(&s, *state, false, NULL, &report));
    if (!(report.student.target_val > report.teacher.target_val + 0.1))
        fail_msg("%.3f of the target before, %.3f after", report.teacher.target_val,
                 report.student.target_val);
    assert_true(report.holds);
    assert_true(report.student.source_val >= report.teacher.source_val - 0.05);
    assert_true(strcmp(report.chosen, "teacher") != 0);
    assert_true(report.finetuned.epoch > 0);
    check_moved(*state, "teacher.safetensors", "finetuned.safetensors", "*");
    close_setup(&s);
}

/* The teacher's copy learns the target by labels alone, and R the source again: `word` is that of S on the target. */
static fy_distill_report redistilled(const char *dir, uint64_t seed, double word)
{
    setup s = open_setup();
    fy_distill_report report;
    s.o.seed = seed;
    s.o.finetuned = false;
    s.o.moves = "*";
    s.o.losses = "";
    s.o.ce = 1;
    s.o.epochs = 6;
    s.o.redistil_epochs = 4;
    s.o.redistil_rate = 1;
    s.o.redistil_weight = 0;
    s.o.redistil_target = word;
    check_ok(distil(&s, dir, false, NULL, &report));
    close_setup(&s);
    return report;
}

/* A student that lost some of the source: what is made of it has that again, and has not forgotten the target. */
static void redistillation_regains_the_source(void **state)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        const char name[] = { 'r', (char)('0' + seed), 0 };
        const fy_distill_report report = redistilled(fyt_path(*state, name), seed, 1);
        const fy_distill_figures *t = &report.teacher, *s = &report.student,
                                 *r = &report.redistilled;
        print_message("T %.3f and %.3f, S %.3f and %.3f, R %.3f and %.3f\n", t->source_val,
                      t->target_val, s->source_val, s->target_val, r->source_val, r->target_val);
        assert_true(s->source_val < t->source_val - 0.05 && s->target_val > t->target_val + 0.05);
        assert_true(r->source_val > s->source_val + 0.05 && r->target_val >= s->target_val);
    }
}

/* S's word on the target is what keeps that. */
static void a_word_on_the_target_keeps_it(void **state)
{
    const fy_distill_report with = redistilled(fyt_path(*state, "with"), 0, 1),
                            without = redistilled(fyt_path(*state, "without"), 0, 0);
    assert_true(with.redistilled.target_val > without.redistilled.target_val + 0.03);
}

/* A teacher that has learnt ten times as many samples as its students will. */
static void teach(setup *s, const char *dir, uint64_t seed)
{
    fy_distill_report report;
    s->is_alone = true;
    s->o.seed = seed;
    s->o.moves = NULL;
    s->o.student.family = "lenet";
    fy_dataset_free(s->source);
    fy_dataset_free(s->source_val);
    s->source_val = digits(FY_DIGITS_ROTATED, 2, 300, 1);
    s->source = digits(FY_DIGITS_ROTATED, 11 + seed, 600, 1);
    s->o.epochs = 1;
    check_ok(distil(s, dir, false, NULL, &report));
    fy_dataset_free(s->source);
    s->source = digits(FY_DIGITS_ROTATED, 21 + seed, 40, 1);
    s->o.epochs = 20;
    s->o.optim.lr = 3e-3;
}

static void a_teachers_word_teaches_more_than_labels(void **state)
{
    static const struct {
        const char *losses;
        double ce;
    } ways[] = { { "soft", 0.1 }, { "", 1 } };
    for (uint64_t seed = 0; seed < 3; seed++) {
        setup s = open_setup();
        fy_distill_report report[2];
        const char *dir = fyt_path(*state, (const char[]){ 't', (char)('0' + seed), 0 });
        teach(&s, dir, seed);
        char *file = fyi_path_join(dir, "teacher.safetensors");
        s.o.teachers[0] = (fy_network_opts){ .weights = file, .dropout = -1 };
        for (int i = 0; i < 2; i++) {
            const char name[] = { (char)('a' + i), (char)('0' + seed), 0 };
            s.o.losses = ways[i].losses;
            s.o.ce = ways[i].ce;
            check_ok(distil(&s, fyt_path(*state, name), false, NULL, &report[i]));
        }
        print_message("teacher %.3f, by its word %.3f, by labels %.3f\n", report[0].teacher.source,
                      report[0].student.source, report[1].student.source);
        assert_true(report[0].student.source > report[1].student.source + 0.03);
        fyi_free(file);
        close_setup(&s);
    }
}

/* What an edit replaces is new, also where it has the shape of what stood there. */
static void an_edited_layer_begins_anew(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.o.student.edit = "replace fc1 linear 500";
    s.o.moves = "conv1.*";
    s.o.optim.lr = 0; /* as it began */
    s.o.teacher_epochs = s.o.epochs = 1;
    s.o.rounds = 0;
    s.o.finetuned = false;
    check_ok(distil(&s, *state, false, NULL, &report));
    check_moved(*state, "teacher.safetensors", "student.safetensors", "fc1.*");
    close_setup(&s);
}

/* ---- mistakes ---------------------------------------------------------------------------------------- */

/* What is not said is as in open_setup. */
static const struct mistake {
    const char *sentence, *losses, *taps, *teacher_taps, *moves, *student;
    double weights[2];
    int n_weights;
    int64_t views, batch;
    bool is_mutual, is_alone;
} mistakes[] = {
    { "did you mean 'soft'?", .losses = "sof" },
    { "losses: 'soft,hint' has a comma; blanks separate names", .losses = "soft,hint" },
    { "'student' has no layer 'conv9'; did you mean 'conv1'? 'ferry inspect --model lenet' lists "
      "them",
      .losses = "soft hint", .taps = "conv9" },
    { "1 of the student's layers, 'conv2', beside 2 of the teacher's", .losses = "soft hint",
      .taps = "conv2", .teacher_taps = "conv1 conv2" },
    { "0 of the student's layers, '', beside 1 of the teacher's, 'conv2'", .losses = "hint",
      .teacher_taps = "conv2" },
    { "taps is 'conv2', and none of the losses 'soft rkd_distance' reads layers",
      .losses = "soft rkd_distance", .taps = "conv2" },
    { "1 weights for 2 losses, 'soft hint'", .losses = "soft hint", .weights = { 1 },
      .n_weights = 1 },
    { "the weight of 'hint' is -1; expected 0 or more", .losses = "soft hint", .weights = { 1, -1 },
      .n_weights = 2 },
    { "the weight of 'soft' is nan; expected 0 or more", .losses = "soft hint",
      .weights = { NAN, 1 }, .n_weights = 2 },
    { "nobody has said what 'correlation' usually weighs; give weights", .losses = "correlation" },
    { "4 views of each sample are asked for, and nothing augments them", .views = 4 },
    { "moves is 'layer4.*', which names no parameter of the student", .moves = "layer4.*" },
    { "name the student's family", .is_mutual = true },
    { "have one domain", .is_mutual = true, .student = "linear" },
    { "learn from each other by soft, and losses is 'hint'; name soft among them", .losses = "hint",
      .is_mutual = true, .is_alone = true, .student = "lenet" },
    { "half of a batch of 200 is of", .batch = 200 },
};

static void what_makes_no_sense_is_refused(void **state)
{
    for (size_t i = 0; i < LEN(mistakes); i++) {
        const struct mistake *m = &mistakes[i];
        setup s = open_setup();
        fy_distill_report report;
        s.o.losses = m->losses ? m->losses : s.o.losses;
        s.o.taps = m->taps;
        s.o.teacher_taps = m->teacher_taps;
        s.o.moves = m->moves;
        s.o.student.family = m->student;
        s.o.weights = m->weights;
        s.o.n_weights = m->n_weights;
        s.o.views = m->views;
        s.o.batch = m->batch > 0 ? m->batch : s.o.batch;
        s.o.mutual = m->is_mutual;
        s.is_alone = m->is_alone;
        check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
        check_sentence(m->sentence);
        close_setup(&s);
    }
}

static void what_is_not_there_is_named(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    fy_dataset *const val = s.target_val;
    s.target_val = NULL;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("'digits.thin-rotated' has no validation samples");
    s.target_val = val;
    s.o.teachers[0] = (fy_network_opts){ .weights = "/nowhere.safetensors" };
    check_status(distil(&s, *state, false, NULL, &report), FY_EIO);
    s.o.teachers[0] = (fy_network_opts){ 0 };
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("teacher has neither a family nor weights");
    close_setup(&s);
}

/* Numbers of the options, and what they may be. */
static const struct number {
    const char *name;
    size_t at;
    enum { REAL, WHOLE, INT } type;
    double least, most;
} numbers[] = {
#define NUMBER(member, type, least, most)                             \
    {                                                                 \
#member, offsetof(fy_distill_opts, member), type, least, most \
    }
    NUMBER(n_teachers, INT, 1, FY_MAX_TEACHERS),
    NUMBER(teacher_epochs, WHOLE, 1, 1e9),
    NUMBER(teacher_optim.lr, REAL, 0, 1e6),
    NUMBER(ce, REAL, 0, 1e6),
    NUMBER(source_ce, REAL, 0, 1e6),
    NUMBER(label_smoothing, REAL, 0, 0.99),
    NUMBER(l2_sp, REAL, 0, 1e6),
    NUMBER(optim.lr, REAL, 0, 1e6),
    NUMBER(epochs, WHOLE, 1, 1e9),
    NUMBER(batch, WHOLE, 2, 65536),
    NUMBER(source_drop, REAL, 0, 1),
    NUMBER(target_accuracy, REAL, 0, 1),
    NUMBER(patience, WHOLE, 0, 1e9),
    NUMBER(rounds, WHOLE, 0, 2),
    NUMBER(redistil_epochs, WHOLE, 1, 1e9),
    NUMBER(redistil_rate, REAL, 0, 10),
    NUMBER(redistil_weight, REAL, 0, 1),
    NUMBER(redistil_target, REAL, 0, 1e6),
    NUMBER(views, WHOLE, 0, 1e6),
    NUMBER(workers, INT, 0, 64),
#undef NUMBER
};

static void set_number(fy_distill_opts *o, const struct number *n, double v)
{
    void *at = (char *)o + n->at;
    if (n->type == REAL)
        *(double *)at = v;
    else if (n->type == WHOLE)
        *(int64_t *)at = (int64_t)v;
    else
        *(int *)at = (int)v;
}

/* Is v told to be outside? What else is wrong, the teacher's file at the latest, comes after that. */
static bool is_refused(const setup *s, const char *dir, const struct number *n, double v)
{
    char sentence[160];
    fy_distill_report report;
    setup with = *s;
    set_number(&with.o, n, v);
    assert_int_not_equal(distil(&with, dir, false, NULL, &report), FY_OK);
    snprintf(sentence, sizeof sentence, "distill: %s is %g; expected %g to %g", n->name, v,
             n->least, n->most);
    return strcmp(fy_last_error(), sentence) == 0;
}

static void numbers_have_bounds(void **state)
{
    const fy_augment augment = fy_augment_gentle();
    setup s = open_setup();
    s.o.augment = &augment;
    for (int i = 0; i < FY_MAX_TEACHERS; i++)
        s.o.teachers[i].weights = "/nowhere.safetensors";
    for (size_t i = 0; i < LEN(numbers); i++) {
        const struct number *n = &numbers[i];
        const double step = n->type == REAL ? 0.001 : 1;
        assert_false(is_refused(&s, *state, n, n->least));
        assert_false(is_refused(&s, *state, n, n->most));
        assert_true(is_refused(&s, *state, n, n->least - step));
        assert_true(is_refused(&s, *state, n, n->most + step));
        if (n->type == REAL)
            assert_true(is_refused(&s, *state, n, NAN));
    }
    close_setup(&s);
}

/* Labels of samples that are mixed with others, and weights that leave nothing. */
static void nothing_is_learnt_from_what_is_not_there(void **state)
{
    static const char *const losses[] = { "crd", "dkd" };
    setup s = open_setup();
    fy_distill_report report;
    fy_augment mixes = fy_augment_none();
    mixes.mix.mixup_alpha = 1;
    s.is_alone = true;
    s.o.student.family = "lenet";
    s.o.moves = NULL;
    s.o.augment = &mixes;
    s.o.teacher_epochs = s.o.epochs = 1;
    for (size_t i = 0; i < LEN(losses); i++) {
        s.o.losses = losses[i];
        check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
        check_sentence("asks for the label of each; leave out mixup and cutmix");
    }
    s.o.augment = NULL;
    s.o.losses = "soft";
    s.o.weights = (const double[]){ 0 };
    s.o.n_weights = 1;
    s.o.ce = 0;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("there is nothing to learn from");
    close_setup(&s);
}

static void smoothing_needs_labels(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.o.teachers[0].weights = "/nowhere.safetensors";
    s.o.label_smoothing = 0.1;
    s.o.ce = 0;
    check_status(distil(&s, *state, false, NULL, &report), FY_EIO); /* the last stage has labels */
    s.o.finetuned = false;
    check_status(distil(&s, *state, false, NULL, &report), FY_EIO); /* so has re-distillation */
    s.o.redistil_weight = 1;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("label_smoothing is 0.1, and nobody learns from labels");
    close_setup(&s);
}

/* A teacher from a file says what values it learnt from. */
static void teachers_know_their_pixels(void **state)
{
    static const fy_pixels halves = { 1, SIZE, 0, 0, { 0.5f }, { 0.5f } };
    static const fy_pixels as_they_are = { .channels = 1, .size = SIZE };
    setup s = open_setup();
    fy_distill_report report;
    char *first = fyi_path_join(*state, "first"), *second = fyi_path_join(*state, "second");
    char *file = fyi_path_join(first, "teacher.safetensors");
    s.is_alone = true;
    s.o.student.family = "linear";
    s.o.moves = NULL;
    s.o.teacher_epochs = s.o.epochs = 1;
    s.o.pixels = &halves;
    check_ok(distil(&s, first, false, NULL, &report));
    s.o.n_teachers = 2;
    s.o.teachers[1] = (fy_network_opts){ .weights = file, .dropout = -1 };
    s.o.pixels = &as_they_are;
    check_status(distil(&s, second, false, NULL, &report), FY_EINVAL);
    check_sentence("knows pixels without a mean of 0.5 and a deviation of 0.5 in channel 1, and is "
                   "shown them without 0 and 1; prepare them as it knows them");
    check_sentence("teacher 2, '");
    s.o.teachers[1].learns = true; /* it gets used to them */
    s.o.teachers[1].family = "lenet";
    check_ok(distil(&s, second, false, NULL, &report));
    fyi_free(file);
    fyi_free(second);
    fyi_free(first);
    close_setup(&s);
}

/* What a teacher's file says of the network nobody else may. */
static void a_file_says_its_own_form(void **state)
{
    static const struct {
        const char *name;
        fy_network_opts o;
    } rows[] = { { "width", { .dropout = -1, .width = 2 } },
                 { "dropout", { .dropout = 0 } },
                 { "pool", { .dropout = -1, .pool = "max" } },
                 { "classes", { .dropout = -1, .classes = CLASSES } } };
    setup s = open_setup();
    fy_model *m = untrained_teacher(&s);
    const char *file = fyt_path(*state, "teacher.safetensors");
    check_ok(fy_model_save(m, file));
    fy_model_free(m);
    for (size_t i = 0; i < LEN(rows); i++) {
        fy_distill_report report;
        char sentence[64];
        s.o.teachers[0] = rows[i].o;
        s.o.teachers[0].weights = file;
        snprintf(sentence, sizeof sentence, "the teacher's %s is given, and its file", rows[i].name);
        check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
        check_sentence(sentence);
    }
    close_setup(&s);
}

static void teachers_samples_are_paired(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.is_alone = s.sees_colour = true;
    s.o.student.family = "lenet";
    s.o.moves = NULL;
    s.o.teachers[0].weights = "/nowhere.safetensors";
    fy_dataset_free(s.colour);
    s.colour = digits(FY_DIGITS_CLEAN, 1, 127, 3);
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("has 128 samples and 'digits.clean', which teachers see instead, 127");
    fy_dataset_free(s.colour);
    s.colour = digits(FY_DIGITS_CLEAN, 9, COUNT, 3);
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("pair them one by one");
    close_setup(&s);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(the_teacher_stays_and_the_student_moves_its_part),
        WITH_DIR(a_copy_moves_its_end_where_nobody_says),
        WITH_DIR(a_kept_word_is_a_live_word),
        WITH_DIR(one_domain_has_many_ways),
        WITH_DIR(a_peer_moves_as_teachers_do),
        WITH_DIR(a_teacher_may_see_something_else),
        WITH_DIR(other_classes_get_a_head_of_their_own),
        WITH_DIR(a_teacher_may_know_other_classes),
        WITH_DIR(some_of_the_sources_classes_are_the_same),
        WITH_DIR(a_stopped_run_resumes_to_the_same_bytes),
        WITH_DIR(a_lesson_ends_when_it_is_enough),
        WITH_DIR(a_lesson_ends_when_patience_does),
        WITH_DIR(it_learns_the_target_and_keeps_the_source),
        WITH_DIR(redistillation_regains_the_source),
        WITH_DIR(a_word_on_the_target_keeps_it),
        WITH_DIR(a_teachers_word_teaches_more_than_labels),
        WITH_DIR(an_edited_layer_begins_anew),
        WITH_DIR(what_makes_no_sense_is_refused),
        WITH_DIR(what_is_not_there_is_named),
        WITH_DIR(numbers_have_bounds),
        WITH_DIR(nothing_is_learnt_from_what_is_not_there),
        WITH_DIR(smoothing_needs_labels),
        WITH_DIR(teachers_know_their_pixels),
        WITH_DIR(a_file_says_its_own_form),
        WITH_DIR(teachers_samples_are_paired),
    };
    return cmocka_run_group_tests_name("distill", tests, NULL, NULL);
}
