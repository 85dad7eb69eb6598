/* augment.c: small random changes of an image: one affine warp about its centre, and noise.
 *
 *   dst(p) = src(A (p - centre - t) + centre), bilinear; A = (rotation scale shear flip)^-1
 * Every amount is drawn whether it is used or not, so that changing one option leaves the rest as
 * they were. Taps outside the image are `fill`. */
#include "data/data.h"

#include <math.h>
#include <string.h>

#define RADIANS 0.017453292519943295

/* Where in src the pixel (x, y) of dst comes from: (a x + b y + c, d x + e y + f). */
typedef struct affine {
    double a, b, c, d, e, f;
} affine;

fy_augment_opts fy_augment_defaults(void)
{
    return (fy_augment_opts){ 0 };
}

/* Uniform in -1 .. 1. */
static double draw(fy_rng *r)
{
    return 2.0 * (double)fy_rng_uniform(r) - 1.0;
}

static affine draw_warp(const fy_augment_opts *o, int64_t h, int64_t w, fy_rng *r)
{
    const double dx = draw(r) * (double)o->shift_frac * (double)w;
    const double dy = draw(r) * (double)o->shift_frac * (double)h;
    const double turn = draw(r) * (double)o->rotate_deg * RADIANS;
    const double scale = 1.0 + draw(r) * (double)o->scale_frac;
    const double shear = tan(draw(r) * (double)o->shear_deg * RADIANS);
    const double flip = fy_rng_uniform(r) < o->flip_prob ? -1.0 : 1.0;
    const double cx = 0.5 * (double)(w - 1), cy = 0.5 * (double)(h - 1);
    const double co = cos(turn) / fmax(scale, 0.01), si = sin(turn) / fmax(scale, 0.01);
    affine m = { .a = flip * (co + shear * si), .b = flip * (si - shear * co), .d = -si, .e = co };

    m.c = cx - m.a * (cx + dx) - m.b * (cy + dy);
    m.f = cy - m.d * (cx + dx) - m.e * (cy + dy);
    return m;
}

static float tap(const float *src, int64_t h, int64_t w, int64_t y, int64_t x, float fill)
{
    return y >= 0 && y < h && x >= 0 && x < w ? src[y * w + x] : fill;
}

static void warp_plane(const affine *m, const float *src, int64_t h, int64_t w, float fill,
                       float *dst)
{
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            const double sx = m->a * (double)x + m->b * (double)y + m->c;
            const double sy = m->d * (double)x + m->e * (double)y + m->f;
            const double fx = floor(sx), fy = floor(sy);
            const float u = (float)(sx - fx), v = (float)(sy - fy);
            const int64_t ix = (int64_t)fx, iy = (int64_t)fy;
            const float top =
                (1 - u) * tap(src, h, w, iy, ix, fill) + u * tap(src, h, w, iy, ix + 1, fill);
            const float low = (1 - u) * tap(src, h, w, iy + 1, ix, fill) +
                              u * tap(src, h, w, iy + 1, ix + 1, fill);

            dst[y * w + x] = (1 - v) * top + v * low;
        }
}

static bool is_warped(const fy_augment_opts *o)
{
    return o->shift_frac > 0 || o->rotate_deg > 0 || o->scale_frac > 0 || o->shear_deg > 0 ||
           o->flip_prob > 0;
}

void fy_augment(const fy_augment_opts *o, const float *src, const fy_shape *s, fy_rng *r, float *dst)
{
    const int64_t h = s->d[1], w = s->d[2], n = fy_shape_numel(s);
    const affine m = draw_warp(o, h, w, r);

    FYI_ASSERT(s->rank == 3);
    if (is_warped(o))
        for (int64_t c = 0; c < s->d[0]; c++)
            warp_plane(&m, src + c * h * w, h, w, o->fill, dst + c * h * w);
    else
        memcpy(dst, src, (size_t)n * sizeof *dst);
    for (int64_t k = 0; o->noise > 0 && k < n; k++)
        dst[k] += o->noise * fy_rng_normal(r);
}
