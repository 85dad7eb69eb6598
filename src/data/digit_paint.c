/* digit_paint.c: strokes into pixels, in one of five styles.
 *
 *   strokes -> affine jitter -> distance of every pixel to the nearest stroke, d
 *   ink = clamp((half width - d) / softness + 1/2, 0, 1); softness: 1 px (antialiased) or more
 *   x = paper + ink (pen - paper) + noise, rounded to a multiple of 1/255
 * Geometry is in double and pixels are rounded, so that a picture does not depend on how a compiler
 * fuses or reorders: only uniform numbers are drawn, and normal noise is a sum of four of them. */
#include "data/digits.h"

#include <math.h>
#include <string.h>

#define RADIANS 0.017453292519943295
#define UNIT 0.355 /* of the image's size: half a digit's height */
#define LATTICE 5  /* points per side of a texture */

typedef struct range {
    double lo, hi;
} range;

/* How a style draws. Lengths are fractions of the image's size, softness is in pixels of 28. */
typedef struct drawing {
    const char *name;
    range turn_deg; /* the sign is drawn too */
    range scale, aspect;
    double shear, shift, wobble;
    range half_width, softness, pen, noise;
    double specks; /* fraction of pixels set to black or white */
    bool is_inverted, is_textured;
} drawing;

/* clang-format off */
static const drawing styles[FY_DIGIT_STYLES] = {
    [FY_DIGITS_CLEAN]    = { "clean",        {0, 8},   {.88, 1.08}, {.85, 1.15}, .12, .06, .06,
                             {.036, .060},   {1, 1},   {.9, 1},   {0, 0},     0,    false, false },
    [FY_DIGITS_ROTATED]  = { "thin-rotated", {15, 45}, {.78, 1.05}, {.75, 1.2},  .2,  .08, .07,
                             {.015, .025},   {1, 1},   {.8, 1},   {0, 0},     0,    false, false },
    [FY_DIGITS_NOISY]    = { "noisy",        {0, 12},  {.85, 1.08}, {.85, 1.15}, .15, .07, .07,
                             {.030, .060},   {1, 2.5}, {.45, .8}, {.1, .2},   .04,  false, false },
    [FY_DIGITS_INVERTED] = { "inverted",     {0, 8},   {.88, 1.08}, {.85, 1.15}, .12, .06, .06,
                             {.050, .078},   {1, 1},   {.85, 1},  {0, 0},     0,    true,  false },
    [FY_DIGITS_TEXTURED] = { "textured",     {0, 12},  {.85, 1.08}, {.85, 1.15}, .15, .07, .07,
                             {.040, .065},   {1, 1.5}, {1, 1},    {.01, .04}, 0,    false, true },
};
/* clang-format on */

const char *fy_digit_style_name(fy_digit_style style)
{
    return (unsigned)style < FY_DIGIT_STYLES ? styles[style].name : NULL;
}

int64_t fyi_digit_channels(fy_digit_style style)
{
    return styles[style].is_textured ? 3 : 1;
}

static double draw(fy_rng *r, double lo, double hi)
{
    return lo + (hi - lo) * (double)fy_rng_uniform(r);
}

static double draw_range(fy_rng *r, range v)
{
    return draw(r, v.lo, v.hi);
}

/* Mean 0, deviation 1 (Irwin-Hall); exact on every machine, unlike a logarithm. */
static double draw_bell(fy_rng *r)
{
    const double a = (double)fy_rng_uniform(r), b = (double)fy_rng_uniform(r);
    const double c = (double)fy_rng_uniform(r), d = (double)fy_rng_uniform(r);

    return (a + b + c + d - 2.0) * 1.7320508075688772;
}

/* ---- geometry -------------------------------------------------------------------------------- */

/* Unit coordinates to pixels: turned, sheared, scaled and shifted by as much as the style
 * allows. */
static void place(const drawing *s, int64_t size, fy_rng *r, fyi_segment *v, int n)
{
    const double px = (double)size;
    const double sign = fy_rng_uniform(r) < 0.5f ? -1.0 : 1.0;
    const double turn = sign * draw_range(r, s->turn_deg) * RADIANS;
    const double scale = UNIT * px * draw_range(r, s->scale), wide = draw_range(r, s->aspect);
    const double shear = draw(r, -s->shear, s->shear);
    const double cx = 0.5 * px + px * draw(r, -s->shift, s->shift);
    const double cy = 0.5 * px + px * draw(r, -s->shift, s->shift);
    const double co = scale * cos(turn), si = scale * sin(turn);

    for (int k = 0; k < 2 * n; k++) {
        fyi_point *p = k % 2 == 0 ? &v[k / 2].a : &v[k / 2].b;
        const double x = wide * p->x - shear * p->y, y = p->y;

        *p = (fyi_point){ cx + co * x - si * y, cy + si * x + co * y };
    }
}

static double distance2(const fyi_segment *v, double x, double y)
{
    const double dx = v->b.x - v->a.x, dy = v->b.y - v->a.y;
    const double length2 = dx * dx + dy * dy;
    const double along = length2 > 0 ? ((x - v->a.x) * dx + (y - v->a.y) * dy) / length2 : 0.0;
    const double t = fmin(fmax(along, 0.0), 1.0);
    const double ex = x - v->a.x - t * dx, ey = y - v->a.y - t * dy;

    return ex * ex + ey * ey;
}

/* Lowers near [size, size], squared distances, around one segment; beyond `reach` nothing is
 * inked. */
static void add_segment(const fyi_segment *v, int64_t size, double reach, float *near)
{
    const double top = (double)size;
    const int64_t x0 = (int64_t)fmax(0.0, fmin(v->a.x, v->b.x) - reach);
    const int64_t y0 = (int64_t)fmax(0.0, fmin(v->a.y, v->b.y) - reach);
    const int64_t x1 = (int64_t)fmin(top, fmax(0.0, fmax(v->a.x, v->b.x) + reach + 1));
    const int64_t y1 = (int64_t)fmin(top, fmax(0.0, fmax(v->a.y, v->b.y) + reach + 1));

    for (int64_t y = y0; y < y1; y++)
        for (int64_t x = x0; x < x1; x++) {
            const float d = (float)distance2(v, (double)x + 0.5, (double)y + 0.5);

            near[y * size + x] = fminf(near[y * size + x], d);
        }
}

/* ink [size, size] in 0 .. 1 */
static void draw_ink(const drawing *s, int digit, int64_t size, fy_rng *r, float *ink)
{
    const double px = (double)size;
    const double half = px * draw_range(r, s->half_width);
    const double soft = fmax(1.0, draw_range(r, s->softness) * px / 28.0);
    fyi_segment v[FYI_DIGIT_SEGMENTS];
    const int n = fyi_digit_strokes(digit, s->wobble, r, v);

    place(s, size, r, v, n);
    for (int64_t k = 0; k < size * size; k++)
        ink[k] = 1e9f;
    for (int k = 0; k < n; k++)
        add_segment(&v[k], size, half + soft, ink);
    for (int64_t k = 0; k < size * size; k++)
        ink[k] = (float)fmin(fmax((half - sqrt((double)ink[k])) / soft + 0.5, 0.0), 1.0);
}

/* ---- colour ---------------------------------------------------------------------------------- */

typedef struct texture {
    double colour[3];
    double amount;
    double lattice[3][LATTICE][LATTICE]; /* -1 .. 1, bilinear between the points */
    double fx, fy, phase, stripes;       /* and a wave */
} texture;

static double luma(const double c[3])
{
    return 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
}

static void draw_texture(fy_rng *r, double amount, texture *t)
{
    const double angle = draw(r, 0, 180) * RADIANS, waves = draw(r, 2, 7);

    t->amount = amount;
    t->fx = waves * cos(angle) * 360 * RADIANS;
    t->fy = waves * sin(angle) * 360 * RADIANS;
    t->phase = draw(r, 0, 360) * RADIANS;
    t->stripes = draw(r, 0, 0.6);
    for (int c = 0; c < 3; c++) {
        t->colour[c] = draw(r, 0.05, 0.95);
        for (int k = 0; k < LATTICE * LATTICE; k++)
            t->lattice[c][k / LATTICE][k % LATTICE] = draw(r, -1, 1);
    }
}

/* A pen that can be read on the paper: at least 0.3 lighter or darker. */
static void part_colours(const texture *paper, texture *pen)
{
    const bool dark_paper = luma(paper->colour) < 0.5;

    if (fabs(luma(paper->colour) - luma(pen->colour)) >= 0.3)
        return;
    for (int c = 0; c < 3; c++)
        pen->colour[c] = dark_paper ? 0.7 + 0.3 * pen->colour[c] : 0.3 * pen->colour[c];
    if (fabs(luma(paper->colour) - luma(pen->colour)) < 0.3)
        for (int c = 0; c < 3; c++)
            pen->colour[c] = dark_paper ? 1.0 : 0.0;
}

/* u, v in 0 .. 1 */
static double texture_at(const texture *t, int c, double u, double v)
{
    const double x = u * (LATTICE - 1), y = v * (LATTICE - 1);
    const int ix = FYI_MIN((int)x, LATTICE - 2), iy = FYI_MIN((int)y, LATTICE - 2);
    const double fx = x - ix, fy = y - iy;
    const double(*l)[LATTICE] = t->lattice[c];
    const double smooth = (1 - fy) * ((1 - fx) * l[iy][ix] + fx * l[iy][ix + 1]) +
                          fy * ((1 - fx) * l[iy + 1][ix] + fx * l[iy + 1][ix + 1]);

    return t->colour[c] + t->amount * (smooth + t->stripes * sin(t->fx * u + t->fy * v + t->phase));
}

/* ---- pixels ---------------------------------------------------------------------------------- */

static float to_pixel(double v)
{
    return (float)floor(fmin(fmax(v, 0.0), 1.0) * 255.0 + 0.5) / 255.0f;
}

/* rgb [3]: one pixel's value before noise. */
static void mix(const texture *paper, const texture *pen, double ink, double u, double v,
                double rgb[3])
{
    for (int c = 0; c < 3; c++)
        rgb[c] = (1 - ink) * texture_at(paper, c, u, v) + ink * texture_at(pen, c, u, v);
}

static void paint_textured(const drawing *s, int64_t size, int64_t channels, fy_rng *r,
                           const float *ink, float *x)
{
    const int64_t area = size * size;
    const double noise = draw_range(r, s->noise);
    texture paper, pen;

    draw_texture(r, 0.14, &paper);
    draw_texture(r, 0.08, &pen);
    part_colours(&paper, &pen);
    for (int64_t k = 0; k < area; k++) {
        const int64_t row = k / size, column = k % size;
        double rgb[3];

        mix(&paper, &pen, (double)ink[k], ((double)column + 0.5) / (double)size,
            ((double)row + 0.5) / (double)size, rgb);
        for (int c = 0; c < 3; c++)
            rgb[c] += noise * draw_bell(r);
        if (channels == 1)
            x[k] = to_pixel(luma(rgb));
        for (int64_t c = 0; channels == 3 && c < 3; c++)
            x[c * area + k] = to_pixel(rgb[c]);
    }
}

static void paint_grey(const drawing *s, int64_t size, int64_t channels, fy_rng *r,
                       const float *ink, float *x)
{
    const int64_t area = size * size;
    const double pen = draw_range(r, s->pen), noise = draw_range(r, s->noise);

    for (int64_t k = 0; k < area; k++) {
        double v = pen * (double)ink[k];

        if (noise > 0)
            v += noise * draw_bell(r);
        if (s->specks > 0 && (double)fy_rng_uniform(r) < s->specks)
            v = fy_rng_uniform(r) < 0.5f ? 0.0 : 1.0;
        x[k] = to_pixel(s->is_inverted ? 1.0 - v : v);
    }
    for (int64_t c = 1; c < channels; c++)
        memcpy(x + c * area, x, (size_t)area * sizeof *x);
}

size_t fyi_digit_scratch(int64_t size_px)
{
    return (size_t)(size_px * size_px);
}

void fyi_digit_paint(fy_digit_style style, int digit, int64_t size_px, int64_t channels, fy_rng *r,
                     float *x, float *scratch)
{
    const drawing *s = &styles[style];

    draw_ink(s, digit, size_px, r, scratch);
    if (s->is_textured)
        paint_textured(s, size_px, channels, r, scratch, x);
    else
        paint_grey(s, size_px, channels, r, scratch, x);
}
