/* crop.c: a window at a random place of the padded picture, as CIFAR's models are trained (He et al.
 * 2015, section 4.2). The margin is never stored: what the window shows of it is filled in. */
#include "data/transforms/transforms.h"

static fy_shape shape_of(const fy_transform *t, const fy_shape *in)
{
    return FY_SHAPE(in->d[0], t->crop.height > 0 ? t->crop.height : in->d[1],
                    t->crop.width > 0 ? t->crop.width : in->d[2]);
}

static fy_status check(const fy_transform *t, const char *who, const fy_shape *in)
{
    const fy_shape out = shape_of(t, in);
    const int64_t h = in->d[1] + 2 * t->crop.pad, w = in->d[2] + 2 * t->crop.pad;

    if (out.d[1] <= h && out.d[2] <= w)
        return FY_OK;
    return fyi_fail(
        FY_ESHAPE,
        "%s: the transform 'crop' cuts %lldx%lld out of pictures that are %lldx%lld with "
        "their margin; prepare them larger or set a larger pad",
        who, (long long)out.d[2], (long long)out.d[1], (long long)w, (long long)h);
}

/* Pixel (y, x) of a plane that goes on beyond its edges. */
static float pixel(const fy_crop_opts *o, const float *src, int64_t h, int64_t w, int64_t y,
                   int64_t x)
{
    if (o->fill == FY_FILL_CONSTANT && !(y >= 0 && y < h && x >= 0 && x < w))
        return o->fill_value;
    return src[FYI_MAX(0, FYI_MIN(y, h - 1)) * w + FYI_MAX(0, FYI_MIN(x, w - 1))];
}

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    const int64_t h = f->shape.d[1], w = f->shape.d[2], pad = t->crop.pad;
    const fy_shape out = shape_of(t, &f->shape);
    const int64_t top = (int64_t)fy_rng_below(r, (uint64_t)(h + 2 * pad - out.d[1] + 1)) - pad;
    const int64_t left = (int64_t)fy_rng_below(r, (uint64_t)(w + 2 * pad - out.d[2] + 1)) - pad;
    float *dst = f->spare;

    for (int64_t c = 0; c < out.d[0]; c++)
        for (int64_t y = 0; y < out.d[1]; y++)
            for (int64_t x = 0; x < out.d[2]; x++)
                *dst++ = pixel(&t->crop, f->x + c * h * w, h, w, top + y, left + x);
    fyi_frame_swap(f, out.d[1], out.d[2]);
}

static const fyi_amount amounts[] = {
    FYI_WHOLE(crop, height, 0, FYI_LARGEST_SIDE), FYI_WHOLE(crop, width, 0, FYI_LARGEST_SIDE),
    FYI_WHOLE(crop, pad, 0, FYI_LARGEST_SIDE),    FYI_AMOUNT(crop, fill_value, -1e6, 1e6),
    FYI_CHOICE(crop, fill, FY_FILL_NEAREST),      { .name = NULL },
};

const fyi_transform fyi_transform_crop = {
    .name = "crop",
    .standard = { .crop = { .fill = FY_FILL_CONSTANT } },
    .amounts = amounts,
    .check = check,
    .shape = shape_of,
    .apply = apply,
};
