/* batch_norm.c: see graph/ops/batch_norm.c. */
#include "backend/ref/channels.h"

static void normalise(const fyi_launch *l, const channel_dims *d, int64_t c, double mean, double var)
{
    const fyi_batch_norm_attr *a = l->site->attr;
    const double factor = SRC(l, 1, c) / sqrt(var + (double)a->eps), shift = SRC(l, 2, c);
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const int64_t at = element(d, n, c, i);
            DST(l, 0, at, (SRC(l, 0, at) - mean) * factor + shift);
        }
}

static fy_status run(const fyi_launch *l)
{
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    for (int64_t c = 0; c < d.c; c++) {
        double mean, var;
        moments(l, &d, c, &mean, &var);
        normalise(l, &d, c, mean, var);
        DST(l, 1, c, mean);
        DST(l, 2, c, var);
    }
    return FY_OK;
}

FYI_REF_KERNEL(batch_norm, run);

static fy_status run_infer(const fyi_launch *l)
{
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    for (int64_t c = 0; c < d.c; c++)
        normalise(l, &d, c, SRC(l, 3, c), SRC(l, 4, c));
    return FY_OK;
}

FYI_REF_KERNEL(batch_norm_infer, run_infer);

/* diff_dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift */
static double diff_at(const fyi_launch *l, int64_t n, int64_t c, int64_t i)
{
    const channel_dims d = channel_dims_of(&l->site->src[0].shape);
    return SRC(l, 0, element(&d, n, c, i));
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_batch_norm_attr *a = l->site->attr;
    norm_bwd_run(l, &(norm_bwd){ 1, (double)a->eps, !a->training, diff_at });
    return FY_OK;
}

FYI_REF_KERNEL(batch_norm_bwd, run_bwd);

/* running_mean, running_var, mean, var -> running_mean, running_var */
static fy_status run_stats(const fyi_launch *l)
{
    const fyi_batch_norm_attr *a = l->site->attr;
    const double m = (double)a->momentum;
    const double unbiased = (double)a->count / (double)FYI_MAX(a->count - 1, (int64_t)1);
    for (int64_t c = 0; c < l->site->src[0].shape.d[0]; c++) {
        DST(l, 0, c, (1 - m) * SRC(l, 0, c) + m * SRC(l, 2, c));
        DST(l, 1, c, (1 - m) * SRC(l, 1, c) + m * SRC(l, 3, c) * unbiased);
    }
    return FY_OK;
}

FYI_REF_KERNEL(batch_norm_stats, run_stats);
