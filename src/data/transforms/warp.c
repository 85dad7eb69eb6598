/* warp.c: shift, rotation, zoom and shear as one affine map about the centre.
 *
 *   dst(p) = src(A (p - centre - t) + centre),   A = (rotation zoom shear)^-1
 * Every amount is drawn whether it is used or not, so that changing one option leaves the rest as
 * they were. */
#include "data/transforms/transforms.h"

#include <math.h>

#define RADIANS 0.017453292519943295
#define LEAST_SCALE 0.01

/* Uniform in -1 .. 1. */
static double draw(fy_rng *r)
{
    return 2.0 * (double)fy_rng_uniform(r) - 1.0;
}

fyi_warp fyi_warp_draw(const fy_warp_opts *o, int64_t h, int64_t w, fy_rng *r)
{
    fyi_warp p;

    p.dx = draw(r) * (double)o->shift_frac * (double)w;
    p.dy = draw(r) * (double)o->shift_frac * (double)(h > 1 ? h : 0);
    p.turn_rad = draw(r) * (double)o->rotate_deg * RADIANS;
    p.scale = fmax(1.0 + draw(r) * (double)o->zoom_frac, LEAST_SCALE);
    p.shear = tan(draw(r) * (double)o->shear_deg * RADIANS);
    return p;
}

fyi_map fyi_warp_map(const fyi_warp *p, int64_t h, int64_t w)
{
    const double cx = 0.5 * (double)(w - 1), cy = 0.5 * (double)(h - 1);
    const double co = cos(p->turn_rad) / p->scale, si = sin(p->turn_rad) / p->scale;
    fyi_map m = { .a = co + p->shear * si, .b = si - p->shear * co, .d = -si, .e = co };

    m.c = cx - m.a * (cx + p->dx) - m.b * (cy + p->dy);
    m.f = cy - m.d * (cx + p->dx) - m.e * (cy + p->dy);
    return m;
}

static bool is_still(const fy_warp_opts *o)
{
    return o->shift_frac <= 0 && o->rotate_deg <= 0 && o->zoom_frac <= 0 && o->shear_deg <= 0;
}

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    const int64_t h = f->shape.d[1], w = f->shape.d[2];
    const fyi_warp drawn = fyi_warp_draw(&t->warp, h, w, r);
    const fyi_map m = fyi_warp_map(&drawn, h, w);

    if (!is_still(&t->warp))
        fyi_resample(f, &m, t->warp.fill, t->warp.fill_value);
}

static fy_status check(const fy_transform *t, const char *who, const fy_shape *in)
{
    if (in->d[1] > 1 || (t->warp.rotate_deg <= 0 && t->warp.shear_deg <= 0))
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "%s: the transform 'warp' turns or shears samples that have one row; leave "
                    "rotate_deg and shear_deg at 0",
                    who);
}

static const fyi_amount amounts[] = {
    FYI_AMOUNT(warp, shift_frac, 0, 1),
    FYI_AMOUNT(warp, rotate_deg, 0, 180),
    FYI_AMOUNT(warp, shear_deg, 0, 80),
    FYI_AMOUNT(warp, zoom_frac, 0, 0.99),
    FYI_AMOUNT(warp, fill_value, -1e6, 1e6),
    FYI_CHOICE(warp, fill, FY_FILL_NEAREST),
    { .name = NULL },
};

const fyi_transform fyi_transform_warp = {
    .name = "warp",
    .standard = { .warp = { .fill = FY_FILL_NEAREST } },
    .amounts = amounts,
    .takes_series = true,
    .check = check,
    .apply = apply,
};
