/* levels.c: what is done to single grey levels: posterise, solarise, stretch, equalise. Levels are the
 * 256 of a byte; torchvision's and Pillow's definitions. */
#include "data/transforms/transforms.h"

#include <math.h>
#include <string.h>

#define LEVELS 256

static int level_of(float v)
{
    return v > 0 ? (v < 1 ? (int)(v * 255 + 0.5f) : 255) : 0;
}

/* Keeps the upper bits of the level. */
void fyi_posterize(fyi_frame *f, int bits)
{
    const int64_t n = fy_shape_numel(&f->shape);
    const int mask = 0xFF & ~(0xFF >> bits);

    for (int64_t k = 0; k < n; k++)
        f->x[k] = (float)(level_of(f->x[k]) & mask) / 255;
}

/* What is at least as bright as the threshold is inverted; a level that equals it does whatever the
 * last bits of both are. */
void fyi_solarize(fyi_frame *f, float threshold)
{
    const int64_t n = fy_shape_numel(&f->shape);

    for (int64_t k = 0; k < n; k++)
        f->x[k] = f->x[k] >= threshold - 1e-5f ? 1 - f->x[k] : f->x[k];
}

static void stretch(float *v, int64_t n)
{
    float lo = v[0], hi = v[0];

    for (int64_t k = 1; k < n; k++) {
        lo = FYI_MIN(lo, v[k]);
        hi = FYI_MAX(hi, v[k]);
    }
    for (int64_t k = 0; hi > lo && k < n; k++)
        v[k] = (v[k] - lo) / (hi - lo);
}

/* Each channel from black to white. */
void fyi_autocontrast(fyi_frame *f)
{
    const int64_t area = fyi_frame_area(f);

    for (int64_t c = 0; c < f->shape.d[0]; c++)
        stretch(f->x + c * area, area);
}

/* Pillow's ImageOps.equalize: the mean count of a level is counted without the brightest one. */
static void flatten(float *v, int64_t n)
{
    int64_t count[LEVELS] = { 0 }, step, sum;
    float to[LEVELS];
    int last = LEVELS - 1;

    for (int64_t k = 0; k < n; k++)
        count[level_of(v[k])]++;
    while (last > 0 && count[last] == 0)
        last--;
    step = (n - count[last]) / 255;
    if (step == 0)
        return;
    sum = step / 2;
    for (int i = 0; i < LEVELS; sum += count[i++])
        to[i] = (float)FYI_MIN(sum / step, 255) / 255;
    for (int64_t k = 0; k < n; k++)
        v[k] = to[level_of(v[k])];
}

/* Each channel with about as many pixels of every level. */
void fyi_equalize(fyi_frame *f)
{
    const int64_t area = fyi_frame_area(f);

    for (int64_t c = 0; c < f->shape.d[0]; c++)
        flatten(f->x + c * area, area);
}
