/* argmax.c: see graph/ops/argmax.c. */
#include "backend/ref/rows.h"

/* The first largest of the row; the first NaN where there is one. */
static int64_t largest(const fyi_launch *l, int64_t at, int64_t k)
{
    int64_t best = 0;
    for (int64_t j = 0; j < k; j++) {
        if (isnan(SRC(l, 0, at + j)))
            return j;
        if (SRC(l, 0, at + j) > SRC(l, 0, at + best))
            best = j;
    }
    return best;
}

static fy_status run(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t i = 0; i < r.n; i++)
        DST(l, 0, i, (double)largest(l, i * r.k, r.k));
    return FY_OK;
}

FYI_REF_KERNEL(argmax, run);
