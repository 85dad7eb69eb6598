/* Element-wise reference loops: dst[i] = f(a[i], b[i], c[i]). */
#ifndef FYI_REF_EACH_H
#define FYI_REF_EACH_H

#include "backend/ref/ref.h"

/* x: the elements of the sources at one place, in their order. attr: the node's. */
typedef double (*fyi_ref_fn)(const double *x, const void *attr);

static inline fy_status fyi_ref_each(const fyi_launch *l, fyi_ref_fn f)
{
    const int64_t n = fy_shape_numel(&l->site->dst[0].shape);
    for (int64_t i = 0; i < n; i++) {
        double x[3] = { 0 };
        for (int k = 0; k < l->site->n_src; k++)
            x[k] = SRC(l, k, i);
        DST(l, 0, i, f(x, l->site->attr));
    }
    return FY_OK;
}

#endif
