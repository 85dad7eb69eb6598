/* Guards trained source models from files: two parts, or a whole that comes apart where the family allows it, and
 * says so where it does not. */
#include "support/support.h"

#include "methods/pretrained.h"

#include <string.h>

#define CLASSES 10

typedef struct fixture {
    fy_device *dev;
    fy_dataset *source;
    fy_model *encoder, *classifier;
} fixture;

static fy_model *open_model(const char *family, const char *name, fy_shape input, int64_t classes,
                            uint64_t seed)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = input;
    o.n_classes = classes;
    o.hidden = strcmp(family, "linear") == 0 ? 0 : 24;
    o.seed = seed;
    check_ok(fy_model_open(family, name, &o, &m));
    return m;
}

static fixture open_fixture(const char *family)
{
    fy_digits_opts d = fy_digits_defaults(FY_DIGITS_CLEAN);
    fixture f;

    d.n = 12;
    check_ok(fy_device_open("cpu", &f.dev));
    check_ok(fy_digits_open(&d, &f.source));
    f.encoder = open_model(family, "source", FY_SHAPE(1, 28, 28), 0, 1);
    f.classifier = open_model("linear", "classifier", FY_SHAPE(24), CLASSES, 2);
    return f;
}

static void close_fixture(fixture *f)
{
    fy_model_free(f->classifier);
    fy_model_free(f->encoder);
    fy_dataset_free(f->source);
    fy_device_close(f->dev);
}

/* Saves a model of its own seed under dir/name. */
static const char *saved(const char *dir, const char *name, const char *family, fy_shape input,
                         int64_t classes)
{
    fy_model *m = open_model(family, "saved", input, classes, 7);
    const char *path = fyt_path(dir, name);

    check_ok(fy_model_save(m, path));
    fy_model_free(m);
    return path;
}

static fy_status load(const fixture *f, const char *encoder, const char *classifier)
{
    const pretrained p = {
        { .path = encoder }, { .path = classifier }, f->encoder, f->classifier, f->source
    };

    return pretrained_load(f->dev, &p);
}

/* Of all samples [12, 10]; freed by the caller. */
static fy_tensor *logits(const fixture *f, fy_model *const *chain, int n)
{
    fy_tensor *t, **outs[2] = { NULL, NULL };
    fy_predictor *p;

    outs[n - 1] = &t;
    check_ok(fy_predictor_new(f->dev, chain, n, 12, &p));
    check_ok(fy_predict(p, f->source, outs));
    fy_predictor_free(p);
    return t;
}

static void a_whole_model_comes_apart(void **state)
{
    fixture f = open_fixture("lenet");
    fy_model *whole = open_model("lenet", "saved", FY_SHAPE(1, 28, 28), CLASSES, 7);
    fy_model *const parts[] = { f.encoder, f.classifier };
    fy_tensor *once, *apart;

    check_ok(load(&f, saved(*state, "whole", "lenet", FY_SHAPE(1, 28, 28), CLASSES), NULL));
    once = logits(&f, &whole, 1);
    apart = logits(&f, parts, 2);
    check_close(fy_tensor_const_data(apart), fy_tensor_const_data(once), 12 * CLASSES, 1e-5, 1e-6);
    fy_tensor_free(apart);
    fy_tensor_free(once);
    fy_model_free(whole);
    close_fixture(&f);
}

static void two_files_are_two_models(void **state)
{
    fixture f = open_fixture("lenet");
    const char *encoder = saved(*state, "e", "lenet", FY_SHAPE(1, 28, 28), 0);
    const char *classifier = saved(*state, "c", "linear", FY_SHAPE(24), CLASSES);
    fy_model *want = open_model("linear", "classifier", FY_SHAPE(24), CLASSES, 2);
    char a[65], b[65];

    check_ok(load(&f, encoder, classifier));
    check_ok(fy_model_load(want, classifier));
    check_ok(fy_model_hash(want, a));
    check_ok(fy_model_hash(f.classifier, b));
    assert_string_equal(a, b);
    fy_model_free(want);
    close_fixture(&f);
}

/* "student." and "teacher." stand before two models' names, and only one is meant. */
static void a_prefix_says_which_is_meant(void **state)
{
    fixture f = open_fixture("lenet");
    fy_model *linear = open_model("linear", "classifier", FY_SHAPE(784), 3, 2);
    const pretrained_file parts = { .path = fyt_golden_path("torch/parts.pth"), .part = "ema" };
    pretrained p = { .encoder_file = { .path = saved(*state, "e", "lenet", FY_SHAPE(1, 28, 28), 0),
                                       .part = "",
                                       .prefix = "" },
                     .classifier_file = parts,
                     .encoder = f.encoder,
                     .classifier = linear,
                     .samples = f.source };
    float bias[3];

    check_status(pretrained_load(f.dev, &p), FY_EINVAL);
    check_sentence("under 'student.' as well as under 'teacher.'");
    p.classifier_file.prefix = "teacher.";
    check_status(pretrained_load(f.dev, &p), FY_ESHAPE); /* strict: the other is too much */
    check_sentence("2 that the model does not know, the first is 'student.fc.weight'");
    p.classifier_file.part = NULL;
    p.classifier_file.prefix = NULL;
    check_ok(pretrained_load(f.dev, &p));
    check_ok(fy_param_read(fy_model_find(linear, "fc.bias"), bias, 3));
    assert_true(bias[0] == 1 && bias[1] == 0);
    fy_model_free(linear);
    close_fixture(&f);
}

static const struct bad_row {
    const char *name, *family, *file_family;
    int64_t classes;
    const char *sentence;
} bad_rows[] = {
    { "encoder alone", "lenet", "lenet", 0,
      "the first is 'fc2.weight'; check that the file belongs to this family; names are "
      "torchvision's; or "
      "give encoder and classifier in files of their own" },
    { "other classes", "lenet", "lenet", 3,
      "'fc2.weight', [3, 24] in the file and [10, 24] in the model" },
    { "other family", "lenet", "digits_encoder", CLASSES, "open a model of the file's family" },
    { "ReLU between", "digits_encoder", "digits_encoder", CLASSES,
      "the family 'digits_encoder' does more between features and classes" },
};

static void what_does_not_fit_is_refused(void **state)
{
    const struct bad_row *row = *state;
    fixture f = open_fixture(row->family);
    void *dir;

    assert_int_equal(fyt_tmpdir_setup(&dir), 0);
    assert_true(load(&f, saved(dir, "w", row->file_family, FY_SHAPE(1, 28, 28), row->classes),
                     NULL) != FY_OK);
    check_sentence(row->sentence);
    fyt_tmpdir_teardown(&dir);
    close_fixture(&f);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, fyt_tmpdir_setup, fyt_tmpdir_teardown)

int main(void)
{
    struct CMUnitTest tests[3 + LEN(bad_rows)] = {
        IN_DIR(a_whole_model_comes_apart),
        IN_DIR(two_files_are_two_models),
        IN_DIR(a_prefix_says_which_is_meant),
    };

    for (size_t i = 0; i < LEN(bad_rows); i++)
        tests[3 + i] = (struct CMUnitTest){ bad_rows[i].name, what_does_not_fit_is_refused, NULL,
                                            NULL, (void *)(uintptr_t)&bad_rows[i] };
    return cmocka_run_group_tests_name("pretrained", tests, NULL, NULL);
}
