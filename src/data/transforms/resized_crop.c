/* resized_crop.c: a window of random area and shape, resized to one size (Szegedy et al. 2015,
 * section 6; torchvision's RandomResizedCrop).
 *
 *   area = share h w,  ratio = exp(uniform(log ratio_min, log ratio_max))
 *   width = sqrt(area ratio), height = sqrt(area / ratio), at a random place
 * Ten windows are tried; if none fits, the largest one in the middle whose shape is allowed is
 * taken. Resizing looks at the window's pixels only, with antialiased bilinear weights. */
#include "data/transforms/transforms.h"

#include "data/picture.h"

#include <math.h>
#include <string.h>

#define TRIES 10

/* ---- the window ------------------------------------------------------------------------------ */

static fyi_box middle(int64_t h, int64_t w, int64_t box_h, int64_t box_w)
{
    return (fyi_box){ (h - box_h) / 2, (w - box_w) / 2, box_h, box_w };
}

static fyi_box fall_back(const fy_resized_crop_opts *o, int64_t h, int64_t w)
{
    const double ratio = (double)w / (double)h;
    const double lo = (double)o->ratio_min, hi = (double)o->ratio_max;

    if (ratio < lo)
        return middle(h, w, FYI_MIN(llrint((double)w / lo), h), w);
    if (ratio > hi)
        return middle(h, w, h, FYI_MIN(llrint((double)h * hi), w));
    return middle(h, w, h, w);
}

fyi_box fyi_resized_crop_draw(const fy_resized_crop_opts *o, int64_t h, int64_t w, fy_rng *r)
{
    const double lo = log((double)o->ratio_min), hi = log((double)o->ratio_max);

    for (int k = 0; k < TRIES; k++) {
        const double area =
            (double)(h * w) * fyi_draw_between(r, (double)o->scale_min, (double)o->scale_max);
        const double ratio = exp(fyi_draw_between(r, lo, hi));
        const int64_t box_w = llrint(sqrt(area * ratio)), box_h = llrint(sqrt(area / ratio));

        if (box_w > 0 && box_w <= w && box_h > 0 && box_h <= h) {
            const int64_t y = (int64_t)fy_rng_below(r, (uint64_t)(h - box_h + 1));

            return (fyi_box){ y, (int64_t)fy_rng_below(r, (uint64_t)(w - box_w + 1)), box_h, box_w };
        }
    }
    return fall_back(o, h, w);
}

/* ---- resizing -------------------------------------------------------------------------------- */

/* Doubles for one output's weights, in floats of a multiple of 4. */
static size_t weight_room(const fy_shape *in, int64_t h, int64_t w)
{
    const int64_t down = fyi_resize_taps((double)in->d[1] / (double)h);
    const int64_t along = fyi_resize_taps((double)in->d[2] / (double)w);

    return ((size_t)FYI_MAX(down, along) * 2 + 3) / 4 * 4;
}

/* mid [c, box.h, w] */
static void resize_along(const fyi_frame *f, const fyi_box *box, int64_t w, double *weight,
                         float *mid)
{
    const int64_t row = f->shape.d[2], area = fyi_frame_area(f);

    for (int64_t k = 0; k < w; k++) {
        int64_t first;
        const int64_t n =
            fyi_resize_weights(box->w, 0, (double)box->w / (double)w, k, weight, &first);

        for (int64_t i = 0; i < f->shape.d[0] * box->h; i++) {
            const float *p = f->x + i / box->h * area + (box->y + i % box->h) * row + box->x + first;
            float sum = 0;

            for (int64_t t = 0; t < n; t++)
                sum += (float)weight[t] * p[t];
            mid[i * w + k] = sum;
        }
    }
}

/* spare [c, h, w] */
static void resize_down(const fyi_frame *f, const fyi_box *box, int64_t h, int64_t w,
                        double *weight, const float *mid)
{
    memset(f->spare, 0, (size_t)(f->shape.d[0] * h * w) * sizeof *f->spare);
    for (int64_t k = 0; k < h; k++) {
        int64_t first;
        const int64_t n =
            fyi_resize_weights(box->h, 0, (double)box->h / (double)h, k, weight, &first);

        for (int64_t c = 0; c < f->shape.d[0]; c++)
            for (int64_t t = 0; t < n; t++) {
                const float *p = mid + (c * box->h + first + t) * w, v = (float)weight[t];
                float *dst = f->spare + (c * h + k) * w;

                for (int64_t x = 0; x < w; x++)
                    dst[x] += v * p[x];
            }
    }
}

void fyi_resize_box(fyi_frame *f, const fyi_box *box, int64_t h, int64_t w)
{
    double *weight = (double *)(void *)f->scratch;
    float *mid = f->scratch + weight_room(&f->shape, h, w);

    resize_along(f, box, w, weight, mid);
    resize_down(f, box, h, w, weight, mid);
    fyi_frame_swap(f, h, w);
}

/* ---- the transform --------------------------------------------------------------------------- */

static fy_shape shape_of(const fy_transform *t, const fy_shape *in)
{
    return FY_SHAPE(in->d[0], t->resized_crop.height > 0 ? t->resized_crop.height : in->d[1],
                    t->resized_crop.width > 0 ? t->resized_crop.width : in->d[2]);
}

static size_t n_scratch(const fy_transform *t, const fy_shape *in)
{
    const fy_shape out = shape_of(t, in);

    return weight_room(in, out.d[1], out.d[2]) + (size_t)(in->d[0] * in->d[1] * out.d[2]);
}

static fy_status check(const fy_transform *t, const char *who, const fy_shape *in)
{
    const fy_resized_crop_opts *o = &t->resized_crop;

    (void)in;
    if (o->scale_min <= o->scale_max && o->ratio_min <= o->ratio_max)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "%s: the transform 'resized_crop' has scales %g to %g and ratios %g to %g; the "
                    "smaller comes first",
                    who, (double)o->scale_min, (double)o->scale_max, (double)o->ratio_min,
                    (double)o->ratio_max);
}

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    const fy_shape out = shape_of(t, &f->shape);
    const fyi_box box = fyi_resized_crop_draw(&t->resized_crop, f->shape.d[1], f->shape.d[2], r);

    fyi_resize_box(f, &box, out.d[1], out.d[2]);
}

static const fyi_amount amounts[] = {
    FYI_WHOLE(resized_crop, height, 0, FYI_LARGEST_SIDE),
    FYI_WHOLE(resized_crop, width, 0, FYI_LARGEST_SIDE),
    FYI_AMOUNT(resized_crop, scale_min, 1e-4, 1),
    FYI_AMOUNT(resized_crop, scale_max, 1e-4, 1),
    FYI_AMOUNT(resized_crop, ratio_min, 1e-2, 1e2),
    FYI_AMOUNT(resized_crop, ratio_max, 1e-2, 1e2),
    { .name = NULL },
};

const fyi_transform fyi_transform_resized_crop = {
    .name = "resized_crop",
    .standard = { .resized_crop = { .scale_min = 0.08f,
                                    .scale_max = 1,
                                    .ratio_min = 3.0f / 4,
                                    .ratio_max = 4.0f / 3 } },
    .amounts = amounts,
    .check = check,
    .shape = shape_of,
    .n_scratch = n_scratch,
    .apply = apply,
};
