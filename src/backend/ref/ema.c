/* ema.c: see graph/ops/ema.c. */
#include "graph/ops/ema.h"
#include "backend/ref/ref.h"

static fy_status run(const fyi_launch *l)
{
    const double count = SRC(l, 0, 0);
    const double share = fyi_ema_share(((const fyi_ema_attr *)l->site->attr)->decay, count);
    for (int i = 0; fyi_ema_src(i) < l->site->n_src; i++) {
        const int from = fyi_ema_src(i);
        const int64_t n = fy_shape_numel(&l->site->src[from].shape);
        for (int64_t at = 0; at < n; at++) {
            const double w = SRC(l, from, at), a = SRC(l, from + 1, at);
            DST(l, fyi_ema_dst(i), at, a + share * (w - a));
        }
    }
    DST(l, 0, 0, count + 1);
    return FY_OK;
}

FYI_REF_KERNEL(ema, run);
