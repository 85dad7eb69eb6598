/* tone.c: brightness, contrast, saturation, hue and sharpness, as torchvision and Pillow have them.
 *
 *   blend(a, b, t) = clamp(t a + (1 - t) b):   brightness: b black; contrast: b the mean grey;
 *                                              saturation: b grey; sharpness: b smoothed
 *   grey = 0.299 R + 0.587 G + 0.114 B (Rec. 601) */
#include "data/transforms/transforms.h"

#include <math.h>
#include <string.h>

static float clamp(float v)
{
    return v > 0 ? (v < 1 ? v : 1) : 0;
}

static float blend(float a, float b, float t)
{
    return clamp(t * a + (1 - t) * b);
}

static bool is_coloured(const fyi_frame *f)
{
    return f->shape.d[0] == 3;
}

static float grey_at(const fyi_frame *f, int64_t area, int64_t k)
{
    return is_coloured(f) ? 0.299f * f->x[k] + 0.587f * f->x[area + k] + 0.114f * f->x[2 * area + k]
                          : f->x[k];
}

void fyi_brightness(fyi_frame *f, float factor)
{
    const int64_t n = fy_shape_numel(&f->shape);

    for (int64_t k = 0; k < n; k++)
        f->x[k] = clamp(factor * f->x[k]);
}

void fyi_contrast(fyi_frame *f, float factor)
{
    const int64_t area = fyi_frame_area(f), n = fy_shape_numel(&f->shape);
    double sum = 0;
    float mean;

    for (int64_t k = 0; k < area; k++)
        sum += (double)grey_at(f, area, k);
    mean = (float)(sum / (double)area);
    for (int64_t k = 0; k < n; k++)
        f->x[k] = blend(f->x[k], mean, factor);
}

void fyi_saturation(fyi_frame *f, float factor)
{
    const int64_t area = fyi_frame_area(f);

    for (int64_t k = 0; is_coloured(f) && k < area; k++) {
        const float grey = grey_at(f, area, k);

        for (int64_t c = 0; c < 3; c++)
            f->x[c * area + k] = blend(f->x[c * area + k], grey, factor);
    }
}

void fyi_grey(fyi_frame *f)
{
    fyi_saturation(f, 0);
}

/* ---- hue ------------------------------------------------------------------------------------- */

/* One channel of the colour at `at` sixths of the circle, below 12: 1 within a sixth of its own place, 0, in
 * the colour whose largest channel is 1 and whose least is 0. */
static float pure(float at)
{
    return clamp(fabsf((at < 6 ? at : at - 6) - 3) - 1);
}

static float hue_of(float r, float g, float b, float max, float range)
{
    if (range <= 0)
        return 0;
    if (max <= r)
        return (g - b) / range / 6;
    return max <= g ? ((b - r) / range + 2) / 6 : ((r - g) / range + 4) / 6;
}

static void turn_pixel(float *r, float *g, float *b, float turn)
{
    const float max = FYI_MAX(FYI_MAX(*r, *g), *b), min = FYI_MIN(FYI_MIN(*r, *g), *b);
    const float range = max - min, hue = hue_of(*r, *g, *b, max, range) + turn;
    const float at = 6 * (hue < 0 ? hue + 1 : hue < 1 ? hue : hue - 1);

    *r = clamp(min + range * pure(at));
    *g = clamp(min + range * pure(at + 4));
    *b = clamp(min + range * pure(at + 2));
}

void fyi_hue(fyi_frame *f, float turn)
{
    const int64_t area = fyi_frame_area(f);

    for (int64_t k = 0; is_coloured(f) && k < area; k++)
        turn_pixel(&f->x[k], &f->x[area + k], &f->x[2 * area + k], turn);
}

/* ---- sharpness ------------------------------------------------------------------------------- */

/* 5/13 of itself and 1/13 of each neighbour; Pillow's SMOOTH. */
static float smooth(const float *at, int64_t w)
{
    const float sum =
        at[-w - 1] + at[-w] + at[-w + 1] + at[-1] + at[1] + at[w - 1] + at[w] + at[w + 1];

    return (sum + 5 * at[0]) / 13;
}

/* The edge stays as it is. */
void fyi_sharpness(fyi_frame *f, float factor)
{
    const int64_t h = f->shape.d[1], w = f->shape.d[2], n = fy_shape_numel(&f->shape);

    for (int64_t k = 0; k < n; k++) {
        const int64_t y = k / w % h, x = k % w;
        const bool is_edge = y == 0 || x == 0 || y == h - 1 || x == w - 1;

        f->spare[k] = is_edge ? clamp(f->x[k]) : blend(f->x[k], smooth(f->x + k, w), factor);
    }
    fyi_frame_swap(f, h, w);
}
