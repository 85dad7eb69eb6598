/* Guards the drawn digits: the same pictures on every machine and compiler, whatever is asked for
 * in which order, and digits that stay inside the picture and differ from style to style. */
#include "support/support.h"

#include "data/data.h"

#include <ferry/train.h>

#include <math.h>
#include <string.h>

static fy_dataset *drawn(fy_digit_style style, uint64_t seed, int64_t n)
{
    fy_digits_opts o = fy_digits_defaults(style);
    fy_dataset *d;

    o.seed = seed;
    o.n = n;
    check_ok(fy_digits_open(&o, &d));
    return d;
}

/* SHA-256 of the first 40 pictures as bytes. */
static void hash_pictures(const fy_dataset *d, char hex[65])
{
    const int64_t n = fy_shape_numel(fy_dataset_shape(d));
    fyi_sha256 sum;
    float x[3 * 28 * 28];

    fyi_sha256_init(&sum);
    for (int64_t i = 0; i < 40; i++) {
        check_ok(fy_dataset_get(d, i, x, n, NULL));
        for (int64_t k = 0; k < n; k++) {
            const uint8_t v = (uint8_t)lrintf(x[k] * 255.0f);

            fyi_sha256_update(&sum, &v, 1);
        }
    }
    fyi_sha256_hex(&sum, hex);
}

/* Changing how a style draws changes its row, and the "digits 2" that digits.c hashes. */
static const struct style_row {
    const char *name;
    fy_digit_style style;
    int64_t channels;
    double mean, deviation; /* of 500 pictures, from the first to the last digit of the row */
    const char *sha256;
} style_rows[] = {
#include "golden/digits.inc"
};

static void pictures_are_the_same_everywhere(void **state)
{
    const struct style_row *row = *state;
    fy_dataset *d = drawn(row->style, 1, 40);
    char hex[65];

    assert_int_equal(fy_dataset_shape(d)->d[0], row->channels);
    hash_pictures(d, hex);
    assert_string_equal(hex, row->sha256);
    fy_dataset_free(d);
}

static void statistics_are_the_styles(void **state)
{
    const struct style_row *row = *state;
    fy_dataset *d = drawn(row->style, 1, 500);
    fy_data_stats s;

    check_ok(fy_dataset_stats(d, 0, &s));
    assert_true(s.min >= 0.0f && s.max <= 1.0f);
    check_close_f64(&s.mean, &row->mean, 1, 0, 2e-3);
    check_close_f64(&s.deviation, &row->deviation, 1, 0, 2e-3);
    fy_dataset_free(d);
}

static void a_sample_is_a_function_of_seed_style_and_number(void **state)
{
    fy_dataset *few = drawn(FY_DIGITS_NOISY, 5, 20), *many = drawn(FY_DIGITS_NOISY, 5, 3000);
    fy_dataset *other = drawn(FY_DIGITS_NOISY, 6, 20);
    float a[784], b[784];

    (void)state;
    for (int64_t i = 19; i >= 0; i--) {
        check_ok(fy_dataset_get(few, i, a, 784, NULL));
        check_ok(fy_dataset_get(many, i, b, 784, NULL));
        assert_memory_equal(a, b, sizeof a);
        check_ok(fy_dataset_get(other, i, b, 784, NULL));
        assert_memory_not_equal(a, b, sizeof a);
    }
    assert_string_equal(fy_dataset_hash(few), fy_dataset_hash(many));
    assert_string_not_equal(fy_dataset_hash(few), fy_dataset_hash(other));
    assert_string_not_equal(fy_dataset_view_hash(few), fy_dataset_view_hash(many));
    fy_dataset_free(other);
    fy_dataset_free(many);
    fy_dataset_free(few);
}

/* Methods see sample numbers, of unlabelled streams as well: the best guess by a number's place in its
 * ten is next to chance, and so is the guess that another style has the same class there. */
static void a_number_does_not_tell_the_class(void **state)
{
    enum { N = 4000 };
    fy_dataset *d = drawn(FY_DIGITS_NOISY, 3, N), *other = drawn(FY_DIGITS_CLEAN, 3, N);
    static int32_t place[N], label[N], elsewhere[N];
    double by_place, by_other;
    int64_t counts[10];

    (void)state;
    for (int32_t i = 0; i < N; i++) {
        place[i] = i % 10;
        check_ok(fy_dataset_label(d, i, &label[i]));
        check_ok(fy_dataset_label(other, i, &elsewhere[i]));
    }
    check_ok(fy_matched_accuracy(place, label, N, 10, &by_place, NULL));
    check_ok(fy_matched_accuracy(elsewhere, label, N, 10, &by_other, NULL));
    assert_true(by_place < 0.13 && by_other < 0.13);
    check_ok(fy_dataset_class_counts(d, counts, 10));
    for (int k = 0; k < 10; k++)
        assert_int_equal(counts[k], N / 10);
    fy_dataset_free(other);
    fy_dataset_free(d);
}

static void every_ten_samples_are_one_of_each(void **state)
{
    fy_dataset *d = drawn(FY_DIGITS_INVERTED, 4, 200);

    (void)state;
    for (int64_t ten = 0; ten < 20; ten++) {
        int seen = 0;

        for (int64_t i = 0; i < 10; i++) {
            int32_t y;

            check_ok(fy_dataset_label(d, 10 * ten + i, &y));
            seen |= 1 << y;
        }
        assert_int_equal(seen, 0x3ff);
    }
    fy_dataset_free(d);
}

/* Next to no ink along the edge shows that digits are not cut off; some ink, that each is there. */
static void digits_lie_inside_the_picture(void **state)
{
    fy_dataset *d = drawn(FY_DIGITS_CLEAN, 2, 500);
    float x[784];
    int n_touching = 0;

    (void)state;
    for (int64_t i = 0; i < 500; i++) {
        float ink = 0, edge = 0;

        check_ok(fy_dataset_get(d, i, x, 784, NULL));
        for (int k = 0; k < 784; k++) {
            ink += x[k];
            if (k / 28 == 0 || k / 28 == 27 || k % 28 == 0 || k % 28 == 27)
                edge += x[k];
        }
        assert_true(ink > 25.0f && ink < 250.0f);
        n_touching += edge > 2.0f; /* more than a line end that fades out there */
    }
    assert_true(n_touching <= 15);
    fy_dataset_free(d);
}

static void any_size_shows_the_same_drawing(void **state)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_CLEAN);
    double ink[2];

    (void)state;
    o.n = 50;
    for (int k = 0; k < 2; k++) {
        fy_dataset *d;
        fy_data_stats s;

        o.size_px = k == 0 ? 28 : 64;
        check_ok(fy_digits_open(&o, &d));
        check_ok(fy_dataset_stats(d, 0, &s));
        ink[k] = s.mean;
        fy_dataset_free(d);
    }
    check_close_f64(&ink[1], &ink[0], 1, 0.03, 0);
}

static void grey_is_made_of_a_coloured_style_and_back(void **state)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_TEXTURED);
    fy_dataset *colour, *grey;
    float x[3 * 784], g[784], luma;

    (void)state;
    check_ok(fy_digits_open(&o, &colour));
    o.channels = 1;
    check_ok(fy_digits_open(&o, &grey));
    check_ok(fy_dataset_get(colour, 8, x, 3 * 784, NULL));
    check_ok(fy_dataset_get(grey, 8, g, 784, NULL));
    for (int k = 0; k < 784; k++) {
        luma = 0.299f * x[k] + 0.587f * x[784 + k] + 0.114f * x[2 * 784 + k];
        check_close(&g[k], &luma, 1, 0, 0.06); /* noise beyond 0 .. 1 is cut per channel */
    }
    fy_dataset_free(grey);
    fy_dataset_free(colour);
}

static void styles_are_found_by_name(void **state)
{
    fy_digit_style style;

    (void)state;
    for (int s = 0; s < FY_DIGIT_STYLES; s++) {
        check_ok(fy_digit_style_find(fy_digit_style_name((fy_digit_style)s), &style));
        assert_int_equal(style, s);
    }
    assert_null(fy_digit_style_name((fy_digit_style)FY_DIGIT_STYLES));
    check_status(fy_digit_style_find("noise", &style), FY_EINVAL);
    check_sentence("did you mean 'noisy'?");
    check_status(fy_digit_style_find("watercolour", &style), FY_EINVAL);
    check_sentence("there are clean, thin-rotated");
}

static void impossible_options_are_refused(void **state)
{
    const fy_digits_opts rows[] = {
        { .style = (fy_digit_style)9, .n = 1, .size_px = 28 },
        { .n = 0, .size_px = 28 },
        { .n = 1, .size_px = 7 },
        { .n = 1, .size_px = 513 },
        { .n = 1, .size_px = 28, .channels = 2 },
    };
    fy_dataset *d;

    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        check_status(fy_digits_open(&rows[i], &d), FY_EINVAL);
        check_sentence("drawn digits: ");
        assert_null(d);
    }
}

static fy_status open_and_read(void *arg)
{
    fy_digits_opts o = fy_digits_defaults(FY_DIGITS_TEXTURED);
    fy_dataset *d = NULL;
    fy_tensor *x = NULL;
    fy_status st;

    (void)arg;
    o.n = 3;
    FY_TRY(fy_digits_open(&o, &d));
    FY_TRY(fy_dataset_read(d, NULL, 0, &x, NULL));
done:
    fy_tensor_free(x);
    fy_dataset_free(d);
    return st;
}

static void lack_of_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    fyt_check_alloc_failures(open_and_read, NULL);
}

int main(void)
{
    struct CMUnitTest tests[32] = {
        cmocka_unit_test(a_sample_is_a_function_of_seed_style_and_number),
        cmocka_unit_test(a_number_does_not_tell_the_class),
        cmocka_unit_test(every_ten_samples_are_one_of_each),
        cmocka_unit_test(digits_lie_inside_the_picture),
        cmocka_unit_test(any_size_shows_the_same_drawing),
        cmocka_unit_test(grey_is_made_of_a_coloured_style_and_back),
        cmocka_unit_test(styles_are_found_by_name),
        cmocka_unit_test(impossible_options_are_refused),
        cmocka_unit_test(lack_of_memory_leaves_nothing_behind),
    };
    size_t n = 9;

    for (size_t i = 0; i < LEN(style_rows); i++) {
        void *row = (void *)(uintptr_t)&style_rows[i];

        tests[n++] = (struct CMUnitTest){ style_rows[i].name, pictures_are_the_same_everywhere,
                                          NULL, NULL, row };
        tests[n++] =
            (struct CMUnitTest){ style_rows[i].name, statistics_are_the_styles, NULL, NULL, row };
    }
    return _cmocka_run_group_tests("digits", tests, n, NULL, NULL);
}
