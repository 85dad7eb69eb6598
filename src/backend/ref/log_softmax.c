/* log_softmax.c: see graph/ops/log_softmax.c. */
#include "backend/ref/rows.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t at = 0; at < r.n * r.k; at += r.k) {
        const fyi_lse lse = fyi_row_lse(l, 0, at, r.k);
        for (int64_t j = at; j < at + r.k; j++)
            DST(l, 0, j, SRC(l, 0, j) - lse.max - lse.log_sum);
    }
    return FY_OK;
}

FYI_REF_KERNEL(log_softmax, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t at = 0; at < r.n * r.k; at += r.k) {
        double sum = 0;
        for (int64_t j = at; j < at + r.k; j++)
            sum += SRC(l, 0, j);
        for (int64_t j = at; j < at + r.k; j++)
            DST(l, 0, j, SRC(l, 0, j) - exp(SRC(l, 1, j)) * sum);
    }
    return FY_OK;
}

FYI_REF_KERNEL(log_softmax_bwd, run_bwd);
