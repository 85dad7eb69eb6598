/* norm_act.c: see graph/ops/norm_act.c. */
#include "backend/ref/channels.h"

#include <math.h>

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

/* The gradient before the clip. */
static double passing(const fyi_launch *l, int64_t at)
{
    const fyi_norm_act_attr *a = l->site->attr;
    const double dst = SRC(l, 1, at);
    return dst > (double)a->lo && dst < (double)a->hi ? SRC(l, 0, at) : 0;
}

/* diff_dst, dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift [, diff_other]; channel c. */
static void channel_bwd(const fyi_launch *l, const channel_dims *d, int64_t c)
{
    const fyi_norm_act_attr *a = l->site->attr;
    const double mean = SRC(l, 3, c), rstd = 1 / sqrt(SRC(l, 4, c) + (double)a->eps);
    const double count = (double)(d->n * d->per);
    double diff_scale = 0, diff_shift = 0;
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const int64_t at = element(d, n, c, i);
            diff_shift += passing(l, at);
            diff_scale += passing(l, at) * (SRC(l, 2, at) - mean) * rstd;
        }
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const int64_t at = element(d, n, c, i);
            const double diff = passing(l, at), xhat = (SRC(l, 2, at) - mean) * rstd;
            DST(l, 0, at, SRC(l, 5, c) * rstd * (diff - (diff_shift + xhat * diff_scale) / count));
            if (a->has_other)
                DST(l, 3, at, diff);
        }
    DST(l, 1, c, diff_scale);
    DST(l, 2, c, diff_shift);
}

static fy_status run_bwd(const fyi_launch *l)
{
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    for (int64_t c = 0; c < d.c; c++)
        channel_bwd(l, &d, c);
    return FY_OK;
}

FYI_REF_KERNEL(norm_act_bwd, run_bwd);
