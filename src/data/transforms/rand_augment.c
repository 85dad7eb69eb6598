/* rand_augment.c: operations drawn from a list, all at one strength (Cubuk et al. 2020). The list and
 * the ranges are torchvision's; pixels are interpolated bilinearly.
 *
 *   m = magnitude / (bins - 1); where an operation has a sign, a coin is thrown for it
 * Shears are about the upper left corner, rotation is about the centre. */
#include "data/transforms/transforms.h"

#include <math.h>

#define RADIANS 0.017453292519943295

/* What an operation gets: its amount, signed; the fill. */
typedef void (*operation)(fyi_frame *f, double v, float fill);

static void keep(fyi_frame *f, double v, float fill)
{
    (void)f;
    (void)v;
    (void)fill;
}

static void shear_x(fyi_frame *f, double v, float fill)
{
    fyi_resample(f, &(fyi_map){ 1, v, 0.5 * v, 0, 1, 0 }, FY_FILL_CONSTANT, fill);
}

static void shear_y(fyi_frame *f, double v, float fill)
{
    fyi_resample(f, &(fyi_map){ 1, 0, 0, v, 1, 0.5 * v }, FY_FILL_CONSTANT, fill);
}

/* By whole pixels. */
static void move_x(fyi_frame *f, double v, float fill)
{
    const double by = trunc(v * (double)f->shape.d[2]);

    fyi_resample(f, &(fyi_map){ 1, 0, -by, 0, 1, 0 }, FY_FILL_CONSTANT, fill);
}

static void move_y(fyi_frame *f, double v, float fill)
{
    const double by = trunc(v * (double)f->shape.d[1]);

    fyi_resample(f, &(fyi_map){ 1, 0, 0, 0, 1, -by }, FY_FILL_CONSTANT, fill);
}

static void rotate(fyi_frame *f, double v, float fill)
{
    const fyi_warp turn = { .turn_rad = -v * RADIANS, .scale = 1 };
    const fyi_map m = fyi_warp_map(&turn, f->shape.d[1], f->shape.d[2]);

    fyi_resample(f, &m, FY_FILL_CONSTANT, fill);
}

static void brighten(fyi_frame *f, double v, float fill)
{
    (void)fill;
    fyi_brightness(f, (float)(1 + v));
}

static void colour(fyi_frame *f, double v, float fill)
{
    (void)fill;
    fyi_saturation(f, (float)(1 + v));
}

static void contrast(fyi_frame *f, double v, float fill)
{
    (void)fill;
    fyi_contrast(f, (float)(1 + v));
}

static void sharpen(fyi_frame *f, double v, float fill)
{
    (void)fill;
    fyi_sharpness(f, (float)(1 + v));
}

/* From 8 bits to 4. */
static void posterize(fyi_frame *f, double v, float fill)
{
    (void)fill;
    fyi_posterize(f, 8 - (int)lrint(v));
}

/* The threshold falls from white to black. */
static void solarize(fyi_frame *f, double v, float fill)
{
    (void)fill;
    fyi_solarize(f, (float)(1 - v));
}

static void autocontrast(fyi_frame *f, double v, float fill)
{
    (void)v;
    (void)fill;
    fyi_autocontrast(f);
}

static void equalize(fyi_frame *f, double v, float fill)
{
    (void)v;
    (void)fill;
    fyi_equalize(f);
}

static const struct {
    operation run;
    double most; /* at the last bin */
    bool is_signed;
} operations[FYI_RAND_OPS] = {
    { keep, 0, false },
    { shear_x, 0.3, true },
    { shear_y, 0.3, true },
    { move_x, 150.0 / 331, true },
    { move_y, 150.0 / 331, true },
    { rotate, 30, true },
    { brighten, 0.9, true },
    { colour, 0.9, true },
    { contrast, 0.9, true },
    { sharpen, 0.9, true },
    { posterize, 4, false },
    { solarize, 1, false },
    { autocontrast, 0, false },
    { equalize, 0, false },
};

void fyi_rand_apply(int k, fyi_frame *f, double m, bool is_negative, float fill)
{
    const double v = m * operations[k].most;

    operations[k].run(f, operations[k].is_signed && is_negative ? -v : v, fill);
}

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    const fy_rand_augment_opts *o = &t->rand_augment;
    const double m = (double)o->magnitude / (double)(o->bins - 1);

    for (int64_t k = 0; k < o->ops; k++) {
        const int which = (int)fy_rng_below(r, FYI_RAND_OPS);

        fyi_rand_apply(which, f, m, fyi_draw_chance(r, 0.5f), o->fill_value);
    }
}

static fy_status check(const fy_transform *t, const char *who, const fy_shape *in)
{
    (void)in;
    if (t->rand_augment.magnitude < t->rand_augment.bins)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL, "%s: the transform 'rand_augment' has magnitude %lld, but %lld bins end at %lld",
        who, (long long)t->rand_augment.magnitude, (long long)t->rand_augment.bins,
        (long long)t->rand_augment.bins - 1);
}

static const fyi_amount amounts[] = {
    FYI_WHOLE(rand_augment, ops, 0, 100),
    FYI_WHOLE(rand_augment, magnitude, 0, 1000),
    FYI_WHOLE(rand_augment, bins, 2, 1001),
    FYI_AMOUNT(rand_augment, fill_value, 0, 1),
    { .name = NULL },
};

const fyi_transform fyi_transform_rand_augment = {
    .name = "rand_augment",
    .standard = { .rand_augment = { .ops = 2, .magnitude = 9, .bins = 31 } },
    .amounts = amounts,
    .is_of_pictures = true,
    .check = check,
    .apply = apply,
};
