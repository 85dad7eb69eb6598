/* bias.c: see graph/ops/bias.c. */
#include "backend/ref/ref.h"

/* How many elements follow one another with the same channel: the product of the axes after c. */
static int64_t elements_per_channel(const fy_shape *s)
{
    int64_t n = 1;
    for (int i = 2; i < s->rank; i++)
        n *= s->d[i];
    return n;
}

static fy_status run(const fyi_launch *l)
{
    const fy_shape *s = &l->site->src[0].shape;
    const int64_t n = fy_shape_numel(s), per = elements_per_channel(s);
    for (int64_t i = 0; i < n; i++)
        DST(l, 0, i, SRC(l, 0, i) + SRC(l, 1, i / per % s->d[1]));
    return FY_OK;
}

FYI_REF_KERNEL(bias, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fy_shape *s = &l->site->src[0].shape;
    const int64_t per = elements_per_channel(s);
    for (int64_t c = 0; c < s->d[1]; c++) {
        double sum = 0;
        for (int64_t n = 0; n < s->d[0]; n++)
            for (int64_t i = 0; i < per; i++)
                sum += SRC(l, 0, (n * s->d[1] + c) * per + i);
        DST(l, 0, c, sum);
    }
    return FY_OK;
}

FYI_REF_KERNEL(bias_bwd, run_bwd);
