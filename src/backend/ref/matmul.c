/* matmul.c: see graph/ops/matmul.c. */
#include "backend/ref/ref.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_matmul_attr *t = l->site->attr;
    const fy_shape *a = &l->site->src[0].shape, *dst = &l->site->dst[0].shape;
    const int row = dst->rank - 2, col = dst->rank - 1;
    const int64_t batch = dst->rank == 3 ? dst->d[0] : 1;
    const int64_t m = dst->d[row], n = dst->d[col], k = a->d[t->trans_a ? row : col];
    /* Steps of a along m and k, and of b along k and n. */
    const int64_t am = t->trans_a ? 1 : k, ak = t->trans_a ? m : 1;
    const int64_t bk = t->trans_b ? 1 : n, bn = t->trans_b ? k : 1;
    for (int64_t b = 0; b < batch; b++)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double v = 0;
                for (int64_t p = 0; p < k; p++)
                    v += SRC(l, 0, b * m * k + i * am + p * ak) *
                         SRC(l, 1, b * k * n + p * bk + j * bn);
                DST(l, 0, (b * m + i) * n + j, v);
            }
    return FY_OK;
}

FYI_REF_KERNEL(matmul, run);
