/* Guards evaluating a predictor over data: the figures of its logits, the surest mistakes with their pictures and
 * names, classes by another number, and the file that the report reads. */
#include "support/support.h"

#include <ferry/train.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { K = 4, N = 7 };

/* Samples are 1x1x4 pictures that are their own logits. */
static const float logits[N][K] = {
    { 9, 0, 0, 0 }, { 0, 3, 0, 0 }, { 0, 5, 0, 0 }, { 0, 0, 1, 0 },
    { 0, 0, 0, 5 }, { 2, 0, 0, 0 }, { 0, 0, 8, 0 },
};
static const int32_t labels[N] = { 0, 0, 0, 2, 0, 1, 2 };

typedef struct site {
    fy_device *dev;
    fy_model *model;
    fy_predictor *predictor;
    fy_dataset *data;
} site;

/* A linear layer that gives back what it gets. */
static void open_identity(site *s)
{
    fy_model_opts o = fy_model_defaults();
    float w[K * K] = { 0 }, b[K] = { 0 };

    o.input = FY_SHAPE(1, 1, K);
    o.n_classes = K;
    for (int i = 0; i < K; i++)
        w[i * K + i] = 1;
    check_ok(fy_model_open("linear", "net", &o, &s->model));
    check_ok(fy_param_write(fy_model_find(s->model, "fc.weight"), w, (int64_t)K * K));
    check_ok(fy_param_write(fy_model_find(s->model, "fc.bias"), b, K));
    check_ok(fy_device_open("cpu", &s->dev));
    check_ok(fy_predictor_new(s->dev, &s->model, 1, 3, &s->predictor));
}

static void open_data(site *s, const float *x, const int32_t *y, int n_classes)
{
    fy_tensor *tx, *ty = NULL;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 1, 1, K), &tx));
    memcpy(fy_tensor_data(tx), x, sizeof logits);
    if (y != NULL) {
        check_ok(fy_tensor_new(FY_I32, FY_SHAPE(N), &ty));
        memcpy(fy_tensor_data(ty), y, sizeof labels);
    }
    check_ok(fy_dataset_from_tensors("logits", tx, ty, n_classes, &s->data));
    fy_tensor_free(ty);
    fy_tensor_free(tx);
}

static int open_site(void **state)
{
    static site s;

    s = (site){ 0 };
    open_identity(&s);
    open_data(&s, logits[0], labels, K);
    *state = &s;
    return 0;
}

static int close_site(void **state)
{
    site *s = *state;

    fy_dataset_free(s->data);
    fy_predictor_free(s->predictor);
    fy_model_free(s->model);
    fy_device_close(s->dev);
    return 0;
}

static fy_evaluation *evaluate(site *s, const fy_evaluate_opts *o)
{
    fy_evaluation *e;

    check_ok(fy_evaluate(s->predictor, s->data, o, &e));
    return e;
}

static void figures_are_those_of_the_logits(void **state)
{
    fy_evaluation *e = evaluate(*state, NULL);
    const fy_figures *f;
    fy_scores *s;

    check_ok(fy_scores_new(K, &s));
    check_ok(fy_scores_add(s, logits[0], labels, N));
    check_ok(fy_scores_figures(s, &f));
    assert_int_equal(e->figures->n, N);
    check_close_f64(&e->figures->accuracy, &f->accuracy, 1, 1e-12, 0);
    check_close_f64(&e->figures->nll, &f->nll, 1, 1e-6, 0);
    check_close_f64(&e->figures->ece, &f->ece, 1, 1e-6, 0);
    assert_int_equal(e->first_not_finite, -1);
    fy_scores_free(s);
    fy_evaluation_free(e);
}

static void logits_that_are_there_give_the_same(void **state)
{
    site *s = *state;
    fy_evaluation *from_model = evaluate(s, NULL), *e;
    fy_tensor *t, *few;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, K), &t));
    memcpy(fy_tensor_data(t), logits, sizeof logits);
    check_ok(fy_evaluate_logits(t, s->data, NULL, &e));
    assert_string_equal(e->json, from_model->json);
    assert_int_equal(e->n_mistakes, from_model->n_mistakes);
    for (int i = 0; i < e->n_mistakes; i++) {
        assert_int_equal(e->mistakes[i].origin, from_model->mistakes[i].origin);
        assert_memory_equal(e->mistakes[i].pixels, from_model->mistakes[i].pixels, K);
    }
    fy_evaluation_free(e);
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N - 1, K), &few));
    check_status(fy_evaluate_logits(few, s->data, NULL, &e), FY_ESHAPE);
    check_sentence("6 rows of logits are to be judged by the 7 labels of 'logits'");
    assert_null(e);
    fy_tensor_free(few);
    fy_tensor_free(t);
    fy_evaluation_free(from_model);
}

static void the_surest_mistakes_come_first(void **state)
{
    static const int64_t expected[] = { 2, 4, 1, 5 }; /* 2 and 4 are as sure: in their order */
    fy_evaluate_opts o = fy_evaluate_defaults();

    for (int most = 0; most <= 4; most++) {
        fy_evaluation *e;

        o.n_mistakes = most;
        e = evaluate(*state, &o);
        assert_int_equal(e->n_mistakes, most);
        for (int i = 0; i < most; i++)
            assert_int_equal(e->mistakes[i].origin, expected[i]);
        if (most > 0) {
            assert_int_equal(e->mistakes[0].predicted, 1);
            assert_int_equal(e->mistakes[0].label, 0);
            check_close_f64(&e->mistakes[0].p, &(double){ exp(5) / (exp(5) + 3) }, 1, 1e-6, 0);
        }
        fy_evaluation_free(e);
    }
}

static void pictures_are_shown_as_they_were(void **state)
{
    const fy_pixels p = { 1, 0, 0, 0, { 0.5f }, { 0.1f } };
    fy_evaluate_opts o = fy_evaluate_defaults();
    fy_evaluation *e = evaluate(*state, &o);

    assert_int_equal(e->picture.d[2], K);
    assert_memory_equal(e->mistakes[0].pixels, ((const uint8_t[]){ 0, 255, 0, 0 }), K);
    fy_evaluation_free(e);
    o.pixels = &p; /* 0.5 + 0.1 * 5 */
    e = evaluate(*state, &o);
    assert_memory_equal(e->mistakes[0].pixels, ((const uint8_t[]){ 128, 255, 128, 128 }), K);
    fy_evaluation_free(e);
}

static void classes_go_by_the_models_numbers(void **state)
{
    static const int32_t class_of[] = { 1, 0, 2, 3 };
    static const char *const names[] = { "b", "a", "c", "d" };
    fy_evaluate_opts o = fy_evaluate_defaults();
    fy_evaluation *e;

    o.class_of = class_of;
    o.class_names = names;
    e = evaluate(*state, &o);
    check_close_f64(&e->figures->accuracy, &(double){ 5.0 / 7 }, 1, 1e-12, 0);
    assert_string_equal(e->class_names[1], "a");
    fy_evaluation_free(e);
    o.class_of = (const int32_t[]){ 9, 0, 2, 3 };
    check_status(fy_evaluate(((site *)*state)->predictor, ((site *)*state)->data, &o, &e),
                 FY_EINVAL);
    check_sentence("is of class 9, the model knows 0 .. 3");
}

static void the_file_holds_all_of_it(void **state)
{
    static const fy_about about[] = { { "precision", "f32" }, { "data", "x" } };
    fy_evaluation *e = evaluate(*state, NULL);
    char dir[] = "evaluate-XXXXXX", path[64];
    json_t *root;

    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/eval.json", dir);
    check_ok(fy_evaluation_write(e, about, 2, path));
    root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_array_size(json_object_get(root, "confusion")), K);
    assert_int_equal(json_array_size(json_object_get(root, "reliability")), FY_CALIBRATION_BINS);
    assert_int_equal(json_array_size(json_object_get(json_object_get(root, "mistakes"), "samples")),
                     4);
    assert_true(json_is_null(json_object_get(root, "top5")));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(root, "about"), "precision")), "f32");
    json_decref(root);
    root = json_loads(e->json, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "count")), N);
    json_decref(root);
    fy_evaluation_free(e);
    (void)remove(path);
    (void)remove(dir);
}

static void what_cannot_be_evaluated_is_a_sentence(void **state)
{
    site *s = *state;
    float x[N][K];
    fy_evaluation *e;

    memcpy(x, logits, sizeof x);
    fy_dataset_free(s->data);
    open_data(s, logits[0], NULL, 0);
    check_status(fy_evaluate(s->predictor, s->data, NULL, &e), FY_EINVAL);
    check_sentence("has no labels");
    assert_null(e);
    fy_dataset_free(s->data);
    x[4][0] = NAN;
    open_data(s, x[0], labels, K);
    e = evaluate(s, NULL);
    assert_int_equal(e->figures->n_not_finite, 1);
    assert_int_equal(e->first_not_finite, 4);
    fy_evaluation_free(e);
}

static fy_status stop(void *arg, const fy_rows *rows)
{
    int *n = arg;

    assert_int_equal(rows->first, 3 * *n);
    assert_int_equal(rows->n, *n < 2 ? 3 : 1);
    assert_true(rows->values[0] == logits[rows->first][0]);
    return ++*n == 9 ? fy_error(FY_EIO, "stopped") : FY_OK;
}

static void batches_are_lent_in_order(void **state)
{
    site *s = *state;
    int n = 0;

    check_ok(fy_predict_each(s->predictor, s->data, stop, &n));
    assert_int_equal(n, 3);
}

static fy_status attempt(void *arg)
{
    site *s = arg;
    fy_evaluation *e;

    FYI_FORWARD(fy_evaluate(s->predictor, s->data, NULL, &e));
    fy_evaluation_free(e);
    return FY_OK;
}

static void running_out_of_memory_leaves_nothing(void **state)
{
    fyt_check_alloc_failures(attempt, *state);
}

int main(void)
{
#define AT_SITE(test) cmocka_unit_test_setup_teardown(test, open_site, close_site)
    const struct CMUnitTest tests[] = {
        AT_SITE(figures_are_those_of_the_logits),
        AT_SITE(the_surest_mistakes_come_first),
        AT_SITE(pictures_are_shown_as_they_were),
        AT_SITE(classes_go_by_the_models_numbers),
        AT_SITE(the_file_holds_all_of_it),
        AT_SITE(what_cannot_be_evaluated_is_a_sentence),
        AT_SITE(batches_are_lent_in_order),
        AT_SITE(running_out_of_memory_leaves_nothing),
        AT_SITE(logits_that_are_there_give_the_same),
    };
    return cmocka_run_group_tests_name("evaluate", tests, NULL, NULL);
}
