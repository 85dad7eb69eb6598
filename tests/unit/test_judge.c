/* Guards the two judges: figures with labels, also of predictions that are not finite, and what predictions
 * say without labels. */
#include "support/support.h"

#include "train/metrics.h"

#include <math.h>
#include <string.h>

/* A dataset of n samples of one pixel with the labels given. */
static fy_dataset *labelled(const int32_t *label, int64_t n, int n_classes)
{
    fy_tensor *x, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, 1, 1, 1), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(n), &y));
    memcpy(fy_tensor_data(y), label, (size_t)n * sizeof *label);
    check_ok(fy_dataset_from_tensors("labelled", x, y, n_classes, &d));
    fy_tensor_free(x);
    fy_tensor_free(y);
    return d;
}

static fy_tensor *logits_of(const float *values, int64_t n, int64_t k)
{
    fy_tensor *t;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, k), &t));
    memcpy(fy_tensor_data(t), values, (size_t)(n * k) * sizeof *values);
    return t;
}

/* ---- with labels ------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct judge_row {
    const char *name, *why;
    int n, k;
    int32_t label[6];
    float logits[18];
    double accuracy, swapped, matched;
} rows[] = {
    { "right", "", 2, 2, { 0, 1 }, { 1, 0, 0, 1 }, 1, 0, 1 },
    { "swapped", "two classes the other way round", 2, 2, { 0, 1 }, { 0, 1, 1, 0 }, 0, 1, 1 },
    { "collapsed", "all ties: class 0", 4, 2, { 0, 1, 1, 1 }, { 0 }, 0.25, 0.75, 0.75 },
    { "three", "no swapped figure; a cycle of classes", 3, 3, { 0, 1, 2 }, { 0, 1, 0, 0, 0, 1, 1, 0, 0 }, 0,
      NAN, 1 },
    { "NaN", "no class: wrong under every name", 4, 2, { 0, 1, 0, 1 },
      { 1, NAN, NAN, 1, NAN, NAN, 0, 1 }, 0.25, 0, 0.25 },
    { "infinite", "inf is a number to argmax", 2, 2, { 0, 1 }, { INFINITY, 0, -INFINITY, -1 }, 1, 0, 1 },
};
/* clang-format on */

static void figures_are_as_computed_by_hand(void **state)
{
    const struct judge_row *row = *state;
    fy_dataset *d = labelled(row->label, row->n, row->k);
    fy_tensor *logits = logits_of(row->logits, row->n, row->k);
    fy_judge *j;
    fy_mark m;
    double accuracy;

    check_ok(fy_judge_new("target", d, &j));
    check_ok(fy_accuracy_of(logits, d, &accuracy)); /* counts as judges do */
    check_close_f64(&accuracy, &row->accuracy, 1, 0, 0);
    fy_dataset_free(d); /* the judge has what it needs */
    check_ok(fy_eye_see(fy_judge_eye(j), NULL, "stage", 5, logits));
    assert_int_equal(fy_judge_count(j), 1);
    m = fy_judge_mark(j, 0);
    assert_int_equal(m.step, 5);
    assert_string_equal(m.stage, "stage");
    check_close_f64(&m.accuracy, &row->accuracy, 1, 0, 0);
    check_close_f64(&m.swapped, &row->swapped, 1, 0, 0);
    check_close_f64(&m.matched, &row->matched, 1, 0, 0);
    fy_judge_free(j);
    fy_tensor_free(logits);
}

static void classes_are_the_largest_or_none(void **state)
{
    const float values[] = { 1, 2, 2, NAN, 9, 9, 3, NAN, 1, 0, 0, 0, -INFINITY, -1, -2 };
    const int32_t expected[] = { 1, -1, -1, 0, 1 };
    int32_t classes[5];
    fy_tensor *logits = logits_of(values, 5, 3);

    (void)state;
    check_ok(fy_classes_of(logits, classes));
    assert_memory_equal(classes, expected, sizeof expected);
    fy_tensor_free(logits);
}

/* Of equals half each, at any size; -inf has nothing. */
static void probabilities_are_those_of_softmax(void **state)
{
    const float values[] = { 5, 5, -INFINITY, 1000, 0, 1000, 0, 1.0986123F, 0 };
    const double expected[] = { 0.5, 0.5, 0, 0.5, 0, 0.5, 0.2, 0.6, 0.2 }; /* the last: 1, 3, 1 */
    double p[9];
    fy_tensor *logits = logits_of(values, 3, 3);

    (void)state;
    check_ok(fy_probabilities_of(logits, p));
    check_close_f64(p, expected, LEN(p), 0, 1e-7);
    fy_tensor_free(logits);
}

static void a_step_judged_again_replaces_its_mark(void **state)
{
    const int32_t label[2] = { 0, 1 };
    const float right[4] = { 1, 0, 0, 1 }, wrong[4] = { 0, 1, 1, 0 };
    fy_dataset *d = labelled(label, 2, 2);
    fy_tensor *a = logits_of(right, 2, 2), *b = logits_of(wrong, 2, 2);
    fy_judge *j;

    (void)state;
    check_ok(fy_judge_new("j", d, &j));
    assert_string_equal(fy_judge_name(j), "j");
    for (int64_t step = 0; step < 20; step++)
        check_ok(fy_eye_see(fy_judge_eye(j), NULL, "s", step, a));
    check_ok(fy_eye_see(fy_judge_eye(j), NULL, "s", 7, b));
    assert_int_equal(fy_judge_count(j), 20);
    assert_true(fy_judge_mark(j, 7).accuracy == 0 && fy_judge_mark(j, 8).accuracy == 1);
    /* The same step of another stage is another mark. */
    check_ok(fy_eye_see(fy_judge_eye(j), NULL, "t", 7, a));
    assert_int_equal(fy_judge_count(j), 21);
    assert_true(fy_judge_mark(j, 7).accuracy == 0 && fy_judge_mark(j, 20).accuracy == 1);
    fy_judge_free(j);
    fy_tensor_free(a);
    fy_tensor_free(b);
    fy_dataset_free(d);
}

static void figures_go_to_the_metrics(void **state)
{
    const int32_t label[3] = { 0, 1, 2 };
    const float right[9] = { 1, 0, 0, 0, 1, 0, 0, 0, 1 }, two[6] = { 1, 0, 0, 1, 0, 1 };
    const char *dir = fyt_path(*state, "run");
    fy_run_opts o = fy_run_defaults();
    fy_dataset *d = labelled(label, 3, 3);
    fy_tensor *a = logits_of(right, 3, 3), *b = logits_of(two, 3, 2);
    fy_judge *j;
    fy_run *r;
    char *text;
    size_t bytes;

    o.dir = dir;
    check_ok(fy_run_open(&o, &r));
    check_ok(fy_judge_new("eye", d, &j));
    check_ok(fy_eye_see(fy_judge_eye(j), r, "adapt", 40, a));
    check_status(fy_eye_see(fy_judge_eye(j), r, "adapt", 41, b), FY_ESHAPE);
    check_sentence("labels of 3 classes but the model knows 2");
    fy_run_close(r);
    check_ok(fyi_file_read(fyt_path(dir, "metrics.jsonl"), 1 << 20, &text, &bytes));
    check_contains(text, "\"adapt\"");
    check_contains(text, "eye.accuracy");
    check_contains(text, "eye.matched");
    assert_null(strstr(text, "swapped")); /* three classes */
    fyi_free(text);
    fy_judge_free(j);
    fy_tensor_free(a);
    fy_tensor_free(b);
    fy_dataset_free(d);
}

static void mistakes_are_named(void **state)
{
    const int32_t label[2] = { 0, 1 };
    const float values[6] = { 0 };
    fy_dataset *d = labelled(label, 2, 2), *blind;
    fy_tensor *longer = logits_of(values, 3, 2), *flat;
    fy_judge *j;

    (void)state;
    check_ok(fy_dataset_unlabel(d, &blind));
    check_status(fy_judge_new("j", blind, &j), FY_EINVAL);
    check_sentence("no labels");
    assert_null(j);
    assert_null(fy_judge_eye(NULL));
    check_ok(fy_judge_new("j", d, &j));
    check_status(fy_eye_see(fy_judge_eye(j), NULL, "s", 0, longer), FY_ESHAPE);
    check_sentence("judge 'j' has 2 labels but was shown predictions of 3");
    check_status(fy_accuracy_of(longer, d, &(double){ 0 }), FY_ESHAPE);
    check_sentence("3 rows for 'labelled', which has 2 samples");
    check_status(fy_accuracy_of(longer, blind, &(double){ 0 }), FY_ESHAPE);
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(2), &flat));
    check_status(fy_classes_of(flat, &(int32_t){ 0 }), FY_ESHAPE);
    check_status(fy_eye_see(fy_judge_eye(j), NULL, "s", 0, flat), FY_ESHAPE);
    check_status(fy_eye_see(fy_judge_eye(j), NULL, "a stage whose name has 33 letters", 0, longer),
                 FY_EINVAL);
    check_sentence("has 33 bytes; marks keep at most 31");
    assert_int_equal(fy_judge_count(j), 0);
    fy_judge_free(j);
    fy_tensor_free(flat);
    fy_tensor_free(longer);
    fy_dataset_free(blind);
    fy_dataset_free(d);
}

/* ---- without labels -------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct signs_row {
    const char *name, *why;
    int n, k;
    float logits[12];
    fy_signs expected;
} signs_rows[] = {
    { "uniform", "knows nothing", 2, 2, { 0 }, { 1, 1, 0, 1, 0 } },
    { "certain and balanced", "all one can ask", 2, 2, { 900, 0, 0, 900 }, { 0, 1, 1, 0.5, 0.5 } },
    { "certain and collapsed", "what entropy alone would praise", 2, 2, { 900, 0, 900, 0 },
      { 0, 0, 0, 1, 0 } },
    { "minus infinity", "probability 0 and no NaN", 2, 2, { 0, -INFINITY, -INFINITY, 0 },
      { 0, 1, 1, 0.5, 0.5 } },
    { "three", "2 of 4 in one class; H(1/2,1/4,1/4) = 1.5 bits of 1.585", 4, 3,
      { 900, 0, 0, 900, 0, 0, 0, 900, 0, 0, 0, 900 },
      { 0, 0.94639463035718, 0.94639463035718, 0.5, 0.25 } },
    { "soft", "p = 3/4, 1/4 both ways", 2, 2, { 1.0986123f, 0, 0, 1.0986123f },
      { 0.811278124459133, 1, 0.188721875540867, 0.5, 0.5 } },
    { "NaN", "one bad row is a bad model", 2, 2, { 1, 0, NAN, 0 }, { NAN, NAN, NAN, NAN, NAN } },
    { "infinity", "no softmax", 2, 2, { 1, 0, INFINITY, 0 }, { NAN, NAN, NAN, NAN, NAN } },
    { "nothing finite", "", 1, 2, { -INFINITY, -INFINITY }, { NAN, NAN, NAN, NAN, NAN } },
};
/* clang-format on */

static void signs_are_as_computed_by_hand(void **state)
{
    const struct signs_row *row = *state;
    fy_tensor *logits = logits_of(row->logits, row->n, row->k);
    fy_signs s;

    check_ok(fy_signs_of(logits, &s));
    check_close_f64(&s.entropy, &row->expected.entropy, 5, 0, 1e-7);
    fy_tensor_free(logits);
}

static void signs_need_two_classes(void **state)
{
    const float values[2] = { 0 };
    fy_tensor *logits = logits_of(values, 2, 1);
    fy_signs s;

    (void)state;
    check_status(fy_signs_of(logits, &s), FY_ESHAPE);
    fy_tensor_free(logits);
}

/* ---- out of memory --------------------------------------------------------------------------------------- */

typedef struct scene {
    fy_dataset *d;
    fy_tensor *logits;
} scene;

static fy_status judge_once(void *arg)
{
    const scene *s = arg;
    fy_judge *j = NULL;
    fy_signs signs;
    fy_status st;

    FYI_FORWARD(fy_judge_new("j", s->d, &j));
    st = fy_eye_see(fy_judge_eye(j), NULL, "s", 0, s->logits);
    if (st == FY_OK)
        st = fy_signs_of(s->logits, &signs);
    fy_judge_free(j);
    return st;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    const int32_t label[2] = { 0, 1 };
    const float values[4] = { 1, 0, 0, 1 };
    scene s = { labelled(label, 2, 2), logits_of(values, 2, 2) };

    (void)state;
    fyt_check_alloc_failures(judge_once, &s);
    fy_dataset_free(s.d);
    fy_tensor_free(s.logits);
}

int main(void)
{
    const struct CMUnitTest fixed[] = {
        cmocka_unit_test(classes_are_the_largest_or_none),
        cmocka_unit_test(probabilities_are_those_of_softmax),
        cmocka_unit_test(a_step_judged_again_replaces_its_mark),
        cmocka_unit_test_setup_teardown(figures_go_to_the_metrics, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(signs_need_two_classes),
        cmocka_unit_test(running_out_of_memory_leaves_nothing),
    };
    struct CMUnitTest tests[LEN(rows) + LEN(signs_rows) + LEN(fixed)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(rows); i++)
        tests[n++] = (struct CMUnitTest){ rows[i].name, figures_are_as_computed_by_hand, NULL, NULL,
                                          (void *)(uintptr_t)&rows[i] };
    for (size_t i = 0; i < LEN(signs_rows); i++)
        tests[n++] = (struct CMUnitTest){ signs_rows[i].name, signs_are_as_computed_by_hand, NULL,
                                          NULL, (void *)(uintptr_t)&signs_rows[i] };
    memcpy(tests + n, fixed, sizeof fixed);
    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
