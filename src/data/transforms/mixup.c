/* mixup.c: two pictures, one showing through the other (Zhang et al. 2018, "mixup: beyond empirical
 * risk minimization"). */
#include "data/transforms/transforms.h"

void fyi_mixup(const fyi_mixture *b, double lambda)
{
    fyi_mix_rows(b->x, b->n, fy_shape_numel(&b->shape), (float)lambda, b->kept);
    fyi_mix_rows(b->q, b->n, b->k, (float)lambda, b->kept);
}
