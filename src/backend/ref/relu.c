/* relu.c: see graph/ops/relu.c. */
#include "backend/ref/each.h"

/* A plain ReLU gives 0 for everything below 0, infinity too. */
static double damped(double x, float slope)
{
    return slope == 0 ? 0 : slope * x;
}

static double value(const double *x, const void *attr)
{
    const fyi_relu_attr *a = attr;
    return x[0] < 0 ? damped(x[0], a->slope) : x[0];
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(relu, run);

static double value_bwd(const double *x, const void *attr)
{
    const fyi_relu_attr *a = attr;
    return x[1] > 0 ? x[0] : damped(x[0], a->slope);
}

static fy_status run_bwd(const fyi_launch *l)
{
    return fyi_ref_each(l, value_bwd);
}

FYI_REF_KERNEL(relu_bwd, run_bwd);
