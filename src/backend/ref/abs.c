/* abs.c: see graph/ops/abs.c. */
#include "backend/ref/each.h"

#include <math.h>

static double value(const double *x, const void *attr)
{
    (void)attr;
    return fabs(x[0]);
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(abs, run);

static double value_sign(const double *x, const void *attr)
{
    (void)attr;
    return x[0] > 0 ? 1 : x[0] < 0 ? -1 : x[0];
}

static fy_status run_sign(const fyi_launch *l)
{
    return fyi_ref_each(l, value_sign);
}

FYI_REF_KERNEL(sign, run_sign);
