/* Guards predictors that keep what is frozen: the same bytes as one that keeps nothing, after every change of
 * what moves, for any number of datasets. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <string.h>

enum { F = 5, BATCH = 8, SETS = FY_PREDICTOR_KEEPS + 2 };

static fy_node two_layers(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fy_layer_linear(l, "fc1", x, 9, true);
    x = fy_layer_dropout(l, fy_relu(fy_layers_graph(l), x), 0.3f);
    return fy_layer_linear(l, "fc2", x, o->n_classes, true);
}

static fy_dataset *blobs(int n, uint64_t seed)
{
    fy_tensor *x;
    fy_dataset *d;
    fy_rng r = fy_rng_named(seed, "blobs");
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(n, F), &x));
    for (int i = 0; i < n * F; i++)
        ((float *)fy_tensor_data(x))[i] = fy_rng_normal(&r);
    check_ok(fy_dataset_from_tensors("blobs", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

typedef struct fixture {
    fy_device *dev;
    fy_model *m;
    fy_predictor *plain, *keeping;
} fixture;

static void open_fixture(fixture *f, const char *moves)
{
    const fy_model_opts o = { .input = FY_SHAPE(F), .n_classes = 3, .seed = 1 };
    check_ok(fy_device_open("cpu", &f->dev));
    check_ok(fy_model_new("m", two_layers, &o, &f->m));
    check_ok(fy_predictor_new(f->dev, &f->m, 1, BATCH, &f->plain));
    check_ok(fy_predictor_new_moving(
        f->dev, &f->m, 1, &(fy_moving_opts){ .batch = BATCH, .moves = moves }, &f->keeping));
}

static void close_fixture(fixture *f)
{
    fy_predictor_free(f->keeping);
    fy_predictor_free(f->plain);
    fy_model_free(f->m);
    fy_device_close(f->dev);
}

static bool are_same(const fy_tensor *a, const fy_tensor *b)
{
    return fy_tensor_numel(a) == fy_tensor_numel(b) &&
           memcmp(fy_tensor_const_data(a), fy_tensor_const_data(b),
                  (size_t)fy_tensor_numel(a) * sizeof(float)) == 0;
}

static bool agree(const fixture *f, const fy_dataset *d)
{
    fy_tensor *a = NULL, *b = NULL, **into_a[] = { &a }, **into_b[] = { &b };
    check_ok(fy_predict(f->plain, d, into_a));
    check_ok(fy_predict(f->keeping, d, into_b));
    const bool same = are_same(a, b);
    fy_tensor_free(a);
    fy_tensor_free(b);
    return same;
}

static void change(fy_model *m, const char *param)
{
    float v[9 * F];
    fy_param *p = fy_model_find(m, param);
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    check_ok(fy_param_read(p, v, n));
    for (int64_t i = 0; i < n; i++)
        v[i] = v[i] * 1.5f + 0.1f;
    check_ok(fy_param_write(p, v, n));
}

static void what_is_frozen_is_computed_once(void **state)
{
    (void)state;
    fixture f;
    fy_dataset *sets[SETS];
    open_fixture(&f, "fc2.*");
    for (int i = 0; i < SETS; i++)
        sets[i] = blobs(1 + 7 * i, (uint64_t)i);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < SETS; i++)
            for (int again = 0; again < 2; again++)
                assert_true(agree(&f, sets[i]));
        change(f.m, "fc2.weight");
    }
    /* What was said to stay is not looked at again: that is how one sees that it was kept. */
    change(f.m, "fc1.weight");
    assert_false(agree(&f, sets[SETS - 1]));
    for (int i = 0; i < SETS; i++)
        fy_dataset_free(sets[i]);
    close_fixture(&f);
}

static void nothing_is_kept_where_everything_moves(void **state)
{
    (void)state;
    fixture f;
    fy_dataset *d = blobs(11, 3);
    open_fixture(&f, "*");
    assert_true(agree(&f, d));
    change(f.m, "fc1.weight");
    assert_true(agree(&f, d));
    fy_dataset_free(d);
    close_fixture(&f);
}

static fy_node one_layer(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fy_layer_linear(l, "out", fy_relu(fy_layers_graph(l), x), o->n_classes, true);
}

/* What the first model of a chain gives stays, is kept, and is read as a result all the same. */
static void results_that_stay_are_given_too(void **state)
{
    fy_model_opts o = { .input = FY_SHAPE(F), .n_classes = 4, .seed = 1 };
    const fy_moving_opts moving = { .batch = BATCH, .moves = "out.*" };
    fy_device *dev;
    fy_model *chain[2];
    fy_predictor *plain, *keeping;
    fy_tensor *a[2], *b[2], **into_a[] = { &a[0], &a[1] }, **into_b[] = { &b[0], &b[1] };
    fy_dataset *d = blobs(3 * BATCH + 1, 9);
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_model_new("first", two_layers, &o, &chain[0]));
    o.input = FY_SHAPE(4);
    check_ok(fy_model_new("second", one_layer, &o, &chain[1]));
    check_ok(fy_predictor_new(dev, chain, 2, BATCH, &plain));
    check_ok(fy_predictor_new_moving(dev, chain, 2, &moving, &keeping));
    check_ok(fy_predict(plain, d, into_a));
    check_ok(fy_predict(keeping, d, into_b));
    for (int i = 0; i < 2; i++) {
        assert_true(are_same(a[i], b[i]));
        fy_tensor_free(a[i]);
        fy_tensor_free(b[i]);
    }
    fy_predictor_free(keeping);
    fy_predictor_free(plain);
    fy_model_free(chain[1]);
    fy_model_free(chain[0]);
    fy_dataset_free(d);
    fy_device_close(dev);
}

/* Globs that match the second model's parameters as well, which moves all the same. */
static void globs_may_speak_of_the_first_model_alone(void **state)
{
    fy_model_opts o = { .input = FY_SHAPE(F), .n_classes = 4, .seed = 1 };
    const fy_moving_opts moving = { .batch = BATCH, .moves = "* !*", .of_first = true };
    fy_device *dev;
    fy_model *chain[2];
    fy_predictor *plain, *keeping;
    fy_tensor *a, *b, **into_a[] = { NULL, &a }, **into_b[] = { NULL, &b };
    fy_dataset *d = blobs(BATCH + 1, 9);
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_model_new("first", two_layers, &o, &chain[0]));
    o.input = FY_SHAPE(4);
    check_ok(fy_model_new("second", one_layer, &o, &chain[1]));
    check_ok(fy_predictor_new(dev, chain, 2, BATCH, &plain));
    check_ok(fy_predictor_new_moving(dev, chain, 2, &moving, &keeping));
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            change(chain[i < 2], i < 2 ? "out.weight" : "fc1.weight");
        check_ok(fy_predict(plain, d, into_a));
        check_ok(fy_predict(keeping, d, into_b));
        assert_int_equal(are_same(a, b), i < 2); /* what was said to stay is not looked at again */
        fy_tensor_free(a);
        fy_tensor_free(b);
    }
    fy_predictor_free(keeping);
    fy_predictor_free(plain);
    fy_model_free(chain[1]);
    fy_model_free(chain[0]);
    fy_dataset_free(d);
    fy_device_close(dev);
}

/* Then all is computed, every time. */
static void what_does_not_fit_is_not_kept(void **state)
{
    fixture f;
    fy_features *features;
    fy_dataset *d = blobs(11, 3);
    (void)state;
    open_fixture(&f, "fc2.*");
    fy_predictor_free(f.keeping);
    check_ok(fy_features_open(&(fy_features_opts){ .limit = 1 }, &features));
    check_ok(fy_predictor_new_moving(
        f.dev, &f.m, 1, &(fy_moving_opts){ .batch = BATCH, .moves = "fc2.*", .features = features },
        &f.keeping));
    assert_true(agree(&f, d));
    change(f.m, "fc1.weight");
    assert_true(agree(&f, d));
    fy_dataset_free(d);
    close_fixture(&f);
    fy_features_close(features);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_frozen_is_computed_once),
        cmocka_unit_test(nothing_is_kept_where_everything_moves),
        cmocka_unit_test(results_that_stay_are_given_too),
        cmocka_unit_test(globs_may_speak_of_the_first_model_alone),
        cmocka_unit_test(what_does_not_fit_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
