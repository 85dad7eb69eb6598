/* log.c: see graph/ops/log.c. */
#include "backend/ref/each.h"

#include <math.h>

static double value(const double *x, const void *attr)
{
    (void)attr;
    return log(x[0]);
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(log, run);
