/* layer_norm.c: see graph/ops/layer_norm.c. */
#include "backend/ref/ref.h"

#include <math.h>

static void row(const fyi_launch *l, int64_t r, int64_t k)
{
    const fyi_layer_norm_attr *a = l->site->attr;
    double mean = 0, var = 0;
    for (int64_t i = 0; i < k; i++)
        mean += SRC(l, 0, r * k + i) / (double)k;
    for (int64_t i = 0; i < k; i++) {
        const double x = SRC(l, 0, r * k + i) - mean;
        var += x * x / (double)k;
    }
    const double rstd = 1 / sqrt(var + (double)a->eps);
    for (int64_t i = 0; i < k; i++)
        DST(l, 0, r * k + i, (SRC(l, 0, r * k + i) - mean) * rstd * SRC(l, 1, i) + SRC(l, 2, i));
    DST(l, 1, r, mean);
    DST(l, 2, r, rstd);
}

static fy_status run(const fyi_launch *l)
{
    const int64_t k = l->site->src[1].shape.d[0];
    const int64_t rows = fy_shape_numel(&l->site->src[0].shape) / k;
    for (int64_t r = 0; r < rows; r++)
        row(l, r, k);
    return FY_OK;
}

FYI_REF_KERNEL(layer_norm, run);

/* Sources of the gradient: diff_dst, src, mean, rstd, scale. */
static double xhat_at(const fyi_launch *l, int64_t r, int64_t at)
{
    return (SRC(l, 1, at) - SRC(l, 2, r)) * SRC(l, 3, r);
}

static void row_bwd(const fyi_launch *l, int64_t r, int64_t k)
{
    double mean_u = 0, mean_ux = 0;
    for (int64_t i = 0; i < k; i++) {
        const int64_t at = r * k + i;
        const double u = SRC(l, 0, at) * SRC(l, 4, i);
        mean_u += u / (double)k;
        mean_ux += u * xhat_at(l, r, at) / (double)k;
    }
    for (int64_t i = 0; i < k; i++) {
        const int64_t at = r * k + i;
        const double u = SRC(l, 0, at) * SRC(l, 4, i);
        DST(l, 0, at, SRC(l, 3, r) * (u - mean_u - xhat_at(l, r, at) * mean_ux));
    }
}

static fy_status run_bwd(const fyi_launch *l)
{
    const int64_t k = l->site->src[4].shape.d[0];
    const int64_t rows = fy_shape_numel(&l->site->src[1].shape) / k;
    for (int64_t i = 0; i < k; i++) {
        double diff_scale = 0, diff_shift = 0;
        for (int64_t r = 0; r < rows; r++) {
            diff_scale += SRC(l, 0, r * k + i) * xhat_at(l, r, r * k + i);
            diff_shift += SRC(l, 0, r * k + i);
        }
        DST(l, 1, i, diff_scale);
        DST(l, 2, i, diff_shift);
    }
    for (int64_t r = 0; r < rows; r++)
        row_bwd(l, r, k);
    return FY_OK;
}

FYI_REF_KERNEL(layer_norm_bwd, run_bwd);
