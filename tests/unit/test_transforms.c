/* Guards every transform: what it does to a known picture with given amounts, against torchvision and
 * Pillow; how its amounts are drawn; and what it refuses. */
#include "support/support.h"

#include "data/transforms/transforms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define H 9
#define W 11
#define MOST (3 * 64 * 64)

/* A frame with memory for any picture here. */
typedef struct desk {
    fyi_frame f;
    _Alignas(16) float x[MOST], spare[MOST], scratch[4 * MOST];
} desk;

static desk *new_desk(int64_t c, int64_t h, int64_t w)
{
    desk *k = calloc(1, sizeof *k);

    assert_non_null(k);
    k->f = (fyi_frame){ k->x, k->spare, FY_SHAPE(c, h, w), k->scratch, { .range = FY_RANGE_KEEP } };
    return k;
}

/* make_transforms.py's picture, in levels; `flat` halves its contrast. */
static void paint(fyi_frame *f, bool flat)
{
    const int64_t h = f->shape.d[1], w = f->shape.d[2];

    for (int64_t c = 0; c < 3; c++)
        for (int64_t y = 0; y < h; y++)
            for (int64_t x = 0; x < w; x++) {
                const int64_t v = (x * 13 + y * 11 + c * 67 + x * y * (c + 1)) % 256;

                f->x[(c * h + y) * w + x] = (float)(flat ? v / 2 + 30 : v) / 255;
            }
}

/* ---- pictures -------------------------------------------------------------------------------- */

typedef void (*operation)(fyi_frame *f, const double *v);

static void brightness(fyi_frame *f, const double *v)
{
    fyi_brightness(f, (float)v[0]);
}

static void contrast(fyi_frame *f, const double *v)
{
    fyi_contrast(f, (float)v[0]);
}

static void saturation(fyi_frame *f, const double *v)
{
    fyi_saturation(f, (float)v[0]);
}

static void sharpness(fyi_frame *f, const double *v)
{
    fyi_sharpness(f, (float)v[0]);
}

static void hue(fyi_frame *f, const double *v)
{
    fyi_hue(f, (float)v[0]);
}

static void grey(fyi_frame *f, const double *v)
{
    (void)v;
    fyi_grey(f);
}

static void posterize(fyi_frame *f, const double *v)
{
    fyi_posterize(f, (int)v[0]);
}

static void solarize(fyi_frame *f, const double *v)
{
    fyi_solarize(f, (float)v[0]);
}

static void autocontrast(fyi_frame *f, const double *v)
{
    (void)v;
    fyi_autocontrast(f);
}

static void equalize(fyi_frame *f, const double *v)
{
    (void)v;
    fyi_equalize(f);
}

static void resized_crop(fyi_frame *f, const double *v)
{
    fyi_resize_box(f, &(fyi_box){ (int64_t)v[0], (int64_t)v[1], (int64_t)v[2], (int64_t)v[3] }, 5,
                   6);
}

/* torchvision's shear leans the other way. */
static void warp(fyi_frame *f, const double *v, fy_fill_mode fill)
{
    const double radians = 0.017453292519943295;
    const fyi_warp p = { v[1], v[2], v[0] * radians, v[3], -tan(v[4] * radians) };
    const fyi_map m = fyi_warp_map(&p, f->shape.d[1], f->shape.d[2]);

    fyi_resample(f, &m, fill, 0);
}

static void warp_in_black(fyi_frame *f, const double *v)
{
    warp(f, v, FY_FILL_CONSTANT);
}

static void warp_nearest(fyi_frame *f, const double *v)
{
    warp(f, v, FY_FILL_NEAREST);
}

static void rand_op(fyi_frame *f, const double *v)
{
    fyi_rand_apply((int)v[0], f, 9.0 / 30, v[1] > 0, 0);
}

static const struct golden {
    const char *name;
    operation run;
    double amounts[5];
    int64_t h, w;
    uint8_t values[3 * 29 * W];
} goldens[] = {
#include "../golden/transforms.inc"
};

static void picture_agrees_to_one_grey_level(void **state)
{
    const struct golden *g = *state;
    const bool is_tall = g->h > H;
    desk *k = new_desk(3, is_tall ? g->h : H, W);
    float *expected = calloc(MOST, sizeof *expected);

    paint(&k->f, is_tall);
    g->run(&k->f, g->amounts);
    assert_int_equal(k->f.shape.d[1], g->h);
    assert_int_equal(k->f.shape.d[2], g->w);
    for (int64_t i = 0; i < 3 * g->h * g->w; i++)
        expected[i] = (float)g->values[i] / 255;
    check_close(k->f.x, expected, 3 * g->h * g->w, 0, 1.01 / 255);
    free(expected);
    free(k);
}

/* ---- one transform on a picture -------------------------------------------------------------- */

/* Applies t to a small picture [1, 2, 3] of 1 .. 6, or of all `value`. */
static void apply(const fy_transform *t, uint64_t seed, float value, desk *k)
{
    fy_rng r = fy_rng_named(seed, "test.transforms");

    for (int64_t i = 0; i < fy_shape_numel(&k->f.shape); i++)
        k->f.x[i] = value != 0 ? value : (float)(i + 1);
    fyi_transform_of(t->kind)->apply(t, &k->f, &r);
}

static void flips_mirror_and_upturn(void **state)
{
    const float mirrored[] = { 3, 2, 1, 6, 5, 4 }, upturned[] = { 4, 5, 6, 1, 2, 3 };
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_FLIP);
    desk *k = new_desk(1, 2, 3);

    (void)state;
    t.flip.prob = 1;
    apply(&t, 0, 0, k);
    check_close(k->f.x, mirrored, 6, 0, 0);
    t.flip.prob = 0;
    t.flip.vertical_prob = 1;
    apply(&t, 0, 0, k);
    check_close(k->f.x, upturned, 6, 0, 0);
    free(k);
}

/* Every window of the padded picture comes, and none else: (2 + 2 - 2 + 1) (3 + 2 - 3 + 1) of them. */
static void crops_show_every_window(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_CROP);
    desk *k = new_desk(1, 2, 3);
    int seen[3][3] = { { 0 } };

    (void)state;
    t.crop.pad = 1;
    for (uint64_t seed = 0; seed < 200; seed++) {
        int top = -2, left = -2;

        apply(&t, seed, 0, k);
        for (int i = 0; i < 6; i++)
            if (k->f.x[i] > 0) {
                top = ((int)k->f.x[i] - 1) / 3 - i / 3;
                left = ((int)k->f.x[i] - 1) % 3 - i % 3;
            }
        assert_in_range(top + 1, 0, 2);
        assert_in_range(left + 1, 0, 2);
        seen[top + 1][left + 1]++;
    }
    for (int i = 0; i < 9; i++)
        assert_true(seen[i / 3][i % 3] > 5);
    t.crop.fill = FY_FILL_NEAREST;
    for (uint64_t seed = 0; seed < 20; seed++) {
        apply(&t, seed, 0, k);
        for (int i = 0; i < 6; i++)
            assert_true(k->f.x[i] >= 1);
    }
    free(k);
}

static void noise_has_its_deviation(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_NOISE);
    desk *k = new_desk(3, 64, 64);
    double sum = 0, square = 0;

    (void)state;
    t.noise.deviation = 0.1f;
    apply(&t, 0, 0.5f, k);
    for (int i = 0; i < MOST; i++) {
        sum += (double)k->f.x[i] - 0.5;
        square += ((double)k->f.x[i] - 0.5) * ((double)k->f.x[i] - 0.5);
    }
    assert_true(fabs(sum / MOST) < 0.003);
    assert_true(fabs(sqrt(square / MOST) - 0.1) < 0.003);
    free(k);
}

static void grey_leaves_no_colour(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_GREY);
    desk *k = new_desk(3, H, W);
    fy_rng r = fy_rng_named(1, "test");

    (void)state;
    t.grey.prob = 1;
    paint(&k->f, false);
    fyi_transform_of(t.kind)->apply(&t, &k->f, &r);
    check_close(k->f.x, k->f.x + H * W, H * W, 0, 0);
    check_close(k->f.x, k->f.x + 2 * H * W, H * W, 0, 0);
    free(k);
}

/* With one amount on, the picture is one that this amount alone can make. */
static void jitter_stays_within_its_limits(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_COLOUR_JITTER);
    desk *k = new_desk(1, 2, 3);
    double lo = 9, hi = 0, sum = 0;

    (void)state;
    t.colour_jitter.brightness = 0.4f;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        apply(&t, seed, 0.5f, k);
        lo = fmin(lo, (double)k->f.x[0] / 0.5);
        hi = fmax(hi, (double)k->f.x[0] / 0.5);
        sum += (double)k->f.x[0] / 0.5;
    }
    assert_true(lo >= 0.6 - 1e-6 && lo < 0.61 && hi <= 1.4 + 1e-6 && hi > 1.39);
    assert_true(fabs(sum / 1000 - 1) < 0.03);
    free(k);
}

static double distance(const desk *a, const desk *b)
{
    double sum = 0;

    for (int i = 0; i < 3 * H * W; i++)
        sum += fabs((double)a->f.x[i] - (double)b->f.x[i]);
    return sum;
}

/* Brightness and contrast do not commute: both orders come. */
static void jitter_changes_its_order(void **state)
{
    fy_transform both = fy_transform_defaults(FY_TRANSFORM_COLOUR_JITTER);
    desk *k = new_desk(3, H, W), *a = new_desk(3, H, W), *b = new_desk(3, H, W);
    int n_light_first = 0, n_contrast_first = 0;

    (void)state;
    both.colour_jitter.brightness = both.colour_jitter.contrast = 0.5f;
    for (uint64_t seed = 0; seed < 100; seed++) {
        fy_rng r = fy_rng_named(seed, "test"), same = r;
        const float light = 0.5f + fy_rng_uniform(&same), sharp = 0.5f + fy_rng_uniform(&same);

        paint(&k->f, true);
        paint(&a->f, true);
        paint(&b->f, true);
        fyi_transform_of(both.kind)->apply(&both, &k->f, &r);
        fyi_brightness(&a->f, light);
        fyi_contrast(&a->f, sharp);
        fyi_contrast(&b->f, sharp);
        fyi_brightness(&b->f, light);
        n_light_first += distance(k, a) < 1e-3;
        n_contrast_first += distance(k, b) < 1e-3;
    }
    assert_true(n_light_first > 30 && n_contrast_first > 30);
    free(b);
    free(a);
    free(k);
}

static void rand_augment_does_all_it_can(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_RAND_AUGMENT);
    desk *k = new_desk(3, H, W);
    float before[3 * H * W];
    int n_same = 0;

    (void)state;
    t.rand_augment.ops = 1;
    for (uint64_t seed = 0; seed < 400; seed++) {
        fy_rng r = fy_rng_named(seed, "test");

        paint(&k->f, false);
        memcpy(before, k->f.x, sizeof before);
        fyi_transform_of(t.kind)->apply(&t, &k->f, &r);
        n_same += memcmp(before, k->f.x, sizeof before) == 0;
        for (int i = 0; i < 3 * H * W; i++)
            assert_true(k->f.x[i] >= 0 && k->f.x[i] <= 1);
    }
    assert_in_range(n_same, 400 / 14, 400 * 4 / 14); /* identity, and equalize with so few pixels */
    free(k);
}

static void magnitude_zero_changes_nothing_that_moves(void **state)
{
    desk *k = new_desk(3, H, W), *same = new_desk(3, H, W);

    (void)state;
    for (int op = 0; op < 12; op++) {
        paint(&k->f, false);
        paint(&same->f, false);
        if (op == 11) /* solarize: white alone is inverted */
            k->f.x[0] = same->f.x[0] = 0.5f;
        fyi_rand_apply(op, &k->f, 0, false, 0);
        check_close(k->f.x, same->f.x, op == 11 ? 1 : 3 * H * W, 0, 1e-6);
    }
    free(same);
    free(k);
}

/* ---- draws ----------------------------------------------------------------------------------- */

static void warps_stay_within_their_limits(void **state)
{
    const fy_warp_opts o = {
        .shift_frac = 0.2f, .rotate_deg = 30, .shear_deg = 45, .zoom_frac = 0.25f
    };
    double lo[5] = { 99, 99, 99, 99, 99 }, hi[5] = { -99, -99, -99, -99, -99 };
    const double limit[5] = { 4, 2, 30 * 0.0174532925, 0.25, 1 };

    (void)state;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        fy_rng r = fy_rng_named(seed, "test");
        const fyi_warp p = fyi_warp_draw(&o, 10, 20, &r);
        const double v[5] = { p.dx, p.dy, p.turn_rad, p.scale - 1, p.shear };

        for (int k = 0; k < 5; k++) {
            lo[k] = fmin(lo[k], v[k]);
            hi[k] = fmax(hi[k], v[k]);
        }
    }
    for (int k = 0; k < 5; k++) {
        assert_true(lo[k] >= -limit[k] - 1e-6 && lo[k] < -0.97 * limit[k]);
        assert_true(hi[k] <= limit[k] + 1e-6 && hi[k] > 0.97 * limit[k]);
    }
}

/* Turning one amount on must not reroll the others. */
static void amounts_do_not_disturb_each_other(void **state)
{
    const fy_warp_opts alone = { .shift_frac = 0.2f };
    const fy_warp_opts all = {
        .shift_frac = 0.2f, .rotate_deg = 9, .shear_deg = 3, .zoom_frac = 0.1f
    };

    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        fy_rng r = fy_rng_named(seed, "test"), same = r;
        const fyi_warp a = fyi_warp_draw(&alone, 10, 20, &r), b = fyi_warp_draw(&all, 10, 20, &same);

        check_close_f64(&a.dx, &b.dx, 1, 0, 0);
        check_close_f64(&a.dy, &b.dy, 1, 0, 0);
    }
}

static void windows_are_inside_and_of_the_asked_area(void **state)
{
    const fy_resized_crop_opts o = fy_transform_defaults(FY_TRANSFORM_RESIZED_CROP).resized_crop;
    double least = 9, most = 0, sum = 0, log_ratio = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        fy_rng r = fy_rng_named(seed, "test");
        const fyi_box b = fyi_resized_crop_draw(&o, 100, 100, &r);
        const double share = (double)(b.h * b.w) / 1e4, ratio = (double)b.w / (double)b.h;

        assert_true(b.y >= 0 && b.x >= 0 && b.y + b.h <= 100 && b.x + b.w <= 100);
        assert_true(ratio > 0.72 && ratio < 1.38);
        least = fmin(least, share);
        most = fmax(most, share);
        sum += share;
        log_ratio += log(ratio);
    }
    assert_true(least > 0.07 && least < 0.09 && most > 0.95);
    /* Large windows of odd shapes do not fit: the mean is below (0.08 + 1) / 2. */
    assert_true(sum / 2000 > 0.46 && sum / 2000 < 0.54);
    assert_true(fabs(log_ratio / 2000) < 0.02);
}

/* torchvision's fallback: the whole of what the ratio allows, in the middle. */
static void windows_that_never_fit_fall_back_to_the_middle(void **state)
{
    fy_resized_crop_opts o = fy_transform_defaults(FY_TRANSFORM_RESIZED_CROP).resized_crop;
    fy_rng r = fy_rng_named(0, "test");
    fyi_box b;

    (void)state;
    o.scale_min = o.scale_max = 1;
    o.ratio_min = o.ratio_max = 1;
    b = fyi_resized_crop_draw(&o, 40, 100, &r);
    assert_true(b.y == 0 && b.x == 30 && b.h == 40 && b.w == 40);
    b = fyi_resized_crop_draw(&o, 100, 40, &r);
    assert_true(b.y == 30 && b.x == 0 && b.h == 40 && b.w == 40);
}

static void rectangles_are_erased_as_often_as_asked(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_ERASE);
    desk *k = new_desk(1, 40, 50);
    int n_erased = 0;
    double least = 1, most = 0;

    (void)state;
    t.erase.value = -1;
    t.erase.prob = 0.25f;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        int n = 0;

        apply(&t, seed, 0.5f, k);
        for (int i = 0; i < 2000; i++)
            n += k->f.x[i] < 0;
        n_erased += n > 0;
        if (n > 0) {
            least = fmin(least, n / 2000.0);
            most = fmax(most, n / 2000.0);
        }
    }
    assert_in_range(n_erased, 200, 300);
    assert_true(least > 0.01 && least < 0.05 && most > 0.28 && most < 0.36);
    free(k);
}

/* 0 is the mean of what the dataset will give. */
static void erasing_counts_in_the_datasets_range(void **state)
{
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_ERASE);
    desk *k = new_desk(1, 40, 50);
    int n = 0;

    (void)state;
    t.erase.prob = 1;
    k->f.scaling = (fyi_scaling){ FY_RANGE_NORMAL, { 0.3f }, { 0.2f } };
    apply(&t, 5, 0.9f, k);
    fyi_scale(&k->f.scaling, &k->f.shape, k->f.x);
    for (int i = 0; i < 2000; i++)
        n += k->f.x[i] == 0;
    assert_true(n > 20);
    free(k);
}

static const struct beta_row {
    double alpha, deviation; /* 1 / (2 sqrt(2 alpha + 1)) */
} betas[] = { { 0.2, 0.42258 }, { 1, 0.288675 }, { 8, 0.121268 } };

static void lambda_is_beta(void **state)
{
    const struct beta_row *row = *state;
    double sum = 0, square = 0;
    fy_rng r = fy_rng_named(3, "test");

    for (int k = 0; k < 4000; k++) {
        const double v = fyi_draw_beta(&r, row->alpha);

        assert_true(v >= 0 && v <= 1);
        sum += v;
        square += (v - 0.5) * (v - 0.5);
    }
    assert_true(fabs(sum / 4000 - 0.5) < 0.02);
    assert_true(fabs(sqrt(square / 4000) - row->deviation) < 0.01);
}

/* ---- mixing ---------------------------------------------------------------------------------- */

#define N 3
#define AREA 48

/* Sample i is i everywhere, its label is i. */
static fyi_mixture batch(float *x, float *q, float *kept)
{
    const int32_t y[N] = { 0, 1, 2 };

    for (int i = 0; i < N * AREA; i++)
        x[i] = (float)(i / AREA);
    fyi_one_hot(y, N, N, q);
    return (fyi_mixture){ x, q, N, N, FY_SHAPE(1, 6, 8), kept };
}

static void mixup_mixes_pixels_and_labels_alike(void **state)
{
    const float expected_q[] = { 0.75f, 0, 0.25f, 0.25f, 0.75f, 0, 0, 0.25f, 0.75f };
    const float expected_x[] = { 0.5f, 0.75f, 1.75f };
    float x[N * AREA], q[N * N], kept[AREA];
    const fyi_mixture b = batch(x, q, kept);

    (void)state;
    fyi_mixup(&b, 0.75);
    check_close(q, expected_q, N * N, 0, 1e-6);
    for (int i = 0; i < N * AREA; i++)
        check_close(&x[i], &expected_x[i / AREA], 1, 0, 1e-6);
}

static void cutmix_moves_pixels_and_counts_them(void **state)
{
    float x[N * AREA], q[N * N], kept[AREA];

    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        const fyi_mixture b = batch(x, q, kept);
        fy_rng r = fy_rng_named(seed, "test");
        const float lambda = (float)fyi_cutmix(&b, (double)seed / 200, &r);

        for (int i = 0; i < N; i++) {
            int own = 0, neighbours = 0;

            for (int k = 0; k < AREA; k++) {
                own += x[i * AREA + k] == (float)i;
                neighbours += x[i * AREA + k] == (float)((i + N - 1) % N);
            }
            assert_int_equal(own + neighbours, AREA);
            check_close(&(float){ (float)own / AREA }, &lambda, 1, 0, 1e-6);
            check_close(&q[i * N + i], &lambda, 1, 0, 1e-6);
            check_close(&q[i * N + (i + N - 1) % N], &(float){ 1 - lambda }, 1, 0, 1e-6);
        }
    }
}

/* ---- pipelines ------------------------------------------------------------------------------- */

static fy_dataset *pictures(int64_t c, fy_value_range range)
{
    fy_digits_opts digits = fy_digits_defaults(FY_DIGITS_TEXTURED);
    fy_image_opts o = fy_image_defaults();
    fy_dataset *d, *p;

    digits.n = 20;
    o.channels = c;
    o.range = range;
    for (int k = 0; k < 3; k++) {
        o.mean[k] = 0.4f;
        o.deviation[k] = 0.2f;
    }
    check_ok(fy_digits_open(&digits, &d));
    check_ok(fy_dataset_prepare(d, &o, &p));
    fy_dataset_free(d);
    return p;
}

static void get(const fyi_pipeline *p, const fy_dataset *d, float *x)
{
    float *scratch = aligned_alloc(16, (p->n_scratch * sizeof(float) + 15) / 16 * 16);
    fy_rng r = fy_rng_named(7, "test");

    assert_non_null(scratch);
    check_ok(fyi_pipeline_get(p, d, 4, &r, x, NULL, scratch));
    free(scratch);
}

/* Colours are changed in 0 .. 1, and the range comes afterwards, to the bit. */
static void range_comes_last(void **state)
{
    fy_augment a = fy_augment_none();
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_COLOUR_JITTER);
    fy_dataset *plain = pictures(3, FY_RANGE_KEEP), *normal = pictures(3, FY_RANGE_NORMAL);
    float x[3 * 784], z[3 * 784];
    fyi_pipeline p;

    (void)state;
    t.colour_jitter = (fy_colour_jitter_opts){ 0.4f, 0.4f, 0.4f, 0.2f };
    check_ok(fy_augment_add(&a, &t));
    check_ok(fyi_pipeline_init(&p, &a, plain, "test"));
    get(&p, plain, x);
    check_ok(fyi_pipeline_init(&p, &a, normal, "test"));
    get(&p, normal, z);
    for (int i = 0; i < 3 * 784; i++) {
        assert_true(x[i] >= 0 && x[i] <= 1);
        x[i] = (x[i] - 0.4f) / 0.2f;
    }
    assert_memory_equal(x, z, sizeof x);
    fy_dataset_free(normal);
    fy_dataset_free(plain);
}

/* What one transform draws does not depend on those before it. */
static void transforms_draw_from_streams_of_their_own(void **state)
{
    fy_augment with = fy_augment_none(), without = fy_augment_none();
    fy_transform noise = fy_transform_defaults(FY_TRANSFORM_NOISE);
    fy_transform warp_one = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_dataset *d = pictures(1, FY_RANGE_KEEP);
    float a[784], b[784];
    fyi_pipeline p;

    (void)state;
    warp_one.warp.rotate_deg = 30;
    noise.noise.deviation = 1e-5f;
    check_ok(fy_augment_add(&with, &noise));
    noise.noise.deviation = 0;
    check_ok(fy_augment_add(&without, &noise));
    check_ok(fy_augment_add(&with, &warp_one));
    check_ok(fy_augment_add(&without, &warp_one));
    check_ok(fyi_pipeline_init(&p, &with, d, "test"));
    get(&p, d, a);
    check_ok(fyi_pipeline_init(&p, &without, d, "test"));
    get(&p, d, b);
    check_close(a, b, 784, 0, 1e-3);
    fy_dataset_free(d);
}

/* ---- series ---------------------------------------------------------------------------------- */

#define STEPS 40

/* Of all samples alike: a ramp, and a channel of ones. */
static fy_dataset *series(void)
{
    fy_tensor *x;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(5, 2, STEPS), &x));
    float *v = fy_tensor_data(x);
    for (int i = 0; i < 5; i++, v += 2 * STEPS)
        for (int t = 0; t < STEPS; t++) {
            v[t] = (float)t;
            v[STEPS + t] = 1;
        }
    check_ok(fy_dataset_from_tensors("series", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

/* All channels by the same steps, with silence where there is nothing; what stays is as loud as before. */
static void series_are_shifted_in_time(void **state)
{
    fy_augment a = fy_augment_none();
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_dataset *d = series();
    float x[2 * STEPS];
    fyi_pipeline p;
    int n = 0;

    (void)state;
    t.warp.shift_frac = 0.2f;
    t.warp.fill = FY_FILL_CONSTANT;
    check_ok(fy_augment_add(&a, &t));
    check_ok(fyi_pipeline_init(&p, &a, d, "test"));
    assert_true(fy_shape_equal(&p.out, &FY_SHAPE(2, STEPS)));
    get(&p, d, x);
    const float shift = x[STEPS / 2] - STEPS / 2;
    assert_true(fabsf(shift) > 0.1f && fabsf(shift) <= 0.2f * STEPS);
    for (int k = 0; k < STEPS; k++)
        if (x[STEPS + k] == 1) {
            assert_true(fabsf(x[k] - (float)k - shift) < 1e-4f);
            n++;
        }
    assert_in_range(n, STEPS - STEPS / 5 - 1, STEPS - 1);
    fy_dataset_free(d);
}

/* 1.5 to 0.5 times as fast about the middle. */
static void series_are_played_at_another_speed(void **state)
{
    fy_augment a = fy_augment_none();
    fy_transform t = fy_transform_defaults(FY_TRANSFORM_WARP);
    fy_dataset *d = series();
    float x[2 * STEPS];
    fyi_pipeline p;

    (void)state;
    t.warp.zoom_frac = 0.5f;
    check_ok(fy_augment_add(&a, &t));
    check_ok(fyi_pipeline_init(&p, &a, d, "test"));
    get(&p, d, x);
    const float step = x[STEPS / 2] - x[STEPS / 2 - 1];
    assert_true(fabsf(step - 1) > 0.01f && step > 0.66f && step < 2.01f);
    assert_true(fabsf(x[STEPS / 2] + x[STEPS / 2 - 1] - (STEPS - 1)) < 1e-4f);
    assert_true(fabsf(x[STEPS / 2 + 5] - x[STEPS / 2] - 5 * step) < 1e-3f);
    fy_dataset_free(d);
}

static void check_series_refusal(const fy_transform *t, const char *part)
{
    fy_augment a = fy_augment_none();
    fy_dataset *d = series();
    fyi_pipeline p;

    check_ok(fy_augment_add(&a, t));
    assert_int_not_equal(fyi_pipeline_init(&p, &a, d, "loader 'x'"), FY_OK);
    check_sentence(part);
    fy_dataset_free(d);
}

static void what_is_for_pictures_is_not_done_to_series(void **state)
{
    fy_transform turn = fy_transform_defaults(FY_TRANSFORM_WARP);

    (void)state;
    for (int kind = 0; kind < FY_TRANSFORMS; kind++) {
        const fy_transform t = fy_transform_defaults((fy_transform_kind)kind);
        if (kind != FY_TRANSFORM_WARP && kind != FY_TRANSFORM_NOISE)
            check_series_refusal(&t, "is for pictures, the samples are series");
    }
    turn.warp.rotate_deg = 5;
    check_series_refusal(&turn, "leave rotate_deg and shear_deg at 0");
}

/* ---- refusals -------------------------------------------------------------------------------- */

static const struct refusal {
    const char *name;
    fy_transform_kind kind;
    int64_t channels;
    fy_transform t; /* kind is set later */
    bool on_values;
    fy_status st;
    const char *part;
} refusals[] = {
    { "a probability above 1",
      FY_TRANSFORM_FLIP,
      3,
      { .flip = { .prob = 1.5f } },
      false,
      FY_EINVAL,
      "'flip' has prob 1.5, expected 0 to 1" },
    { "not a number",
      FY_TRANSFORM_WARP,
      3,
      { .warp = { .rotate_deg = NAN } },
      false,
      FY_EINVAL,
      "rotate_deg" },
    { "an outside of no kind",
      FY_TRANSFORM_WARP,
      3,
      { .warp = { .fill = (fy_fill_mode)5 } },
      false,
      FY_EINVAL,
      "'warp' has fill 5, expected 0 to 1" },
    { "a crop beyond the margin",
      FY_TRANSFORM_CROP,
      3,
      { .crop = { .height = 40, .pad = 4 } },
      false,
      FY_ESHAPE,
      "cuts 28x40 out of pictures that are 36x36" },
    { "scales the wrong way round",
      FY_TRANSFORM_RESIZED_CROP,
      3,
      { .resized_crop = { 0, 0, 1, 0.5f, 1, 1 } },
      false,
      FY_EINVAL,
      "the smaller comes first" },
    { "colours of values",
      FY_TRANSFORM_COLOUR_JITTER,
      3,
      { .colour_jitter = { .hue = 0.1f } },
      true,
      FY_EINVAL,
      "turn on_values off" },
    { "a bin beyond the last",
      FY_TRANSFORM_RAND_AUGMENT,
      3,
      { .rand_augment = { 2, 31, 31, 0 } },
      false,
      FY_EINVAL,
      "31 bins end at 30" },
    { "no such kind",
      (fy_transform_kind)77,
      3,
      { .kind = FY_TRANSFORM_WARP },
      false,
      FY_EINVAL,
      "77 is no kind" },
};

static void refuses(void **state)
{
    const struct refusal *row = *state;
    fy_augment a = fy_augment_none();
    fy_dataset *d = pictures(row->channels, FY_RANGE_KEEP);
    fy_transform t = row->t;
    fyi_pipeline p;

    t.kind = row->kind;
    a.on_values = row->on_values;
    check_ok(fy_augment_add(&a, &t));
    check_status(fyi_pipeline_init(&p, &a, d, "loader 'x'"), row->st);
    check_sentence(row->part);
    check_sentence("loader 'x'");
    fy_dataset_free(d);
}

/* Values that were scaled before the last preparation are no pixels any more. */
static void colours_of_data_prepared_twice_are_refused(void **state)
{
    fy_augment a = fy_augment_none();
    const fy_transform t = fy_transform_defaults(FY_TRANSFORM_RAND_AUGMENT);
    fy_dataset *once = pictures(3, FY_RANGE_SIGNED), *twice;
    fyi_pipeline p;

    (void)state;
    check_ok(fy_augment_add(&a, &t));
    check_ok(fyi_pipeline_init(&p, &a, once, "test"));
    check_ok(fy_dataset_prepare(once, NULL, &twice));
    check_status(fyi_pipeline_init(&p, &a, twice, "test"), FY_EINVAL);
    check_sentence("prepare the dataset only once");
    fy_dataset_free(twice);
    fy_dataset_free(once);
}

static void text_names_what_is_done(void **state)
{
    fy_augment a = fy_augment_photos(224);
    char text[200];

    (void)state;
    a.mix.mixup_alpha = 0.2f;
    assert_string_equal(
        fy_augment_text(&a, text, sizeof text),
        "resized_crop height 224, width 224, scale_min 0.08, scale_max 1, ratio_min "
        "0.75, ratio_max 1.333; flip prob 0.5; mixup alpha 0.2");
    a = fy_augment_none();
    assert_string_equal(fy_augment_text(&a, text, sizeof text), "nothing");
    assert_true(fy_augment_is_none(&a));
    a = fy_augment_gentle();
    assert_false(fy_augment_is_none(&a));
    assert_string_equal(fy_augment_text(&a, text, 5), "warp");
}

static void a_full_list_is_refused(void **state)
{
    fy_augment a = fy_augment_small();
    const fy_transform t = fy_transform_defaults(FY_TRANSFORM_NOISE);

    (void)state;
    while (a.n < FY_MAX_TRANSFORMS)
        check_ok(fy_augment_add(&a, &t));
    check_status(fy_augment_add(&a, &t), FY_EINVAL);
    assert_string_equal(fy_transform_name(FY_TRANSFORM_ERASE), "erase");
    assert_null(fy_transform_name((fy_transform_kind)FY_TRANSFORMS));
}

static const struct CMUnitTest plain[] = {
    cmocka_unit_test(flips_mirror_and_upturn),
    cmocka_unit_test(crops_show_every_window),
    cmocka_unit_test(noise_has_its_deviation),
    cmocka_unit_test(grey_leaves_no_colour),
    cmocka_unit_test(jitter_stays_within_its_limits),
    cmocka_unit_test(jitter_changes_its_order),
    cmocka_unit_test(rand_augment_does_all_it_can),
    cmocka_unit_test(magnitude_zero_changes_nothing_that_moves),
    cmocka_unit_test(warps_stay_within_their_limits),
    cmocka_unit_test(amounts_do_not_disturb_each_other),
    cmocka_unit_test(windows_are_inside_and_of_the_asked_area),
    cmocka_unit_test(windows_that_never_fit_fall_back_to_the_middle),
    cmocka_unit_test(rectangles_are_erased_as_often_as_asked),
    cmocka_unit_test(erasing_counts_in_the_datasets_range),
    cmocka_unit_test(mixup_mixes_pixels_and_labels_alike),
    cmocka_unit_test(cutmix_moves_pixels_and_counts_them),
    cmocka_unit_test(range_comes_last),
    cmocka_unit_test(transforms_draw_from_streams_of_their_own),
    cmocka_unit_test(series_are_shifted_in_time),
    cmocka_unit_test(series_are_played_at_another_speed),
    cmocka_unit_test(what_is_for_pictures_is_not_done_to_series),
    cmocka_unit_test(colours_of_data_prepared_twice_are_refused),
    cmocka_unit_test(text_names_what_is_done),
    cmocka_unit_test(a_full_list_is_refused),
};

int main(void)
{
    struct CMUnitTest tests[LEN(goldens) + LEN(betas) + LEN(refusals) + LEN(plain)];
    size_t n = 0;

    for (size_t i = 0; i < LEN(goldens); i++)
        tests[n++] = (struct CMUnitTest){ goldens[i].name, picture_agrees_to_one_grey_level, NULL,
                                          NULL, (void *)&goldens[i] };
    for (size_t i = 0; i < LEN(betas); i++)
        tests[n++] =
            (struct CMUnitTest){ "lambda is beta", lambda_is_beta, NULL, NULL, (void *)&betas[i] };
    for (size_t i = 0; i < LEN(refusals); i++)
        tests[n++] =
            (struct CMUnitTest){ refusals[i].name, refuses, NULL, NULL, (void *)&refusals[i] };
    memcpy(tests + n, plain, sizeof plain);
    return cmocka_run_group_tests_name("transforms", tests, NULL, NULL);
}
