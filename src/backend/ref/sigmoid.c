/* sigmoid.c: see graph/ops/sigmoid.c. */
#include "backend/ref/each.h"

#include <math.h>

static double value(const double *x, const void *attr)
{
    (void)attr;
    return 1 / (1 + exp(-x[0]));
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(sigmoid, run);

static double value_bwd(const double *x, const void *attr)
{
    (void)attr;
    return x[0] * x[1] * (1 - x[1]);
}

static fy_status run_bwd(const fyi_launch *l)
{
    return fyi_ref_each(l, value_bwd);
}

FYI_REF_KERNEL(sigmoid_bwd, run_bwd);
