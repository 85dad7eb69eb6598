/* conv_pool.c: dst = relu(maxpool(conv(src, weights) + bias)), made by the fusion pass from the
 * three.
 *
 *   src [n, ic, h, w]   weights [oc, ic/groups, kh, kw]   bias [oc]   dst, index [n, oc, ph, pw]
 * index is max_pool2d's. The convolution's own result is never stored, and each window's gradient
 * goes to one of its elements, so the backward forms touch only the winners. */
#include "graph/ops/attr.h"
#include "graph/ops/pool.h"
#include "graph/ops/rule.h"

/* Size of the convolution's result: the same arithmetic as conv2d's, on sizes that conv2d has
 * passed. */
static fy_shape conv_shape(const fyi_conv_pool_attr *a)
{
    fy_shape s = FY_SHAPE(a->src.d[0], a->weights.d[0], 0, 0);
    for (int i = 0; i < 2; i++) {
        const int64_t reach = a->conv.dilation[i] * (a->weights.d[2 + i] - 1) + 1;
        s.d[2 + i] = (a->src.d[2 + i] + 2 * a->conv.pad[i] - reach) / a->conv.stride[i] + 1;
    }
    return s;
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_conv_pool_attr *a = at->attr;
    FYI_FORWARD(fyi_want_shape(at, 0, "src", a->src));
    FYI_FORWARD(fyi_want_shape(at, 1, "weights", a->weights));
    FYI_FORWARD(fyi_want_shape(at, 2, "bias", FY_SHAPE(a->weights.d[0])));
    const fy_shape conv = conv_shape(a);
    FYI_FORWARD(fyi_pool_shape(at, &a->pool, &conv, &dst[0].shape));
    dst[1] = (fyi_spec){ .dtype = fyi_pool_index_dtype(&a->pool), .shape = dst[0].shape };
    return FY_OK;
}

const fyi_op fyi_op_conv_pool = { .name = "conv_pool",
                                  .n_src = 3,
                                  .n_dst = 2,
                                  .attr_bytes = sizeof(fyi_conv_pool_attr),
                                  .infer = infer };

/* ---- gradients ------------------------------------------------------------------------------- */

static fy_status check_bwd(const fyi_op_site *at, const fyi_conv_pool_attr *a)
{
    fy_shape dst;
    const fy_shape conv = conv_shape(a);
    FYI_FORWARD(fyi_pool_shape(at, &a->pool, &conv, &dst));
    FYI_FORWARD(fyi_want_shape(at, 0, "diff_dst", dst));
    FYI_FORWARD(fyi_want_shape(at, 1, "dst", dst));
    return fyi_want_dtype(at, 2, "index", fyi_pool_index_dtype(&a->pool));
}

/* diff_dst, dst, index, weights -> diff_src */
static fy_status infer_bwd_data(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_conv_pool_attr *a = at->attr;
    FYI_FORWARD(check_bwd(at, a));
    FYI_FORWARD(fyi_want_shape(at, 3, "weights", a->weights));
    dst[0].shape = a->src;
    return FY_OK;
}

const fyi_op fyi_op_conv_pool_bwd_data = { .name = "conv_pool_bwd_data",
                                           .n_src = 4,
                                           .n_dst = 1,
                                           .attr_bytes = sizeof(fyi_conv_pool_attr),
                                           .infer = infer_bwd_data };

/* diff_dst, dst, index, src -> diff_weights, diff_bias [oc] */
static fy_status infer_bwd_weights(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_conv_pool_attr *a = at->attr;
    FYI_FORWARD(check_bwd(at, a));
    FYI_FORWARD(fyi_want_shape(at, 3, "src", a->src));
    dst[0].shape = a->weights;
    dst[1].shape = FY_SHAPE(a->weights.d[0]);
    return FY_OK;
}

const fyi_op fyi_op_conv_pool_bwd_weights = { .name = "conv_pool_bwd_weights",
                                              .n_src = 4,
                                              .n_dst = 2,
                                              .attr_bytes = sizeof(fyi_conv_pool_attr),
                                              .infer = infer_bwd_weights };
