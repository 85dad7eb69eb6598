/* colour_jitter.c: brightness, contrast, saturation and hue by random amounts in random order
 * (torchvision's ColorJitter). */
#include "data/transforms/transforms.h"

#define CHANGES 4

/* All are drawn, so that an amount that is off moves no other. */
static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    static void (*const change[CHANGES])(fyi_frame * f, float by) = { fyi_brightness, fyi_contrast,
                                                                      fyi_saturation, fyi_hue };
    const fy_colour_jitter_opts *o = &t->colour_jitter;
    const float limit[CHANGES] = { o->brightness, o->contrast, o->saturation, o->hue };
    int64_t order[CHANGES] = { 0, 1, 2, 3 };
    float by[CHANGES];

    for (int k = 0; k < CHANGES; k++) {
        const double drawn = fyi_draw_between(r, 0, 1);
        const double lo = k < 3 ? FYI_MAX(0, 1 - (double)limit[k]) : -(double)limit[k];
        const double hi = k < 3 ? 1 + (double)limit[k] : (double)limit[k];

        by[k] = (float)(lo + (hi - lo) * drawn);
    }
    fy_rng_shuffle(r, order, CHANGES);
    for (int k = 0; k < CHANGES; k++)
        if (limit[order[k]] > 0)
            change[order[k]](f, by[order[k]]);
}

static const fyi_amount amounts[] = {
    FYI_AMOUNT(colour_jitter, brightness, 0, 10),
    FYI_AMOUNT(colour_jitter, contrast, 0, 10),
    FYI_AMOUNT(colour_jitter, saturation, 0, 10),
    FYI_AMOUNT(colour_jitter, hue, 0, 0.5),
    { .name = NULL },
};

const fyi_transform fyi_transform_colour_jitter = {
    .name = "colour_jitter",
    .amounts = amounts,
    .is_of_pictures = true,
    .apply = apply,
};
