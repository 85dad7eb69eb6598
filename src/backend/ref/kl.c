/* kl.c: see graph/ops/kl.c. */
#include "backend/ref/rows.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[0]);
    for (int64_t i = 0; i < r.n; i++) {
        double sum = 0;
        for (int64_t j = i * r.k; j < (i + 1) * r.k; j++) {
            const double p = SRC(l, 0, j);
            sum += p == 0 ? 0 : p * (log(p) - SRC(l, 1, j));
        }
        DST(l, 0, i, sum);
    }
    return FY_OK;
}

FYI_REF_KERNEL(kl, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_rows r = fyi_rows_of(&l->site->src[1]);
    for (int64_t i = 0; i < r.n; i++)
        for (int64_t j = i * r.k; j < (i + 1) * r.k; j++) {
            const double p = SRC(l, 1, j);
            DST(l, 0, j, p == 0 ? 0 : SRC(l, 0, i) * (log(p) - SRC(l, 2, j) + 1));
        }
    return FY_OK;
}

FYI_REF_KERNEL(kl_bwd, run_bwd);
