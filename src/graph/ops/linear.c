/* linear.c: dst = act(src weights^T + bias).
 *
 *   src [n, ic]   weights [oc, ic]   bias [oc]   dst [n, oc]
 * Builders make the bare form; bias and ReLU are added by the fusion pass, after gradients were
 * taken. diff_src = diff_dst weights; diff_weights = diff_dst^T src; diff_bias = diff_dst summed
 * over n. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_linear_attr *a = at->attr;
    if (at->n_src != 2 + a->has_bias)
        return fyi_fail(FY_EINVAL, "%s: takes %d sources in this form and was given %d", at->name,
                        2 + a->has_bias, at->n_src);
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 2, 2, "[n, ic] (fy_flatten makes it so)"));
    FYI_FORWARD(fyi_want_axes(at, 1, "weights", 2, 2, "[oc, ic]"));
    const int64_t *src = at->src[0].shape.d, *wei = at->src[1].shape.d;
    if (src[1] != wei[1])
        return fyi_fail(FY_ESHAPE, "%s: weights take %lld features, src has %lld", at->name,
                        (long long)wei[1], (long long)src[1]);
    if (a->has_bias)
        FYI_FORWARD(fyi_want_shape(at, 2, "bias", FY_SHAPE(wei[0])));
    dst[0].shape = FY_SHAPE(src[0], wei[0]);
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fyi_linear_attr bare = { 0 };
    FYI_ASSERT(c->n_src == 2 && !((const fyi_linear_attr *)c->attr)->relu);
    if (c->wanted[0])
        diff_src[0] = fyi_op2(c->g, &fyi_op_linear_bwd_data, &bare, c->diff_dst[0], c->src[1]);
    if (c->wanted[1])
        diff_src[1] = fyi_op2(c->g, &fyi_op_linear_bwd_weights, &bare, c->diff_dst[0], c->src[0]);
}

const fyi_op fyi_op_linear = { .name = "linear",
                               .flags = FYI_OP_ROWS,
                               .n_src = -1,
                               .min_src = 2,
                               .n_dst = 1,
                               .attr_bytes = sizeof(fyi_linear_attr),
                               .infer = infer,
                               .grad = grad,
                               .onnx = "Gemm" };

fy_node fy_linear(fy_graph *g, fy_node src, fy_node weights)
{
    const fyi_linear_attr bare = { 0 };
    return fyi_op2(g, &fyi_op_linear, &bare, src, weights);
}

/* ---- gradients ------------------------------------------------------------------------------- */

/* diff_dst [n, oc], weights [oc, ic] -> diff_src [n, ic] */
static fy_status infer_bwd_data(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 2, 2, "[n, oc]"));
    FYI_FORWARD(fyi_want_axes(at, 1, "weights", 2, 2, "[oc, ic]"));
    dst[0].shape = FY_SHAPE(at->src[0].shape.d[0], at->src[1].shape.d[1]);
    return FY_OK;
}

const fyi_op fyi_op_linear_bwd_data = { .name = "linear_bwd_data",
                                        .n_src = 2,
                                        .n_dst = 1,
                                        .attr_bytes = sizeof(fyi_linear_attr),
                                        .infer = infer_bwd_data };

/* diff_dst [n, oc], src [n, ic] -> diff_weights [oc, ic] [, diff_bias [oc]] */
static fy_status infer_bwd_weights(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 2, 2, "[n, oc]"));
    FYI_FORWARD(fyi_want_axes(at, 1, "src", 2, 2, "[n, ic]"));
    const int64_t oc = at->src[0].shape.d[1];
    dst[0].shape = FY_SHAPE(oc, at->src[1].shape.d[1]);
    if (((const fyi_linear_attr *)at->attr)->has_bias)
        dst[1].shape = FY_SHAPE(oc);
    return FY_OK;
}

static int count_bwd_weights(const fyi_op_site *at)
{
    return 1 + ((const fyi_linear_attr *)at->attr)->has_bias;
}

const fyi_op fyi_op_linear_bwd_weights = { .name = "linear_bwd_weights",
                                           .n_src = 2,
                                           .n_dst = -1,
                                           .attr_bytes = sizeof(fyi_linear_attr),
                                           .infer = infer_bwd_weights,
                                           .count_dst = count_bwd_weights };
