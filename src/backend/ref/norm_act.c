/* norm_act.c: see graph/ops/norm_act.c. */
#include "backend/ref/channels.h"

/* src, scale, shift [, other] -> dst, mean, var */
static fy_status run(const fyi_launch *l)
{
    const fyi_norm_act_attr *a = l->site->attr;
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    for (int64_t c = 0; c < d.c; c++) {
        double mean, var;
        moments(l, &d, c, &mean, &var);
        const double factor = SRC(l, 1, c) / sqrt(var + (double)a->eps), shift = SRC(l, 2, c);
        for (int64_t n = 0; n < d.n; n++)
            for (int64_t i = 0; i < d.per; i++) {
                const int64_t at = element(&d, n, c, i);
                const double other = a->has_other ? SRC(l, 3, at) : 0;
                const double x = (SRC(l, 0, at) - mean) * factor + shift + other;
                DST(l, 0, at,
                    x < (double)a->lo   ? (double)a->lo
                    : x > (double)a->hi ? (double)a->hi
                                        : x);
            }
        DST(l, 1, c, mean);
        DST(l, 2, c, var);
    }
    return FY_OK;
}

FYI_REF_KERNEL(norm_act, run);

/* diff_dst, dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift [, diff_other] */

/* The gradient before the clip. */
static double passing(const fyi_launch *l, int64_t n, int64_t c, int64_t i)
{
    const fyi_norm_act_attr *a = l->site->attr;
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    const int64_t at = element(&d, n, c, i);
    const double dst = SRC(l, 1, at);
    return dst > (double)a->lo && dst < (double)a->hi ? SRC(l, 0, at) : 0;
}

static void put_other(const fyi_launch *l)
{
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    for (int64_t n = 0; n < d.n; n++)
        for (int64_t c = 0; c < d.c; c++)
            for (int64_t i = 0; i < d.per; i++)
                DST(l, 3, element(&d, n, c, i), passing(l, n, c, i));
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_norm_act_attr *a = l->site->attr;
    norm_bwd_run(l, &(norm_bwd){ 2, (double)a->eps, false, passing });
    if (a->has_other)
        put_other(l);
    return FY_OK;
}

FYI_REF_KERNEL(norm_act_bwd, run_bwd);
