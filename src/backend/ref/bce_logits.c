/* bce_logits.c: see graph/ops/bce_logits.c. */
#include "backend/ref/each.h"

#include <math.h>

static double value(const double *x, const void *attr)
{
    (void)attr;
    return fmax(x[0], 0) - x[0] * x[1] + log1p(exp(-fabs(x[0])));
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(bce_logits, run);

static double value_bwd(const double *x, const void *attr)
{
    (void)attr;
    return x[0] * (1 / (1 + exp(-x[1])) - x[2]);
}

static fy_status run_bwd(const fyi_launch *l)
{
    return fyi_ref_each(l, value_bwd);
}

FYI_REF_KERNEL(bce_logits_bwd, run_bwd);
