/* Guards the augmentation: what each option does to a picture, and that its random numbers are the
 * sample's own. */
#include "support/support.h"

#include "data/data.h"

#include <math.h>
#include <string.h>

#define SIDE 15

/* A soft blob around (cx, cy). */
static void blob(float *x, double cx, double cy)
{
    for (int k = 0; k < SIDE * SIDE; k++) {
        const double dx = k % SIDE - cx, dy = k / SIDE - cy;

        x[k] = (float)exp(-(dx * dx + dy * dy) / 4.0);
    }
}

static void centre_of(const float *x, double *cx, double *cy)
{
    double sum = 0;

    *cx = *cy = 0;
    for (int k = 0; k < SIDE * SIDE; k++) {
        sum += (double)x[k];
        *cx += (double)x[k] * (k % SIDE);
        *cy += (double)x[k] * (k / SIDE);
    }
    *cx /= sum;
    *cy /= sum;
}

static void augment(const fy_augment_opts *o, const float *src, uint64_t number, float *dst)
{
    fy_rng r = fy_rng_named(number, "test.augment");

    fy_augment(o, src, &FY_SHAPE(1, SIDE, SIDE), &r, dst);
}

static void nothing_asked_nothing_changed(void **state)
{
    const fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE], dst[SIDE * SIDE];

    (void)state;
    blob(src, 4, 9);
    augment(&o, src, 0, dst);
    assert_memory_equal(src, dst, sizeof src);
}

static void shifts_stay_within_their_limit_on_both_sides(void **state)
{
    fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE], dst[SIDE * SIDE];
    double cx, cy, lo = 99, hi = 0;

    (void)state;
    o.shift_frac = 0.2f; /* 3 px */
    blob(src, 7, 7);
    for (uint64_t i = 0; i < 200; i++) {
        augment(&o, src, i, dst);
        centre_of(dst, &cx, &cy);
        assert_true(fabs(cx - 7) < 3.1 && fabs(cy - 7) < 3.1);
        lo = fmin(lo, cx);
        hi = fmax(hi, cx);
    }
    assert_true(lo < 4.5 && hi > 9.5);
}

/* A blob off the centre keeps its distance to it and turns by at most the limit. */
static void rotation_is_about_the_centre(void **state)
{
    fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE], dst[SIDE * SIDE];
    double cx, cy, most = 0;

    (void)state;
    o.rotate_deg = 30;
    blob(src, 7, 3);
    for (uint64_t i = 0; i < 200; i++) {
        augment(&o, src, i, dst);
        centre_of(dst, &cx, &cy);
        check_close_f64(&(double){ hypot(cx - 7, cy - 7) }, &(double){ 4 }, 1, 0, 0.15);
        most = fmax(most, fabs(atan2(cx - 7, 7 - cy)) * 57.29577951308232);
    }
    assert_true(most > 27 && most < 31);
}

static void scale_moves_away_from_the_centre(void **state)
{
    fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE], dst[SIDE * SIDE];
    double cx, cy, lo = 99, hi = 0;

    (void)state;
    o.scale_frac = 0.25f;
    blob(src, 7, 4);
    for (uint64_t i = 0; i < 200; i++) {
        augment(&o, src, i, dst);
        centre_of(dst, &cx, &cy);
        assert_true(fabs(cx - 7) < 0.05);
        lo = fmin(lo, 7 - cy);
        hi = fmax(hi, 7 - cy);
    }
    assert_true(lo > 2.15 && lo < 2.4 && hi > 3.5 && hi < 3.85);
}

static void flips_come_as_often_as_asked(void **state)
{
    fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE], dst[SIDE * SIDE];
    int n_flipped = 0;

    (void)state;
    o.flip_prob = 0.25f;
    blob(src, 3, 7);
    for (uint64_t i = 0; i < 400; i++) {
        augment(&o, src, i, dst);
        n_flipped += dst[7 * SIDE + 11] > 0.9f;
        assert_true((dst[7 * SIDE + 11] > 0.9f) != (dst[7 * SIDE + 3] > 0.9f));
    }
    assert_true(n_flipped > 70 && n_flipped < 130);
}

static void outside_is_filled_and_noise_is_added(void **state)
{
    fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE] = { 0 }, dst[SIDE * SIDE];
    double square = 0;

    (void)state;
    o.shift_frac = 1;
    o.fill = 1;
    augment(&o, src, 3, dst);
    centre_of(dst, &(double){ 0 }, &(double){ 0 });
    for (int k = 0; k < SIDE * SIDE; k++)
        assert_true(dst[k] >= 0 && dst[k] <= 1);
    o = fy_augment_defaults();
    o.noise = 0.1f;
    augment(&o, src, 3, dst);
    for (int k = 0; k < SIDE * SIDE; k++)
        square += (double)dst[k] * (double)dst[k];
    check_close_f64(&(double){ sqrt(square / (SIDE * SIDE)) }, &(double){ 0.1 }, 1, 0.2, 0);
}

/* Turning one option on must not reroll the others. */
static void options_do_not_disturb_each_other(void **state)
{
    fy_augment_opts o = fy_augment_defaults();
    float src[SIDE * SIDE], a[SIDE * SIDE], b[SIDE * SIDE];

    (void)state;
    blob(src, 7, 7);
    o.shift_frac = 0.2f;
    augment(&o, src, 9, a);
    o.rotate_deg = 1e-6f;
    o.scale_frac = 1e-6f;
    augment(&o, src, 9, b);
    check_close(b, a, SIDE * SIDE, 1e-4, 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asked_nothing_changed),
        cmocka_unit_test(shifts_stay_within_their_limit_on_both_sides),
        cmocka_unit_test(rotation_is_about_the_centre),
        cmocka_unit_test(scale_moves_away_from_the_centre),
        cmocka_unit_test(flips_come_as_often_as_asked),
        cmocka_unit_test(outside_is_filled_and_noise_is_added),
        cmocka_unit_test(options_do_not_disturb_each_other),
    };

    return cmocka_run_group_tests_name("augment", tests, NULL, NULL);
}
