/* binary.c: see graph/ops/binary.c. */
#include "backend/ref/each.h"

static double value_add(const double *x, const void *attr)
{
    (void)attr;
    return x[0] + x[1];
}

static fy_status run_add(const fyi_launch *l)
{
    return fyi_ref_each(l, value_add);
}

FYI_REF_KERNEL(add, run_add);

static double value_sub(const double *x, const void *attr)
{
    (void)attr;
    return x[0] - x[1];
}

static fy_status run_sub(const fyi_launch *l)
{
    return fyi_ref_each(l, value_sub);
}

FYI_REF_KERNEL(sub, run_sub);

static double value_mul(const double *x, const void *attr)
{
    (void)attr;
    return x[0] * x[1];
}

static fy_status run_mul(const fyi_launch *l)
{
    return fyi_ref_each(l, value_mul);
}

FYI_REF_KERNEL(mul, run_mul);

static double value_div(const double *x, const void *attr)
{
    (void)attr;
    return x[0] / x[1];
}

static fy_status run_div(const fyi_launch *l)
{
    return fyi_ref_each(l, value_div);
}

FYI_REF_KERNEL(div, run_div);
