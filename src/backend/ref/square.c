/* square.c: see graph/ops/square.c. */
#include "backend/ref/each.h"

static double value(const double *x, const void *attr)
{
    (void)attr;
    return x[0] * x[0];
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(square, run);
