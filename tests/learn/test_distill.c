/* Guards distillation: the teacher is byte-identical afterwards, the student moves what it says and nothing else,
 * statistics included; teachers whose word is kept teach what teachers who are asked every time teach; a stopped run
 * resumes to the same bytes in every stage; and it learns.
 *
 * timeout: 600 */
#include "support/models.h"
#include "support/stopper.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 28, CLASSES = 10, COUNT = 128 };

typedef struct setup {
    fy_device *dev;
    fy_dataset *source, *source_val, *target, *target_val, *colour;
    fy_distill_opts o;
    fy_features *features; /* NULL: the run's own */
    bool is_alone;         /* no target */
    bool sees_colour;      /* the teachers see the source in three channels */
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
                .target = digits(FY_DIGITS_ROTATED, 3, 64, 1),
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

static fy_status distil(const setup *s, const char *dir, bool resume, fyt_stopper *stop,
                        fy_distill_report *report)
{
    fy_run *r;
    const fy_run_opts o = { .dir = dir,
                            .resume = resume,
                            .features = s->features,
                            .progress = stop ? fyt_stop_there : NULL,
                            .progress_arg = stop,
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
    char *path = fyi_path_join(dir, file);
    const fy_model_opts o = fy_model_defaults();
    fy_weights *w;
    fy_model *m;
    check_ok(fy_weights_open(path, &w));
    check_ok(fy_model_open_saved(w, NULL, "model", &o, &m));
    fy_weights_close(w);
    check_ok(fy_model_load(m, path));
    fyi_free(path);
    return m;
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
    s.o.epochs = 1;
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
    if (report.student.epoch > 0)
        check_moved(*state, "teacher.safetensors", "student.safetensors", "layer3.* fc.*");
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

static double last_loss(const char *dir)
{
    size_t bytes;
    char *path = fyi_path_join(dir, "metrics.jsonl"), *text;
    check_ok(fyi_file_read(path, 1 << 24, &text, &bytes));
    const char *at = text;
    double v = NAN;
    while ((at = strstr(at, "\"train.loss\": ")) != NULL) {
        at += strlen("\"train.loss\": ");
        v = strtod(at, NULL);
    }
    fyi_free(text);
    fyi_free(path);
    return v;
}

static void a_kept_word_is_a_live_word(void **state)
{
    setup s = open_setup();
    fy_distill_report kept, live;
    char *a = fyi_path_join(*state, "kept"), *b = fyi_path_join(*state, "live");
    s.o.finetuned = false;
    s.o.rounds = 0;
    s.o.losses = "soft hint attention";
    s.o.taps = "conv2";
    check_ok(distil(&s, a, false, NULL, &kept));
    s.features = no_room();
    check_ok(distil(&s, b, false, NULL, &live));
    fy_features_close(s.features);
    const double of_kept = last_loss(a), of_live = last_loss(b);
    assert_true(isfinite(of_kept));
    if (!(fabs(of_kept - of_live) <= 1e-6 * fabs(of_live)))
        fail_msg("%.9g kept, %.9g live", of_kept, of_live);
    fyi_free(b);
    fyi_free(a);
    close_setup(&s);
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
    s.o.teacher_epochs = 1;
    check_ok(distil(&s, whole, false, NULL, &whole_report));
    for (size_t i = 0; i < LEN(stops); i++) {
        fyt_stopper stop = { .stage = stops[i].stage, .at = stops[i].at, .sees_all = true };
        if (strcmp(stops[i].stage, "redistil-2") == 0 && whole_report.rounds < 2)
            continue;
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

static void what_makes_no_sense_is_refused(void **state)
{
    setup s = open_setup();
    fy_distill_report report;
    s.o.losses = "sof";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("soft");
    s.o.losses = "soft hint";
    s.o.taps = "conv9";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("'student' has no layer 'conv9'; did you mean 'conv1'? 'ferry inspect --model "
                   "lenet' lists them");
    s.o.taps = "conv2";
    s.o.teacher_taps = "conv1 conv2";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("1 of the student's layers, 'conv2', beside 2 of the teacher's");
    s.o.teacher_taps = NULL;
    s.o.weights = (const double[]){ 1 };
    s.o.n_weights = 1;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("1 weights for 2 losses, 'soft hint'");
    s.o.weights = (const double[]){ 1, -1 };
    s.o.n_weights = 2;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("the weight of 'hint' is -1; expected 0 or more");
    s.o.n_weights = 0;
    s.o.losses = "soft,hint";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("losses: 'soft,hint' has a comma; blanks separate names");
    s.o.losses = "correlation";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("nobody has said what 'correlation' usually weighs; give weights");
    s.o.losses = "soft hint";
    s.o.views = 4;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("4 views of each sample are asked for, and nothing augments them");
    s.o.views = 0;
    s.o.moves = "layer4.*";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("moves is 'layer4.*', which names no parameter of the student");
    s.o.moves = NULL;
    s.o.mutual = true;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("name the student's family");
    s.o.student.family = "linear";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("have one domain");
    s.is_alone = true;
    s.o.losses = "hint";
    s.o.student.family = "lenet";
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("learn from each other by soft, and losses is 'hint'; name soft among them");
    s.is_alone = false;
    s.o.losses = "soft hint";
    s.o.student.family = NULL;
    s.o.mutual = false;
    s.o.rounds = 3;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("3 rounds of re-distillation; expected 0 to 2");
    s.o.rounds = 1;
    s.o.batch = 200;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("half of a batch of 200 is of");
    s.o.batch = 16;
    fy_dataset_free(s.target_val);
    s.target_val = NULL;
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("'digits.thin-rotated' has no validation samples");
    s.target_val = digits(FY_DIGITS_ROTATED, 4, 50, 1);
    s.o.teachers[0] = (fy_network_opts){ .weights = "/nowhere.safetensors" };
    check_status(distil(&s, *state, false, NULL, &report), FY_EIO);
    s.o.teachers[0] = (fy_network_opts){ 0 };
    check_status(distil(&s, *state, false, NULL, &report), FY_EINVAL);
    check_sentence("teacher has neither a family nor weights");
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
        WITH_DIR(some_of_the_sources_classes_are_the_same),
        WITH_DIR(a_stopped_run_resumes_to_the_same_bytes),
        WITH_DIR(it_learns_the_target_and_keeps_the_source),
        WITH_DIR(an_edited_layer_begins_anew),
        WITH_DIR(what_makes_no_sense_is_refused),
        WITH_DIR(nothing_is_learnt_from_what_is_not_there),
        WITH_DIR(smoothing_needs_labels),
        WITH_DIR(teachers_know_their_pixels),
        WITH_DIR(teachers_samples_are_paired),
    };
    return cmocka_run_group_tests_name("distill", tests, NULL, NULL);
}
