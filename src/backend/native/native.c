/* native.c: the layouts that native kernels ask for, and the reductions they share. */
#include "backend/native/native.h"

#include <math.h>

#define LANES 16 /* running results side by side: one dependent chain would wait on itself */

bool fyi_native_absent(fy_device *dev, fyi_site *site)
{
    (void)dev;
    (void)site;
    return false;
}

bool fyi_native_plain(fy_device *dev, fyi_site *site)
{
    (void)dev;
    bool fits = true;
    for (int i = 0; i < site->n_src; i++) {
        site->src[i].layout = fyi_layout_plain(site->src[i].shape.rank);
        fits = fits && (site->src[i].dtype == FY_F32 || site->src[i].dtype == FY_I32);
    }
    for (int i = 0; i < site->n_dst; i++) {
        site->dst[i].layout = fyi_layout_plain(site->dst[i].shape.rank);
        fits = fits && (site->dst[i].dtype == FY_F32 || site->dst[i].dtype == FY_I32);
    }
    return fits;
}

bool fyi_native_is_f32(const fyi_site *s)
{
    bool all = s->precision == FY_F32;
    for (int i = 0; i < s->n_src; i++)
        all &= s->src[i].dtype == FY_F32 || s->src[i].dtype == FY_U8;
    for (int i = 0; i < s->n_dst; i++)
        all &= s->dst[i].dtype == FY_F32 || s->dst[i].dtype == FY_U8;
    return all;
}

static bool is_padded(const fyi_layout *layout, const fy_shape *s)
{
    return fyi_layout_numel(layout, s) != fy_shape_numel(s);
}

/* The first layout among the sources that is not plain: whoever made it will want it again. */
static fyi_layout common_layout(const fyi_site *site)
{
    for (int i = 0; i < site->n_src; i++)
        if (!fyi_layout_is_plain(&site->src[i].layout))
            return site->src[i].layout;
    return fyi_layout_plain(site->dst[0].shape.rank);
}

static bool propose_each(fyi_site *site, bool may_pad)
{
    fyi_layout layout = common_layout(site);
    if (!may_pad && is_padded(&layout, &site->dst[0].shape))
        layout = fyi_layout_plain(site->dst[0].shape.rank);
    for (int i = 0; i < site->n_src; i++) {
        if (site->src[i].dtype != FY_F32 && site->src[i].dtype != FY_BF16)
            return false;
        site->src[i].layout = layout;
        if (site->src[i].dtype == FY_BF16)
            site->dst[0].dtype = FY_BF16;
    }
    site->dst[0].layout = layout;
    return site->dst[0].dtype == FY_F32 || site->dst[0].dtype == FY_BF16;
}

bool fyi_native_each(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return propose_each(site, true);
}

bool fyi_native_each_unpadded(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return propose_each(site, false);
}

/* ---- reductions ------------------------------------------------------------------------------ */

static float sum_chunk(const float *x, int64_t n)
{
    float lane[LANES] = { 0 };
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] += x[i + j];
    for (int j = 0; i < n; i++, j++)
        lane[j] += x[i];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++)
            lane[j] += lane[j + half];
    return lane[0];
}

double fyi_sum_f32(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t at = 0; at < n; at += FYI_SUM_CHUNK)
        sum += (double)sum_chunk(x + at, FYI_MIN((int64_t)FYI_SUM_CHUNK, n - at));
    return sum;
}

float fyi_max_f32(const float *x, int64_t n)
{
    float lane[LANES], max = -INFINITY;
    int64_t i = 0;
    for (int j = 0; j < LANES; j++)
        lane[j] = -INFINITY;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    for (; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (int j = 0; j < LANES; j++)
        max = lane[j] > max ? lane[j] : max;
    return max;
}
