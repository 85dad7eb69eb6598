/* erase.c: a rectangle of random area and shape is overwritten (Zhong et al. 2020; torchvision's
 * RandomErasing). Ten rectangles are tried; if none fits, the picture stays whole. */
#include "data/transforms/transforms.h"

#include <math.h>

#define TRIES 10

bool fyi_erase_draw(const fy_erase_opts *o, int64_t h, int64_t w, fy_rng *r, fyi_box *box)
{
    const double lo = log((double)o->ratio_min), hi = log((double)o->ratio_max);

    for (int k = 0; k < TRIES; k++) {
        const double area =
            (double)(h * w) * fyi_draw_between(r, (double)o->scale_min, (double)o->scale_max);
        const double ratio = exp(fyi_draw_between(r, lo, hi));

        box->h = llrint(sqrt(area * ratio));
        box->w = llrint(sqrt(area / ratio));
        if (box->h >= h || box->w >= w)
            continue;
        box->y = (int64_t)fy_rng_below(r, (uint64_t)(h - box->h + 1));
        box->x = (int64_t)fy_rng_below(r, (uint64_t)(w - box->w + 1));
        return true;
    }
    return false;
}

static void fill_row(const fy_erase_opts *o, float *v, int64_t n, fy_rng *r)
{
    if (o->with == FY_ERASE_NOISE)
        fyi_rng_normals(r, v, n);
    for (int64_t k = 0; o->with == FY_ERASE_VALUE && k < n; k++)
        v[k] = o->value;
}

/* Values are meant as the dataset will give them, so they go back through its range. */
static void overwrite(const fy_erase_opts *o, fyi_frame *f, const fyi_box *box, fy_rng *r)
{
    for (int64_t c = 0; c < f->shape.d[0]; c++) {
        const float mean = fyi_scaling_mean(&f->scaling, c);
        const float deviation = fyi_scaling_deviation(&f->scaling, c);

        for (int64_t y = box->y; y < box->y + box->h; y++) {
            float *row = f->x + (c * f->shape.d[1] + y) * f->shape.d[2] + box->x;

            fill_row(o, row, box->w, r);
            for (int64_t x = 0; x < box->w; x++)
                row[x] = mean + deviation * row[x];
        }
    }
}

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    fyi_box box;

    if (fyi_draw_chance(r, t->erase.prob) &&
        fyi_erase_draw(&t->erase, f->shape.d[1], f->shape.d[2], r, &box))
        overwrite(&t->erase, f, &box, r);
}

static fy_status check(const fy_transform *t, const char *who, const fy_shape *in)
{
    const fy_erase_opts *o = &t->erase;

    (void)in;
    if (o->scale_min <= o->scale_max && o->ratio_min <= o->ratio_max)
        return FY_OK;
    return fyi_fail(
        FY_EINVAL,
        "%s: the transform 'erase' has scales %g to %g and ratios %g to %g; the smaller "
        "comes first",
        who, (double)o->scale_min, (double)o->scale_max, (double)o->ratio_min, (double)o->ratio_max);
}

static const fyi_amount amounts[] = {
    FYI_AMOUNT(erase, prob, 0, 1),           FYI_AMOUNT(erase, scale_min, 1e-4, 1),
    FYI_AMOUNT(erase, scale_max, 1e-4, 1),   FYI_AMOUNT(erase, ratio_min, 1e-2, 1e2),
    FYI_AMOUNT(erase, ratio_max, 1e-2, 1e2), FYI_AMOUNT(erase, value, -1e6, 1e6),
    FYI_CHOICE(erase, with, FY_ERASE_NOISE), { .name = NULL },
};

const fyi_transform fyi_transform_erase = {
    .name = "erase",
    .standard = { .erase = { .prob = 0.5f,
                             .scale_min = 0.02f,
                             .scale_max = 0.33f,
                             .ratio_min = 0.3f,
                             .ratio_max = 3.3f } },
    .amounts = amounts,
    .check = check,
    .apply = apply,
};
