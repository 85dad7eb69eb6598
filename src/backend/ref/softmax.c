/* softmax.c: see graph/ops/softmax.c. */
#include "backend/ref/rows.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t at = 0; at < r.n * r.k; at += r.k) {
        const fyi_lse lse = fyi_row_lse(l, 0, at, r.k);
        for (int64_t j = at; j < at + r.k; j++)
            DST(l, 0, j, exp(SRC(l, 0, j) - lse.max - lse.log_sum));
    }
    return FY_OK;
}

FYI_REF_KERNEL(softmax, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t at = 0; at < r.n * r.k; at += r.k) {
        double dot = 0;
        for (int64_t j = at; j < at + r.k; j++)
            dot += SRC(l, 0, j) * SRC(l, 1, j);
        for (int64_t j = at; j < at + r.k; j++)
            DST(l, 0, j, SRC(l, 1, j) * (SRC(l, 0, j) - dot));
    }
    return FY_OK;
}

FYI_REF_KERNEL(softmax_bwd, run_bwd);
