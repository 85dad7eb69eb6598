/* affine.c: see graph/ops/affine.c. */
#include "backend/ref/each.h"

static double value(const double *x, const void *attr)
{
    const fyi_affine_attr *a = attr;
    return a->scale * x[0] + a->shift;
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(affine, run);
