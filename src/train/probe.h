/* probe.h: the fit behind a linear probe, for one l2. */
#ifndef FYI_PROBE_H
#define FYI_PROBE_H

#include "base/base.h"

#include <ferry/pid.h>

typedef struct fyi_probe_rows {
    const double *x;      /* [*, d] */
    const int32_t *y;     /* [*] */
    const int64_t *order; /* [n], which rows; NULL: 0 .. n - 1 */
    int64_t n, d;
    const double *offset; /* [*, k], added to the scores; NULL: none */
} fyi_probe_rows;
static inline int64_t fyi_probe_place(const fyi_probe_rows *r, int64_t i)
{
    return r->order != NULL ? r->order[i] : i;
}

/* w [k, d + 1], weights and bias of each class: where to begin, and the minimum. Fills l2, loss, gradient and iterations. */
fy_status fyi_probe_fit(const fyi_probe_rows *rows, int k, double l2, const fy_probe_opts *o,
                        double *w, fy_probe *out);
/* Mean -log p(y), without the penalty; p is scratch of k values. */
double fyi_probe_nll(const fyi_probe_rows *rows, int k, const double *w, double *p);

#endif
