/* noise.c: independent normal noise on every value. */
#include "data/transforms/transforms.h"

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    const int64_t n = t->noise.deviation > 0 ? fy_shape_numel(&f->shape) : 0;

    fyi_rng_normals(r, f->spare, n);
    for (int64_t k = 0; k < n; k++)
        f->x[k] += t->noise.deviation * f->spare[k];
}

static const fyi_amount amounts[] = {
    FYI_AMOUNT(noise, deviation, 0, 1e6),
    { .name = NULL },
};

const fyi_transform fyi_transform_noise = {
    .name = "noise",
    .amounts = amounts,
    .takes_series = true,
    .apply = apply,
};
