/* grey.c: a picture without its colours, in as many channels as before. */
#include "data/transforms/transforms.h"

static void apply(const fy_transform *t, fyi_frame *f, fy_rng *r)
{
    if (fyi_draw_chance(r, t->grey.prob))
        fyi_grey(f);
}

static const fyi_amount amounts[] = {
    FYI_AMOUNT(grey, prob, 0, 1),
    { .name = NULL },
};

const fyi_transform fyi_transform_grey = {
    .name = "grey",
    .standard = { .grey = { .prob = 0.1f } },
    .amounts = amounts,
    .is_of_pictures = true,
    .apply = apply,
};
