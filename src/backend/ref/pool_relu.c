/* pool_relu.c: see graph/ops/pool_relu.c. */
#include "backend/ref/windows.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_pool_attr *a = l->site->attr;
    const pool_dims p = pool_dims_of(&a->o, l->site->dst[0].shape, l->site->src[0].shape);
    const pool_gate positive = { .index = 2, .dst = 1, .lo = 0, .hi = INFINITY };
    for (int64_t n = 0; n < p.src.d[0]; n++)
        for (int64_t c = 0; c < p.src.d[1]; c++)
            for (int64_t y = 0; y < p.y.size; y++)
                for (int64_t x = 0; x < p.x.size; x++)
                    DST(l, 0, at4(&p.src, n, c, y, x), pooled_diff(l, &p, &positive, n, c, y, x));
    return FY_OK;
}

FYI_REF_KERNEL(pool_relu_bwd, run);
