/* cross_entropy.c: see graph/ops/cross_entropy.c. */
#include "backend/ref/rows.h"

static int64_t label(const fyi_launch *l, int source, int64_t row)
{
    return ((const int32_t *)l->src[source])[row];
}

static fy_status run(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t i = 0; i < r.n; i++) {
        const int64_t y = label(l, 1, i), at = i * r.k;
        const fyi_lse lse = fyi_row_lse(l, 0, at, r.k);
        const bool is_class = y >= 0 && y < r.k;
        DST(l, 0, i, is_class ? lse.log_sum - (SRC(l, 0, at + y) - lse.max) : NAN);
    }
    return FY_OK;
}

FYI_REF_KERNEL(cross_entropy, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[1]);
    for (int64_t i = 0; i < r.n; i++) {
        const int64_t y = label(l, 2, i), at = i * r.k;
        const fyi_lse lse = fyi_row_lse(l, 1, at, r.k);
        const double diff = y >= 0 && y < r.k ? SRC(l, 0, i) : NAN;
        for (int64_t j = 0; j < r.k; j++) {
            const double p = exp(SRC(l, 1, at + j) - lse.max - lse.log_sum);
            DST(l, 0, at + j, diff * (p - (j == y)));
        }
    }
    return FY_OK;
}

FYI_REF_KERNEL(cross_entropy_bwd, run_bwd);
