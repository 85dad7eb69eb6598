/* linear.c: see graph/ops/linear.c. */
#include "backend/ref/ref.h"

static fy_status run(const fyi_launch *l)
{
    const fyi_linear_attr *a = l->site->attr;
    const fy_shape *src = &l->site->src[0].shape, *wei = &l->site->src[1].shape;
    const int64_t n = src->d[0], ic = src->d[1], oc = wei->d[0];
    for (int64_t i = 0; i < n; i++)
        for (int64_t o = 0; o < oc; o++) {
            double v = a->has_bias ? SRC(l, 2, o) : 0;
            for (int64_t k = 0; k < ic; k++)
                v += SRC(l, 0, i * ic + k) * SRC(l, 1, o * ic + k);
            DST(l, 0, i * oc + o, a->relu && v < 0 ? 0 : v);
        }
    return FY_OK;
}

FYI_REF_KERNEL(linear, run);

/* diff_dst [n, oc], weights [oc, ic] -> diff_src [n, ic] */
static fy_status run_bwd_data(const fyi_launch *l)
{
    const fy_shape *wei = &l->site->src[1].shape;
    const int64_t n = l->site->dst[0].shape.d[0], oc = wei->d[0], ic = wei->d[1];
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < ic; k++) {
            double v = 0;
            for (int64_t o = 0; o < oc; o++)
                v += SRC(l, 0, i * oc + o) * SRC(l, 1, o * ic + k);
            DST(l, 0, i * ic + k, v);
        }
    return FY_OK;
}

FYI_REF_KERNEL(linear_bwd_data, run_bwd_data);

/* diff_dst [n, oc], src [n, ic] -> diff_weights [oc, ic] [, diff_bias [oc]] */
static fy_status run_bwd_weights(const fyi_launch *l)
{
    const fyi_linear_attr *a = l->site->attr;
    const fy_shape *src = &l->site->src[1].shape;
    const int64_t n = src->d[0], ic = src->d[1], oc = l->site->dst[0].shape.d[0];
    for (int64_t o = 0; o < oc; o++) {
        double bias = 0;
        for (int64_t k = 0; k < ic; k++) {
            double v = 0;
            for (int64_t i = 0; i < n; i++)
                v += SRC(l, 0, i * oc + o) * SRC(l, 1, i * ic + k);
            DST(l, 0, o * ic + k, v);
        }
        for (int64_t i = 0; i < n; i++)
            bias += SRC(l, 0, i * oc + o);
        if (a->has_bias)
            DST(l, 1, o, bias);
    }
    return FY_OK;
}

FYI_REF_KERNEL(linear_bwd_weights, run_bwd_weights);
