/* Guards vectors and series made ready for a model: standardised by the numbers of training samples alone, missing values
 * filled in, series cut into windows, NumPy's arrays of either kind. */
#include "data/data.h"
#include "support/support.h"

#include <math.h>
#include <string.h>

static fy_dataset *dataset(const float *x, fy_shape shape)
{
    const int64_t n = shape.d[0];
    fy_tensor *t, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, shape, &t));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(n), &y));
    memcpy(fy_tensor_data(t), x, (size_t)fy_shape_numel(&shape) * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        ((int32_t *)fy_tensor_data(y))[i] = (int32_t)i % 2;
    check_ok(fy_dataset_from_tensors("values", t, y, 2, &d));
    fy_tensor_free(y);
    fy_tensor_free(t);
    return d;
}

static void check_values(const fy_dataset *d, const float *expected)
{
    fy_tensor *x;

    check_ok(fy_dataset_read(d, NULL, 0, &x, NULL));
    check_close(fy_tensor_const_data(x), expected, fy_tensor_numel(x), 1e-6, 1e-6);
    fy_tensor_free(x);
}

/* ---- standardising --------------------------------------------------------------------------- */

static const struct row {
    const char *name;
    fy_shape shape;
    float x[12], standardised[12], filled[12];
    double mean[3], deviation[3];
    int64_t constants;
} rows[] = {
    { "vectors",
      { 2, { 3, 2 } },
      { 1, 10, 2, 20, 3, 30 },
      { -1.2247449f, -1.2247449f, 0, 0, 1.2247449f, 1.2247449f },
      { 1, 10, 2, 20, 3, 30 },
      { 2, 20 },
      { 0.81649658, 8.1649658 },
      0 },
    { "a constant column is left at 0",
      { 2, { 2, 2 } },
      { 5, 1, 5, 3 },
      { 0, -1, 0, 1 },
      { 5, 1, 5, 3 },
      { 5, 2 },
      { 0, 1 },
      1 },
    { "a large offset costs no digits",
      { 2, { 2, 1 } },
      { 1e7f, 1e7f + 2 },
      { -1, 1 },
      { 1e7f, 1e7f + 2 },
      { 1e7 + 1 },
      { 1 },
      0 },
    { "missing values become means",
      { 2, { 3, 2 } },
      { 1, NAN, NAN, 4, 3, 6 },
      { -1, 0, 0, -1, 1, 1 },
      { 1, 5, 2, 4, 3, 6 },
      { 2, 5 },
      { 1, 1 },
      0 },
    { "a column without values", { 2, { 2, 1 } }, { NAN, NAN }, { 0, 0 }, { 0, 0 }, { 0 }, { 0 }, 1 },
    { "channels of series",
      { 3, { 2, 2, 2 } },
      { 1, 3, 7, 7, 1, 3, 7, 7 },
      { -1, 1, 0, 0, -1, 1, 0, 0 },
      { 1, 3, 7, 7, 1, 3, 7, 7 },
      { 2, 7 },
      { 1, 0 },
      1 },
};

static void columns_are_brought_to_mean_0(void **state)
{
    const struct row *row = *state;
    fy_dataset *d = dataset(row->x, row->shape), *out;
    fy_standard *s;

    check_ok(fy_standard_fit(d, &s));
    assert_int_equal(fy_standard_count(s), row->shape.d[1]);
    assert_int_equal(fy_standard_constants(s), row->constants);
    for (int64_t c = 0; c < fy_standard_count(s); c++) {
        const double found[] = { fy_standard_mean(s, c), fy_standard_deviation(s, c) };
        const double expected[] = { row->mean[c], row->deviation[c] };

        check_close_f64(found, expected, 2, 1e-7, 1e-12);
    }
    check_ok(fy_dataset_standardise(d, s, &out));
    check_values(out, row->standardised);
    check_contains(fy_dataset_text(out), "; standardised");
    fy_dataset_free(out);
    check_ok(fy_dataset_fill(d, s, &out));
    check_values(out, row->filled);
    fy_dataset_free(out);
    fy_standard_free(s);
    fy_dataset_free(d);
}

/* What a test holds changes nothing of what was fitted on others, nor of what they become. */
static void others_do_not_change_the_fit(void **state)
{
    const float x[] = { 1, 2, 3, 4, 1000, -1000 }, z[] = { 1, 2, 3, 4, 5, 6 };
    fy_dataset *d = dataset(x, FY_SHAPE(3, 2)), *e = dataset(z, FY_SHAPE(3, 2)), *a, *b, *c;
    fy_standard *s, *t;

    (void)state;
    check_ok(fy_dataset_subset(d, (const int64_t[]){ 0, 1 }, 2, &a));
    check_ok(fy_dataset_subset(e, (const int64_t[]){ 0, 1 }, 2, &b));
    check_ok(fy_standard_fit(a, &s));
    check_ok(fy_standard_fit(b, &t));
    for (int64_t k = 0; k < 2; k++) {
        assert_true(fy_standard_mean(s, k) == fy_standard_mean(t, k));
        assert_true(fy_standard_deviation(s, k) == fy_standard_deviation(t, k));
    }
    check_ok(fy_dataset_standardise(e, s, &c));
    check_values(c, (const float[]){ -1, -1, 1, 1, 3, 3 });
    fy_dataset_free(c);
    fy_standard_free(t);
    fy_standard_free(s);
    fy_dataset_free(b);
    fy_dataset_free(a);
    fy_dataset_free(e);
    fy_dataset_free(d);
}

static void kept_numbers_do_the_same(void **state)
{
    fy_dataset *d = dataset((const float[]){ 1, 2, 3, 5, 8, 13 }, FY_SHAPE(3, 2)), *a, *b, *c;
    const double mean[] = { 1, 2 }, bad[] = { 1, -1 };
    double m[2], v[2];
    fy_standard *s, *t;

    (void)state;
    check_ok(fy_standard_fit(d, &s));
    for (int64_t k = 0; k < 2; k++) {
        m[k] = fy_standard_mean(s, k);
        v[k] = fy_standard_deviation(s, k);
    }
    check_ok(fy_standard_new(2, m, v, &t));
    check_ok(fy_dataset_standardise(d, s, &a));
    check_ok(fy_dataset_standardise(d, t, &b));
    check_ok(fy_dataset_fill(d, t, &c));
    assert_string_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(b));
    assert_string_not_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(c));
    assert_string_equal(fy_dataset_hash(a), fy_dataset_hash(d));
    fy_dataset_free(c);
    fy_dataset_free(b);
    fy_dataset_free(a);
    fy_standard_free(t);
    check_status(fy_standard_new(2, mean, bad, &t), FY_EINVAL);
    check_sentence("column 1 has mean 2 and deviation -1");
    fy_standard_free(s);
    fy_dataset_free(d);
}

static void what_does_not_fit_is_refused(void **state)
{
    fy_dataset *d = dataset((const float[]){ 1, 2, 3, 4, 5, 6 }, FY_SHAPE(3, 2)), *out;
    fy_dataset *image = dataset((const float[]){ 1, 2 }, FY_SHAPE(2, 1, 1, 1));
    fy_dataset *infinite = dataset((const float[]){ 1, INFINITY }, FY_SHAPE(2, 1));
    fy_standard *s;

    (void)state;
    check_status(fy_standard_fit(image, &s), FY_ESHAPE);
    check_sentence("images by their range");
    check_status(fy_standard_fit(infinite, &s), FY_ENAN);
    check_sentence("column 0 of sample 1 is not finite");
    check_ok(fy_standard_new(1, (const double[]){ 0 }, (const double[]){ 1 }, &s));
    check_status(fy_dataset_standardise(d, s, &out), FY_ESHAPE);
    check_sentence("has 2 columns or channels, the means and deviations are of 1");
    assert_null(out);
    fy_standard_free(s);
    fy_dataset_free(infinite);
    fy_dataset_free(image);
    fy_dataset_free(d);
}

/* ---- windows --------------------------------------------------------------------------------- */

/* Two recordings of two channels and five values. */
static fy_dataset *recordings(void)
{
    float x[20];

    for (int i = 0; i < 20; i++)
        x[i] = (float)i;
    return dataset(x, FY_SHAPE(2, 2, 5));
}

static void series_are_cut_into_windows(void **state)
{
    fy_dataset *d = recordings(), *w, *parts[2];
    const char *name;
    int32_t y;

    (void)state;
    check_ok(fy_dataset_windows(d, 3, 2, &w));
    fy_dataset_free(d);
    assert_int_equal(fy_dataset_count(w), 4);
    check_values(w, (const float[]){ 0,  1,  2,  5,  6,  7,  2,  3,  4,  7,  8,  9,
                                     10, 11, 12, 15, 16, 17, 12, 13, 14, 17, 18, 19 });
    assert_int_equal(fy_dataset_groups(w), 2);
    for (int64_t i = 0; i < 4; i++) {
        assert_int_equal(fy_dataset_group(w, i), i / 2);
        check_ok(fy_dataset_label(w, i, &y));
        assert_int_equal(y, i / 2);
    }
    assert_string_equal(fy_dataset_group_name(w, 1), "1");
    /* A recording is on one side of a split. */
    check_ok(fy_dataset_split(
        w, &(fy_split_opts){ .n_parts = 2, .frac = { 0.75, 0.25 }, .stratified = true }, parts));
    assert_int_equal(fy_dataset_count(parts[0]), 2);
    check_ok(fy_dataset_share_group(parts[0], parts[1], &name));
    assert_null(name);
    fy_dataset_free(parts[1]);
    fy_dataset_free(parts[0]);
    fy_dataset_free(w);
}

/* Windows keep the speakers of their recordings, and those are known again in windows that were cut otherwise. */
static void windows_keep_groups(void **state)
{
    fy_dataset *bare = recordings(), *d, *second, *w, *v;
    const char *name;

    (void)state;
    check_ok(fy_dataset_with_groups(bare, (const int32_t[]){ 1, 0 }, 2,
                                    (const char *const[]){ "george", "theo" }, &d));
    check_ok(fy_dataset_subset(d, (const int64_t[]){ 1 }, 1, &second));
    check_ok(fy_dataset_windows(d, 5, 1, &w));
    check_ok(fy_dataset_windows(second, 2, 1, &v));
    assert_string_equal(fy_dataset_group_name(w, fy_dataset_group(w, 0)), "theo");
    assert_int_equal(fy_dataset_count(v), 4);
    check_ok(fy_dataset_share_group(w, v, &name));
    assert_string_equal(name, "george");
    assert_string_not_equal(fy_dataset_hash(w), fy_dataset_hash(v));
    fy_dataset_free(v);
    fy_dataset_free(w);
    fy_dataset_free(second);
    fy_dataset_free(d);
    fy_dataset_free(bare);
}

static void impossible_windows_are_refused(void **state)
{
    fy_dataset *d = recordings(), *w, *vectors = dataset((const float[]){ 1, 2 }, FY_SHAPE(2, 1));
    static const int64_t bad[][2] = { { 0, 1 }, { 6, 1 }, { 1, 0 }, { -1, 1 }, { 1, -1 } };

    (void)state;
    for (size_t i = 0; i < LEN(bad); i++) {
        check_status(fy_dataset_windows(d, bad[i][0], bad[i][1], &w), FY_EINVAL);
        check_sentence("length is 1 .. 5");
        assert_null(w);
    }
    check_status(fy_dataset_windows(vectors, 1, 1, &w), FY_ESHAPE);
    check_sentence("windows are cut of series");
    fy_dataset_free(vectors);
    fy_dataset_free(d);
}

/* ---- NumPy's arrays -------------------------------------------------------------------------- */

static const struct array_row {
    const char *name;
    fy_shape shape;
    fy_axes axes;
    fy_shape sample; /* rank 0: refused */
    float first[4];
    const char *part;
} array_rows[] = {
    { "vectors", { 2, { 2, 4 } }, FY_AXES_C, { 1, { 4 } }, { 0, 1, 2, 3 }, NULL },
    { "series, channels first", { 3, { 2, 2, 2 } }, FY_AXES_CT, { 2, { 2, 2 } }, { 0, 1, 2, 3 }, NULL },
    { "series, channels last", { 3, { 2, 2, 2 } }, FY_AXES_TC, { 2, { 2, 2 } }, { 0, 2, 1, 3 }, NULL },
    { "series of one channel", { 2, { 2, 4 } }, FY_AXES_TC, { 2, { 1, 4 } }, { 0, 1, 2, 3 }, NULL },
    { "series as vectors", { 3, { 2, 2, 2 } }, FY_AXES_C, { 0 }, { 0 }, "vectors are [n, columns]" },
    { "images as series",
      { 4, { 2, 2, 2, 2 } },
      FY_AXES_CT,
      { 0 },
      { 0 },
      "series are [n, channels, t]" },
};

static void write_array(const char *path, fy_shape shape, fy_dtype type)
{
    double v[32];
    fy_tensor *t;

    for (int i = 0; i < 32; i++)
        v[i] = i;
    check_ok(fy_tensor_new(type, shape, &t));
    fy_cast(type, fy_tensor_data(t), FY_F64, v, fy_shape_numel(&shape));
    check_ok(fy_npy_write(path, t));
    fy_tensor_free(t);
}

static const struct array_row *array_row; /* of the test that runs next */

static int begin_array(void **state)
{
    array_row = *state;
    return fyt_tmpdir_setup(state);
}

static void arrays_are_vectors_or_series(void **state)
{
    static const fy_dtype types[] = { FY_F64, FY_F32, FY_I32, FY_U8 };
    const struct array_row *row = array_row;
    const char *path = fyt_path(*state, "x.npy");
    const fy_npy_opts o = { .axes = row->axes };
    fy_dataset *d;
    float x[4];

    for (size_t i = 0; i < LEN(types); i++) {
        write_array(path, row->shape, types[i]);
        if (row->part != NULL) {
            check_status(fy_npy_values_open(path, NULL, NULL, &o, &d), FY_ESHAPE);
            check_sentence(row->part);
            continue;
        }
        check_ok(fy_npy_values_open(path, NULL, NULL, &o, &d));
        assert_true(fy_shape_equal(fy_dataset_shape(d), &row->sample));
        check_ok(fy_dataset_get(d, 0, x, 4, NULL));
        check_close(x, row->first, 4, 0, 0);
        fy_dataset_free(d);
    }
}

static void archives_hold_values_and_labels(void **state)
{
    const char *path = fyt_path(*state, "set.npz"), *x_path = fyt_path(*state, "set.npz#x"),
               *y_path = fyt_path(*state, "set.npz#y");
    float v[4] = { 1, NAN, 3, 4 };
    fy_npy_opts o = fy_npy_defaults();
    fy_tensor *x, *y;
    fy_dataset *d;
    int32_t label;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(2, 2), &x));
    check_ok(fy_tensor_new(FY_I64, FY_SHAPE(2), &y));
    memcpy(fy_tensor_data(x), v, sizeof v);
    ((int64_t *)fy_tensor_data(y))[1] = 2;
    check_ok(fy_npz_write(path, 2, (const char *const[]){ "x", "y" },
                          (const fy_tensor *const[]){ x, y }));
    check_status(fy_npy_values_open(x_path, y_path, "set", &o, &d), FY_EFORMAT);
    check_sentence("value 1 of sample 0 is not a number");
    o.missing = FY_MISSING_ZERO;
    check_ok(fy_npy_values_open(x_path, y_path, "set", &o, &d));
    check_values(d, (const float[]){ 1, 0, 3, 4 });
    check_ok(fy_dataset_label(d, 1, &label));
    assert_int_equal(label, 2);
    fy_dataset_free(d);
    fy_tensor_free(y);
    fy_tensor_free(x);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status cut_and_standardise(void *arg)
{
    fy_dataset *w = NULL, *out = NULL;
    fy_standard *s = NULL;
    fy_status st;

    FY_TRY(fy_dataset_windows(arg, 3, 1, &w));
    FY_TRY(fy_standard_fit(w, &s));
    FY_TRY(fy_dataset_standardise(w, s, &out));
done:
    fy_dataset_free(out);
    fy_standard_free(s);
    fy_dataset_free(w);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    fy_dataset *d = recordings();

    (void)state;
    fyt_check_alloc_failures(cut_and_standardise, d);
    fy_dataset_free(d);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(others_do_not_change_the_fit),
        cmocka_unit_test(kept_numbers_do_the_same),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(series_are_cut_into_windows),
        cmocka_unit_test(windows_keep_groups),
        cmocka_unit_test(impossible_windows_are_refused),
        cmocka_unit_test_setup_teardown(archives_hold_values_and_labels, fyt_tmpdir_setup,
                                        fyt_tmpdir_teardown),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 8;

    for (size_t i = 0; i < LEN(rows); i++)
        tests[n++] = (struct CMUnitTest){ rows[i].name, columns_are_brought_to_mean_0, NULL, NULL,
                                          (void *)(uintptr_t)&rows[i] };
    for (size_t i = 0; i < LEN(array_rows); i++)
        tests[n++] =
            (struct CMUnitTest){ array_rows[i].name, arrays_are_vectors_or_series, begin_array,
                                 fyt_tmpdir_teardown, (void *)(uintptr_t)&array_rows[i] };
    return _cmocka_run_group_tests("standard", tests, n, NULL, NULL);
}
