/* lbfgs.h: the minimum of a smooth function of many numbers. */
#ifndef FYI_LBFGS_H
#define FYI_LBFGS_H

#include "base/base.h"

typedef struct fyi_lbfgs {
    int64_t n;
    /* The value at x [n]; its derivatives into slope [n]. */
    double (*value)(void *arg, const double *x, double *slope);
    void *arg;
    double tolerance; /* of the largest derivative */
    int64_t max_iterations;
    /* found out: */
    double least, largest_slope;
    int64_t iterations;
} fyi_lbfgs;
/* From x [n] on, which ends at the lowest point found. FY_ECANCELED when asked to stop. */
fy_status fyi_lbfgs_run(fyi_lbfgs *p, double *x);

#endif
