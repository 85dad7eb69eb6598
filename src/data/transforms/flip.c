/* flip.c: mirrored pictures: pixels change places, none is interpolated. */
#include "data/transforms/transforms.h"

#include <string.h>

static void swap_floats(float *a, float *b)
{
    const float kept = *a;

    *a = *b;
    *b = kept;
}

/* v [rows, w] */
static void mirror_rows(float *v, int64_t rows, int64_t w)
{
    for (int64_t y = 0; y < rows; y++, v += w)
        for (int64_t x = 0; x < w / 2; x++)
            swap_floats(&v[x], &v[w - 1 - x]);
}

/* v [c, h, w] */
static void mirror_columns(float *v, int64_t c, int64_t h, int64_t w)
{
    for (int64_t k = 0; k < c; k++, v += h * w)
        for (int64_t y = 0; y < h / 2; y++)
            for (int64_t x = 0; x < w; x++)
                swap_floats(&v[y * w + x], &v[(h - 1 - y) * w + x]);
}

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    const bool is_mirrored = fyi_draw_chance(r, t->flip.prob);
    const bool is_upturned = fyi_draw_chance(r, t->flip.vertical_prob);

    if (is_mirrored)
        mirror_rows(f->x, f->shape.d[0] * f->shape.d[1], f->shape.d[2]);
    if (is_upturned)
        mirror_columns(f->x, f->shape.d[0], f->shape.d[1], f->shape.d[2]);
}

static const fyi_amount amounts[] = {
    FYI_AMOUNT(flip, prob, 0, 1),
    FYI_AMOUNT(flip, vertical_prob, 0, 1),
    { .name = NULL },
};

const fyi_transform fyi_transform_flip = {
    .name = "flip",
    .standard = { .flip = { .prob = 0.5f } },
    .amounts = amounts,
    .apply = apply,
};
