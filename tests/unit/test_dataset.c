/* Guards datasets: what they hold, how they are prepared and selected, and that views never lose
 * the way back to their source. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N 12

/* x [12, 1, 2, 2] counting up, y = i % 4. */
static fy_dataset *counting(bool labelled)
{
    fy_tensor *x, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(N, 1, 2, 2), &x));
    check_ok(fy_tensor_new(FY_I64, FY_SHAPE(N), &y));
    for (int i = 0; i < 4 * N; i++)
        ((float *)fy_tensor_data(x))[i] = (float)i;
    for (int i = 0; i < N; i++)
        ((int64_t *)fy_tensor_data(y))[i] = i % 4;
    check_ok(fy_dataset_from_tensors("counting", x, labelled ? y : NULL, 0, &d));
    fy_tensor_free(y);
    fy_tensor_free(x);
    return d;
}

static float first_value(const fy_dataset *d, int64_t i)
{
    float x[4];

    check_ok(fy_dataset_get(d, i, x, 4, NULL));
    return x[0];
}

static void tensors_become_samples(void **state)
{
    fy_dataset *d = counting(true);
    int32_t y;

    (void)state;
    assert_int_equal(fy_dataset_count(d), N);
    assert_int_equal(fy_dataset_classes(d), 4);
    assert_true(fy_shape_equal(fy_dataset_shape(d), &FY_SHAPE(1, 2, 2)));
    assert_true(first_value(d, 5) == 20.0f);
    check_ok(fy_dataset_label(d, 5, &y));
    assert_int_equal(y, 1);
    assert_int_equal(strlen(fy_dataset_hash(d)), 64);
    fy_dataset_free(d);
}

static void bad_labels_are_refused(void **state)
{
    fy_tensor *x, *y;
    fy_dataset *d;

    (void)state;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(2, 3), &x));
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(2), &y));
    ((int32_t *)fy_tensor_data(y))[1] = 3;
    check_status(fy_dataset_from_tensors("bad", x, y, 3, &d), FY_EINVAL);
    check_sentence("label 3 of sample 1 is not in 0 .. 2");
    ((int32_t *)fy_tensor_data(y))[1] = -1;
    check_status(fy_dataset_from_tensors("bad", x, y, 0, &d), FY_EINVAL);
    assert_null(d);
    check_status(fy_dataset_from_tensors("bad", y, NULL, 0, &d), FY_EDTYPE);
    fy_tensor_free(y);
    check_ok(fy_tensor_new(FY_I32, FY_SHAPE(3), &y));
    check_status(fy_dataset_from_tensors("bad", x, y, 0, &d), FY_ESHAPE);
    fy_tensor_free(y);
    fy_tensor_free(x);
}

static void reading_gives_one_tensor(void **state)
{
    const int64_t index[3] = { 11, 0, 11 };
    fy_dataset *d = counting(true);
    fy_tensor *x, *y;

    (void)state;
    check_ok(fy_dataset_read(d, index, 3, &x, &y));
    assert_true(fy_shape_equal(fy_tensor_shape(x), &FY_SHAPE(3, 1, 2, 2)));
    assert_true(((const float *)fy_tensor_const_data(x))[8] == 44.0f);
    assert_int_equal(((const int32_t *)fy_tensor_const_data(y))[0], 3);
    fy_tensor_free(y);
    fy_tensor_free(x);
    check_ok(fy_dataset_read(d, NULL, 0, &x, NULL));
    assert_int_equal(fy_tensor_shape(x)->d[0], N);
    fy_tensor_free(x);
    check_status(fy_dataset_read(d, &(int64_t){ N }, 1, &x, &y), FY_EINVAL);
    assert_null(x);
    assert_null(y);
    fy_dataset_free(d);
}

/* ---- selecting ------------------------------------------------------------------------------- */

static void classes_are_kept_and_relabelled(void **state)
{
    fy_dataset *d = counting(true), *s;
    fy_select_opts o = fy_select_defaults();
    int64_t counts[2];
    int32_t y;

    (void)state;
    o.classes = (const int32_t[]){ 3, 2 };
    o.n_classes = 2;
    check_ok(fy_dataset_select(d, &o, &s));
    fy_dataset_free(d); /* s keeps the source alive */
    assert_int_equal(fy_dataset_count(s), 6);
    assert_string_equal(fy_dataset_class_name(s, 0), "3");
    assert_int_equal(fy_dataset_origin(s, 0), 2);
    assert_true(first_value(s, 1) == 12.0f);
    check_ok(fy_dataset_label(s, 0, &y));
    assert_int_equal(y, 1);
    check_ok(fy_dataset_class_counts(s, counts, 2));
    assert_true(counts[0] == 3 && counts[1] == 3);
    check_contains(fy_dataset_text(s), "; classes 3->0 2->1");
    fy_dataset_free(s);
}

static void classes_may_be_merged(void **state)
{
    fy_dataset *d = counting(true), *s;
    fy_select_opts o = fy_select_defaults();

    (void)state;
    o.classes = (const int32_t[]){ 0, 1, 2 };
    o.relabel = (const int32_t[]){ 0, 1, 0 };
    o.n_classes = 3;
    check_ok(fy_dataset_select(d, &o, &s));
    assert_int_equal(fy_dataset_classes(s), 2);
    assert_string_equal(fy_dataset_class_name(s, 0), "0/2");
    fy_dataset_free(s);
    fy_dataset_free(d);
}

static const struct refusal {
    const char *name;
    fy_select_opts o;
    const char *part;
} refusals[] = {
    { "an unknown class", { .classes = (const int32_t[]){ 0, 4 }, .n_classes = 2 }, "class 4" },
    { "a class twice", { .classes = (const int32_t[]){ 1, 1 }, .n_classes = 2 }, "listed twice" },
    { "a gap in the new labels",
      { .classes = (const int32_t[]){ 0, 1 }, .n_classes = 2, .relabel = (const int32_t[]){ 0, 2 } },
      "without gaps" },
    { "a limit beyond what there is", { .limit = 13 }, "only 12" },
    { "a limit beyond what a class has",
      { .classes = (const int32_t[]){ 2 }, .n_classes = 1, .limit = 4 },
      "only 3" },
};

static void impossible_choices_are_refused(void **state)
{
    const struct refusal *row = *state;
    fy_dataset *d = counting(true), *s;

    check_status(fy_dataset_select(d, &row->o, &s), FY_EINVAL);
    check_sentence(row->part);
    check_sentence("'counting'");
    assert_null(s);
    fy_dataset_free(d);
}

static void limits_are_exact_ordered_and_repeatable(void **state)
{
    fy_dataset *d = counting(true), *a, *b;
    fy_select_opts o = fy_select_defaults();
    int64_t counts[4];

    (void)state;
    o.limit = 8;
    for (int pick = FY_PICK_FIRST; pick <= FY_PICK_STRATIFIED; pick++) {
        o.pick = (fy_pick)pick;
        check_ok(fy_dataset_select(d, &o, &a));
        check_ok(fy_dataset_select(d, &o, &b));
        assert_int_equal(fy_dataset_count(a), 8);
        assert_string_equal(fy_dataset_view_hash(a), fy_dataset_view_hash(b));
        for (int64_t i = 1; i < 8; i++)
            assert_true(fy_dataset_origin(a, i - 1) < fy_dataset_origin(a, i));
        check_ok(fy_dataset_class_counts(a, counts, 4));
        for (int c = 0; pick == FY_PICK_STRATIFIED && c < 4; c++)
            assert_int_equal(counts[c], 2);
        assert_true(pick != FY_PICK_FIRST || fy_dataset_origin(a, 7) == 7);
        fy_dataset_free(b);
        fy_dataset_free(a);
    }
    fy_dataset_free(d);
}

static void another_seed_picks_others(void **state)
{
    fy_dataset *d = counting(true), *s;
    fy_select_opts o = fy_select_defaults();
    uint64_t n_same = 0;
    char first[65];

    (void)state;
    o.limit = 6;
    for (o.seed = 0; o.seed < 20; o.seed++) {
        check_ok(fy_dataset_select(d, &o, &s));
        if (o.seed == 0)
            memcpy(first, fy_dataset_view_hash(s), sizeof first);
        n_same += strcmp(first, fy_dataset_view_hash(s)) == 0;
        fy_dataset_free(s);
    }
    assert_true(n_same < 4);
    fy_dataset_free(d);
}

static void subsets_of_subsets_name_the_source(void **state)
{
    fy_dataset *d = counting(true), *s, *t;

    (void)state;
    check_ok(fy_dataset_subset(d, (const int64_t[]){ 9, 3, 7 }, 3, &s));
    check_ok(fy_dataset_subset(s, (const int64_t[]){ 2, 0, 0 }, 3, &t));
    assert_int_equal(fy_dataset_origin(t, 0), 7);
    assert_int_equal(fy_dataset_origin(t, 2), 9);
    assert_int_equal(fy_dataset_origin(t, 3), -1);
    assert_true(first_value(t, 0) == 28.0f);
    assert_string_equal(fy_dataset_hash(t), fy_dataset_hash(d));
    assert_string_not_equal(fy_dataset_view_hash(t), fy_dataset_view_hash(d));
    fy_dataset_free(t);
    check_status(fy_dataset_subset(s, (const int64_t[]){ 3 }, 1, &t), FY_EINVAL);
    check_status(fy_dataset_subset(s, NULL, 0, &t), FY_EINVAL);
    fy_dataset_free(s);
    fy_dataset_free(d);
}

static void without_labels_there_is_no_way_to_them(void **state)
{
    fy_dataset *d = counting(true), *u;
    fy_tensor *x, *y;
    int64_t counts[4];
    int32_t label;

    (void)state;
    check_ok(fy_dataset_unlabel(d, &u));
    assert_false(fy_dataset_has_labels(u));
    assert_null(fy_dataset_class_name(u, 0));
    check_status(fy_dataset_label(u, 0, &label), FY_EINVAL);
    check_status(fy_dataset_read(u, NULL, 0, &x, &y), FY_EINVAL);
    check_status(fy_dataset_class_counts(u, counts, 4), FY_EINVAL);
    fy_dataset_free(u);
    fy_dataset_free(d);
}

/* ---- preparing ------------------------------------------------------------------------------- */

static const struct resize_row {
    int64_t h, w, to_h, to_w;
    float expected[784];
} resize_rows[] = {
#include "golden/resize_bilinear.inc"
};

static fy_dataset *image(int64_t c, int64_t h, int64_t w)
{
    fy_tensor *x;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(1, c, h, w), &x));
    for (int64_t k = 0; k < c * h * w; k++)
        ((float *)fy_tensor_data(x))[k] = (float)((k * 37 + 11) % 101) / 128.0f;
    check_ok(fy_dataset_from_tensors("image", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static void resizing_is_pillows_bilinear(void **state)
{
    float x[784];

    (void)state;
    for (size_t i = 0; i < LEN(resize_rows); i++) {
        const struct resize_row *row = &resize_rows[i];
        fy_dataset *d = image(1, row->h, row->w), *p;
        fy_image_opts o = fy_image_defaults();

        o.height = row->to_h;
        o.width = row->to_w;
        check_ok(fy_dataset_prepare(d, &o, &p));
        check_ok(fy_dataset_get(p, 0, x, row->to_h * row->to_w, NULL));
        check_close(x, row->expected, row->to_h * row->to_w, 1e-6, 1e-6);
        fy_dataset_free(p);
        fy_dataset_free(d);
    }
}

static void padding_and_values_come_after_resizing(void **state)
{
    fy_dataset *d = image(1, 2, 2), *p;
    fy_image_opts o = fy_image_defaults();
    float plain[4], x[16];

    (void)state;
    check_ok(fy_dataset_get(d, 0, plain, 4, NULL));
    o.pad = 1;
    o.range = FY_RANGE_SIGNED;
    check_ok(fy_dataset_prepare(d, &o, &p));
    assert_true(fy_shape_equal(fy_dataset_shape(p), &FY_SHAPE(1, 4, 4)));
    check_ok(fy_dataset_get(p, 0, x, 16, NULL));
    for (int k = 0; k < 16; k++) {
        const int row = k / 4 - 1, col = k % 4 - 1;
        const bool inside = row >= 0 && row < 2 && col >= 0 && col < 2;

        check_close(&x[k], &(float){ inside ? 2 * plain[row * 2 + col] - 1 : -1.0f }, 1, 1e-6, 1e-6);
    }
    check_contains(fy_dataset_text(p), "; padded by 1; values -1 .. 1");
    assert_string_equal(fy_dataset_hash(p), fy_dataset_hash(d));
    assert_string_not_equal(fy_dataset_view_hash(p), fy_dataset_view_hash(d));
    fy_dataset_free(p);
    fy_dataset_free(d);
}

static void grey_and_colour_turn_into_each_other(void **state)
{
    fy_dataset *d = image(3, 1, 2), *grey, *colour;
    fy_image_opts o = fy_image_defaults();
    float x[6], g[2], c[6];

    (void)state;
    check_ok(fy_dataset_get(d, 0, x, 6, NULL));
    o.channels = 1;
    check_ok(fy_dataset_prepare(d, &o, &grey));
    check_ok(fy_dataset_get(grey, 0, g, 2, NULL));
    check_close(&g[1], &(float){ 0.299f * x[1] + 0.587f * x[3] + 0.114f * x[5] }, 1, 1e-6, 0);
    o = (fy_image_opts){ .channels = 3,
                         .range = FY_RANGE_NORMAL,
                         .mean = { 0.5f, 0.25f, 0 },
                         .deviation = { 1, 2, 4 } };
    check_ok(fy_dataset_prepare(grey, &o, &colour));
    check_ok(fy_dataset_get(colour, 0, c, 6, NULL));
    check_close(c,
                ((const float[]){ g[0] - 0.5f, g[1] - 0.5f, (g[0] - 0.25f) / 2, (g[1] - 0.25f) / 2,
                                  g[0] / 4, g[1] / 4 }),
                6, 1e-6, 1e-7);
    fy_dataset_free(colour);
    fy_dataset_free(grey);
    fy_dataset_free(d);
}

static void impossible_preparations_are_refused(void **state)
{
    fy_dataset *d = image(2, 2, 2), *p;
    fy_image_opts o = fy_image_defaults();

    (void)state;
    o.channels = 3;
    check_status(fy_dataset_prepare(d, &o, &p), FY_EINVAL);
    check_sentence("has 2 channels and cannot be given 3");
    o = fy_image_defaults();
    o.range = FY_RANGE_NORMAL;
    o.deviation[1] = 0;
    check_status(fy_dataset_prepare(d, &o, &p), FY_EINVAL);
    check_sentence("deviation must be positive");
    o = fy_image_defaults();
    o.width = -1;
    check_status(fy_dataset_prepare(d, &o, &p), FY_EINVAL);
    fy_dataset_free(d);
}

/* ---- comparing ------------------------------------------------------------------------------- */

static fy_dataset *filled(int64_t c, int64_t h, float lo, float hi, int classes)
{
    fy_tensor *x, *y;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(8, c, h, h), &x));
    check_ok(fy_tensor_new(FY_U8, FY_SHAPE(8), &y));
    for (int64_t k = 0; k < fy_tensor_numel(x); k++)
        ((float *)fy_tensor_data(x))[k] = lo + (hi - lo) * (float)(k % 5) / 4.0f;
    check_ok(fy_dataset_from_tensors("filled", x, y, classes, &d));
    fy_tensor_free(y);
    fy_tensor_free(x);
    return d;
}

static const struct compare_row {
    const char *name;
    int64_t c, h;
    float lo, hi;
    int classes;
    fy_status st;
    const char *part; /* NULL: no warning */
} compare_rows[] = {
    { "nearly the same", 1, 4, 0, 0.99f, 2, FY_OK, NULL },
    { "the same", 1, 4, 0, 1, 2, FY_OK, "8 of the 8 samples of 'filled' are in 'filled' too" },
    { "three channels", 3, 4, 0, 1, 2, FY_ESHAPE, "channels" },
    { "another size", 1, 5, 0, 1, 2, FY_ESHAPE, "resize or pad" },
    { "bytes", 1, 4, 0, 255, 2, FY_EINVAL, "one model cannot read both; bring them to one range" },
    { "signed", 1, 4, -1, 1, 2, FY_OK, "one range" },
    { "mean far away", 1, 4, 0.8f, 1, 2, FY_OK, "half a deviation" },
    { "little contrast", 1, 4, 0.4f, 0.6f, 2, FY_OK, "contrast" },
    { "more classes", 1, 4, 0, 1, 5, FY_OK, "has 5" },
};

static void differences_are_told(void **state)
{
    const struct compare_row *row = *state;
    fy_dataset *a = filled(1, 4, 0, 1, 2);
    fy_dataset *b = filled(row->c, row->h, row->lo, row->hi, row->classes);
    fy_compare_report r;

    check_status(fy_dataset_compare(a, b, &r), row->st);
    if (row->st != FY_OK)
        check_sentence(row->part);
    else if (row->part == NULL)
        assert_int_equal(r.n_warnings, 0);
    else
        check_contains(r.warning[0], row->part);
    fy_dataset_free(b);
    fy_dataset_free(a);
}

/* Subsets of one dataset, and a copy without labels, which has another hash. */
static void shared_samples_are_told(void **state)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    const int64_t early[] = { 7, 1, 3 }, late[] = { 2, 8, 1, 7 }, other[] = { 4, 5 };
    fy_dataset *d, *a, *b, *c, *copy;
    fy_tensor *x;
    fy_compare_report r;

    (void)state;
    o.n = 10;
    check_ok(fy_digits_open(&o, &d));
    check_ok(fy_dataset_subset(d, early, 3, &a));
    check_ok(fy_dataset_subset(d, late, 4, &b));
    check_ok(fy_dataset_subset(d, other, 2, &c));
    check_ok(fy_dataset_compare(a, b, &r));
    check_contains(r.warning[0], "2 of the 4 samples");
    check_ok(fy_dataset_compare(a, c, &r));
    assert_int_equal(r.n_warnings, 0);
    check_ok(fy_dataset_read(d, NULL, 0, &x, NULL));
    check_ok(fy_dataset_from_tensors("copy", x, NULL, 0, &copy));
    check_ok(fy_dataset_compare(d, copy, &r));
    check_contains(r.warning[0], "10 of the 10 samples of 'copy' are in");
    check_ok(fy_dataset_compare(copy, b, &r)); /* some of it, in another order */
    check_contains(r.warning[0], "4 of the 4 samples");
    fy_tensor_free(x);
    fy_dataset_free(copy);
    fy_dataset_free(c);
    fy_dataset_free(b);
    fy_dataset_free(a);
    fy_dataset_free(d);
}

/* Bytes that a seed makes, [n, 3, 64, 64]; every tenth sample is the other's: too many values to look at a few. */
static fy_dataset *made_of(int64_t n, uint32_t seed, uint32_t others)
{
    fy_tensor *x;
    fy_dataset *d;
    uint8_t *p;

    check_ok(fy_tensor_new(FY_U8, FY_SHAPE(n, 3, 64, 64), &x));
    p = fy_tensor_data(x);
    for (int64_t i = 0; i < n; i++)
        for (uint32_t k = 0, v = (uint32_t)(7 * i + 1) * (i % 10 == 3 ? others : seed);
             k < 3 * 64 * 64; k++, v = v * 1664525u + 1013904223u)
            *p++ = (uint8_t)(v >> 24);
    check_ok(fy_dataset_from_tensors("made", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static void a_tenth_in_common_is_found_among_many(void **state)
{
    fy_dataset *a = made_of(1500, 5, 5), *b = made_of(1400, 77, 5);
    fyi_shared same;

    (void)state;
    check_ok(fyi_count_shared(a, b, &same));
    assert_int_equal(same.n, 1400);
    assert_int_equal(same.n_shared, 140);
    fy_dataset_free(b);
    fy_dataset_free(a);
}

/* [64, 3] normal numbers, column 1 in another unit. */
static fy_dataset *table_of(double unit, uint64_t seed)
{
    fy_rng rng = fy_rng_named(seed, "table");
    fy_tensor *x;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(64, 3), &x));
    for (int64_t k = 0; k < 64 * 3; k++)
        ((float *)fy_tensor_data(x))[k] =
            (float)((k % 3 == 1 ? unit : 1) * (4 + (double)fy_rng_normal(&rng)));
    check_ok(fy_dataset_from_tensors("table", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static void a_column_in_another_unit_is_named(void **state)
{
    fy_dataset *a = table_of(1, 0), *same = table_of(1, 1), *b = table_of(1000, 1);
    fy_compare_report r;

    (void)state;
    check_ok(fy_dataset_compare(a, same, &r));
    assert_int_equal(r.n_warnings, 0);
    check_ok(fy_dataset_compare(a, b, &r));
    assert_int_equal(r.n_warnings, 1);
    check_contains(r.warning[0],
                   "1 of 3 columns differ much; most of all number 1, counted from 0");
    fy_dataset_free(b);
    fy_dataset_free(same);
    fy_dataset_free(a);
}

static void values_that_are_not_finite_are_found(void **state)
{
    fy_tensor *x;
    fy_dataset *d;
    fy_data_stats s;

    (void)state;
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(3, 2), &x));
    ((float *)fy_tensor_data(x))[4] = (float)NAN;
    check_ok(fy_dataset_from_tensors("holes", x, NULL, 0, &d));
    check_status(fy_dataset_stats(d, 0, &s), FY_ENAN);
    check_sentence("value 0 of sample 2");
    fy_dataset_free(d);
    fy_tensor_free(x);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static fy_status derive(void *arg)
{
    fy_dataset *d = arg, *s = NULL, *p = NULL;
    fy_select_opts o = fy_select_defaults();
    fy_image_opts images = fy_image_defaults();
    fy_tensor *x = NULL, *y = NULL;
    fy_status st;

    o.classes = (const int32_t[]){ 1, 3 };
    o.n_classes = 2;
    o.limit = 4;
    o.pick = FY_PICK_STRATIFIED;
    images.height = 5;
    FY_TRY(fy_dataset_select(d, &o, &s));
    FY_TRY(fy_dataset_prepare(s, &images, &p));
    FY_TRY(fy_dataset_read(p, NULL, 0, &x, &y));
done:
    fy_tensor_free(y);
    fy_tensor_free(x);
    fy_dataset_free(p);
    fy_dataset_free(s);
    return st;
}

static fy_status from_tensors(void *arg)
{
    fy_dataset *d = NULL;
    fy_status st = fy_dataset_from_tensors("again", arg, NULL, 0, &d);

    fy_dataset_free(d);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    fy_dataset *d = counting(true);
    fy_tensor *x;

    (void)state;
    fyt_check_alloc_failures(derive, d);
    fy_dataset_free(d);
    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(3, 2), &x));
    fyt_check_alloc_failures(from_tensors, x);
    fy_tensor_free(x);
}

int main(void)
{
    struct CMUnitTest tests[64] = {
        cmocka_unit_test(tensors_become_samples),
        cmocka_unit_test(bad_labels_are_refused),
        cmocka_unit_test(reading_gives_one_tensor),
        cmocka_unit_test(classes_are_kept_and_relabelled),
        cmocka_unit_test(classes_may_be_merged),
        cmocka_unit_test(limits_are_exact_ordered_and_repeatable),
        cmocka_unit_test(another_seed_picks_others),
        cmocka_unit_test(subsets_of_subsets_name_the_source),
        cmocka_unit_test(without_labels_there_is_no_way_to_them),
        cmocka_unit_test(resizing_is_pillows_bilinear),
        cmocka_unit_test(padding_and_values_come_after_resizing),
        cmocka_unit_test(grey_and_colour_turn_into_each_other),
        cmocka_unit_test(impossible_preparations_are_refused),
        cmocka_unit_test(shared_samples_are_told),
        cmocka_unit_test(a_tenth_in_common_is_found_among_many),
        cmocka_unit_test(a_column_in_another_unit_is_named),
        cmocka_unit_test(values_that_are_not_finite_are_found),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 17;

    for (size_t i = 0; i < LEN(refusals); i++)
        tests[n++] = (struct CMUnitTest){ refusals[i].name, impossible_choices_are_refused, NULL,
                                          NULL, (void *)(uintptr_t)&refusals[i] };
    for (size_t i = 0; i < LEN(compare_rows); i++)
        tests[n++] = (struct CMUnitTest){ compare_rows[i].name, differences_are_told, NULL, NULL,
                                          (void *)(uintptr_t)&compare_rows[i] };
    return _cmocka_run_group_tests("dataset", tests, n, NULL, NULL);
}
