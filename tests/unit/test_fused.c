/* Guards models of several modalities whose encoders learn in part: looking at samples again runs what learns and nothing else,
 * and says what a model without any memory says.
 *
 * timeout: 60 */
#include "support/support.h"

#include <ferry/fused.h>

#include <stdlib.h>

enum { N = 30, WIDTH = 6, BATCH = 8 };

typedef struct scene {
    fy_device *dev;
    fy_model *encoders[2], *fusion;
    fy_dataset *sets[2];
    fy_parts *parts;
    fy_features *features;
} scene;

static fy_model *open_model(const char *family, const char *name, fy_shape input, int classes)
{
    fy_model_opts o = fy_model_defaults();
    fy_model *m;

    o.input = input;
    o.n_classes = classes;
    check_ok(fy_model_open(family, name, &o, &m));
    return m;
}

static scene open_scene(const char *dir)
{
    static const char *const names[] = { "a", "b" };
    const fy_features_opts in_files = { .dir = dir };
    scene s = { .dev = NULL };

    check_ok(fy_device_open("cpu", &s.dev));
    for (int m = 0; m < 2; m++) {
        fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);

        o.n = N;
        check_ok(fy_digits_open(&o, &s.sets[m]));
        s.encoders[m] = open_model("lenet", names[m], *fy_dataset_shape(s.sets[m]), WIDTH);
    }
    s.fusion = open_model("fusion_concat", "fusion", FY_SHAPE(2, WIDTH + 1), 10);
    check_ok(fy_parts_open((const fy_dataset *const *)s.sets, names, 2, NULL, &s.parts));
    check_ok(fy_features_open(&in_files, &s.features));
    return s;
}

static void close_scene(scene *s)
{
    fy_features_close(s->features);
    fy_parts_free(s->parts);
    fy_model_free(s->fusion);
    for (int m = 0; m < 2; m++) {
        fy_model_free(s->encoders[m]);
        fy_dataset_free(s->sets[m]);
    }
    fy_device_close(s->dev);
}

static void change(fy_model *m, const char *name)
{
    fy_param *p = fy_model_find(m, name);
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    float *v = calloc((size_t)n, sizeof *v);

    check_ok(fy_param_read(p, v, n));
    for (int64_t i = 0; i < n; i++)
        v[i] = 1 - 2 * v[i];
    check_ok(fy_param_write(p, v, n));
    free(v);
}

/* What `f` makes of the samples is (not) what a model made now, which knows nothing yet, makes of them. */
static void check_says(const scene *s, fy_fused *f, bool is_same)
{
    const double atol = is_same ? 1e-5 : 0;
    fy_fused *plain;
    fy_tensor *z, *wanted;
    int n_other = 0;

    check_ok(fy_fused_new(s->dev, s->encoders, s->fusion, 2, BATCH, &plain));
    check_ok(fy_fused_features(f, s->parts, FY_ALL_PARTS, &z));
    check_ok(fy_fused_features(plain, s->parts, FY_ALL_PARTS, &wanted));
    const float *a = fy_tensor_const_data(z), *b = fy_tensor_const_data(wanted);
    if (is_same)
        check_close(a, b, fy_tensor_numel(z), 1e-5, atol);
    for (int64_t i = 0; i < fy_tensor_numel(z); i++)
        n_other += a[i] < b[i] - 0.01f || a[i] > b[i] + 0.01f;
    assert_int_equal(n_other > 0, !is_same);
    fy_tensor_free(wanted);
    fy_tensor_free(z);
    fy_fused_free(plain);
}

static void what_never_moves_is_computed_once(void **state)
{
    static const char *const moves[] = { "fc2.*", NULL };
    scene s = open_scene(*state);
    const fy_fused_moving o = { BATCH, moves, s.features };
    fy_fused *f;

    check_ok(fy_fused_new_moving(s.dev, s.encoders, s.fusion, 2, &o, &f));
    check_says(&s, f, true);
    const int n_files = fyt_count_entries(*state);
    assert_true(n_files > 0);
    change(s.encoders[0], "fc2.weight");
    change(s.encoders[1], "conv1.weight");
    check_says(&s, f, true);
    assert_int_equal(fyt_count_entries(*state), n_files);
    change(s.encoders[0], "conv1.weight"); /* which it was told would not happen */
    check_says(&s, f, false);
    fy_fused_free(f);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(
        what_never_moves_is_computed_once, fyt_tmpdir_setup, fyt_tmpdir_teardown) };

    return cmocka_run_group_tests_name("fused", tests, NULL, NULL);
}
