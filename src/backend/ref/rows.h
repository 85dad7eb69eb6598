/* What the reference kernels of softmax and the losses share: rows of k along the last axis. */
#ifndef FYI_REF_ROWS_H
#define FYI_REF_ROWS_H

#include "backend/ref/ref.h"

#include <math.h>

/* n rows of k. A source of rank 0 never gets here. */
typedef struct fyi_rows {
    int64_t n, k;
} fyi_rows;

static inline fyi_rows fyi_rows_of(const fyi_desc *d)
{
    fyi_rows r = { .n = 1, .k = d->shape.d[d->shape.rank - 1] };
    for (int i = 0; i < d->shape.rank - 1; i++)
        r.n *= d->shape.d[i];
    return r;
}

/* Of source i's row that begins at `at`: max, and ln sum exp(x - max). The maximum is subtracted
 * first: exp would overflow. NaN anywhere gives NaN. */
typedef struct fyi_lse {
    double max, log_sum;
} fyi_lse;

static inline fyi_lse fyi_row_lse(const fyi_launch *l, int i, int64_t at, int64_t k)
{
    fyi_lse r = { .max = -INFINITY };
    double sum = 0;
    for (int64_t j = 0; j < k; j++)
        r.max = fmax(r.max, SRC(l, i, at + j));
    for (int64_t j = 0; j < k; j++)
        sum += exp(SRC(l, i, at + j) - r.max);
    r.log_sum = log(sum);
    return r;
}

#endif
