/* resample.c: a picture seen through an affine map, with bilinear weights.
 *
 *   dst(x, y) = src(a x + b y + c, d x + e y + f)
 * Geometric transforms are composed before they come here: pixels are interpolated once. */
#include "data/transforms/transforms.h"

#include <math.h>

/* One output pixel's place in the source: the upper left of its four taps, and the weights. */
typedef struct place {
    int64_t x, y;
    float u, v;
} place;

static place find_place(const fyi_map *m, double x, double y)
{
    const double sx = m->a * x + m->b * y + m->c, sy = m->d * x + m->e * y + m->f;
    const double fx = floor(sx), fy = floor(sy);

    return (place){ (int64_t)fx, (int64_t)fy, (float)(sx - fx), (float)(sy - fy) };
}

static float outside(const float *src, int64_t h, int64_t w, int64_t y, int64_t x,
                     fy_fill_mode fill, float value)
{
    if (fill == FY_FILL_CONSTANT && !(y >= 0 && y < h && x >= 0 && x < w))
        return value;
    y = FYI_MAX(0, FYI_MIN(y, h - 1));
    x = FYI_MAX(0, FYI_MIN(x, w - 1));
    return src[y * w + x];
}

static float mix(const place *p, float a, float b, float c, float d)
{
    const float top = (1 - p->u) * a + p->u * b, low = (1 - p->u) * c + p->u * d;

    return (1 - p->v) * top + p->v * low;
}

static float inner_pixel(const place *p, const float *src, int64_t w)
{
    const float *at = src + p->y * w + p->x;

    return mix(p, at[0], at[1], at[w], at[w + 1]);
}

static float edge_pixel(const place *p, const float *src, int64_t h, int64_t w, fy_fill_mode fill,
                        float value)
{
    return mix(p, outside(src, h, w, p->y, p->x, fill, value),
               outside(src, h, w, p->y, p->x + 1, fill, value),
               outside(src, h, w, p->y + 1, p->x, fill, value),
               outside(src, h, w, p->y + 1, p->x + 1, fill, value));
}

void fyi_resample(fyi_frame *f, const fyi_map *m, fy_fill_mode fill, float value)
{
    const int64_t h = f->shape.d[1], w = f->shape.d[2], area = h * w;

    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            const place p = find_place(m, (double)x, (double)y);
            const bool is_inner = p.x >= 0 && p.y >= 0 && p.x + 1 < w && p.y + 1 < h;

            for (int64_t c = 0; c < f->shape.d[0]; c++) {
                const float *src = f->x + c * area;

                f->spare[c * area + y * w + x] =
                    is_inner ? inner_pixel(&p, src, w) : edge_pixel(&p, src, h, w, fill, value);
            }
        }
    fyi_frame_swap(f, h, w);
}
