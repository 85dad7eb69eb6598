/* conv2d.c: dst = act(conv(src, weights) + bias + other), zero padding, grouped, dilated.
 *
 *   src [n, ic, h, w]   weights [oc, ic/groups, kh, kw]   dst [n, oc, oh, ow]
 *   oh = (h + 2 ph - dh (kh - 1) - 1) / sh + 1, rounded down; likewise ow.
 * Builders make the bare form, so that batch norm can follow without a bias; bias, other (a
 * residual connection, shaped like dst) and ReLU are added by the fusion pass, after gradients were
 * taken. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

fy_conv_opts fy_conv_defaults(void)
{
    return (fy_conv_opts){ .stride = { 1, 1 }, .pad = { 0, 0 }, .dilation = { 1, 1 }, .groups = 1 };
}

static fy_status check_options(const fyi_op_site *at, const fy_conv_opts *o)
{
    for (int i = 0; i < 2; i++) {
        const char *side = i == 0 ? "height" : "width";
        const int64_t s = o->stride[i], d = o->dilation[i], p = o->pad[i];
        if (s < 1 || d < 1 || s > INT32_MAX || d > INT32_MAX)
            return fyi_fail(FY_EINVAL,
                            "%s: stride and dilation must be 1 or more, for the %s they "
                            "are %lld and %lld",
                            at->name, side, (long long)s, (long long)d);
        if (p < 0 || p > INT32_MAX)
            return fyi_fail(FY_EINVAL, "%s: padding must be 0 or more, for the %s it is %lld",
                            at->name, side, (long long)p);
    }
    if (o->groups < 1)
        return fyi_fail(FY_EINVAL, "%s: groups must be 1 or more, not %lld", at->name,
                        (long long)o->groups);
    return FY_OK;
}

static fy_status check_channels(const fyi_op_site *at, const fy_conv_opts *o)
{
    const int64_t ic = at->src[0].shape.d[1];
    const int64_t oc = at->src[1].shape.d[0], taken = at->src[1].shape.d[1] * o->groups;
    if (ic != taken)
        return fyi_fail(FY_ESHAPE, "%s: weights take %lld channels, src has %lld", at->name,
                        (long long)taken, (long long)ic);
    if (oc % o->groups != 0)
        return fyi_fail(FY_ESHAPE, "%s: %lld output channels cannot be split into %lld groups",
                        at->name, (long long)oc, (long long)o->groups);
    return FY_OK;
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_conv_attr *a = at->attr;
    const fy_conv_opts *o = &a->o;
    if (at->n_src != 2 + a->has_bias + a->has_other)
        return fyi_fail(FY_EINVAL, "%s: takes %d sources in this form and was given %d", at->name,
                        2 + a->has_bias + a->has_other, at->n_src);
    FYI_FORWARD(check_options(at, o));
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 4, 4, "[n, ic, h, w]"));
    FYI_FORWARD(fyi_want_axes(at, 1, "weights", 4, 4, "[oc, ic/groups, kh, kw]"));
    FYI_FORWARD(check_channels(at, o));

    const int64_t *src = at->src[0].shape.d, *wei = at->src[1].shape.d;
    const int64_t room_h = src[2] + 2 * o->pad[0] - o->dilation[0] * (wei[2] - 1) - 1;
    const int64_t room_w = src[3] + 2 * o->pad[1] - o->dilation[1] * (wei[3] - 1) - 1;
    /* Tested before dividing: C rounds toward zero, so -1 / 2 + 1 would pass for a size of 1. */
    if (room_h < 0 || room_w < 0 || wei[2] < 1 || wei[3] < 1)
        return fyi_fail(FY_ESHAPE,
                        "%s: a %lldx%lld kernel does not fit a %lldx%lld image padded by "
                        "%lldx%lld",
                        at->name, (long long)wei[2], (long long)wei[3], (long long)src[2],
                        (long long)src[3], (long long)o->pad[0], (long long)o->pad[1]);
    dst[0].shape = FY_SHAPE(src[0], wei[0], room_h / o->stride[0] + 1, room_w / o->stride[1] + 1);
    if (a->has_bias)
        FYI_FORWARD(fyi_want_shape(at, 2, "bias", FY_SHAPE(wei[0])));
    if (a->has_other)
        FYI_FORWARD(fyi_want_shape(at, 2 + a->has_bias, "other", dst[0].shape));
    return FY_OK;
}

/* Gradients are nodes of the same graph, so the planner sees their memory too. */
static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    fyi_conv_attr a = *(const fyi_conv_attr *)c->attr;
    FYI_ASSERT(!a.has_bias && !a.has_other && !a.has_act); /* fused only after gradients were taken */
    if (c->wanted[0]) {
        a.target = fy_node_shape(c->g, c->src[0]);
        diff_src[0] = fyi_op2(c->g, &fyi_op_conv2d_bwd_data, &a, c->diff_dst[0], c->src[1]);
    }
    if (c->wanted[1]) {
        a.target = fy_node_shape(c->g, c->src[1]);
        diff_src[1] = fyi_op2(c->g, &fyi_op_conv2d_bwd_weights, &a, c->diff_dst[0], c->src[0]);
    }
}

const fyi_op fyi_op_conv2d = { .name = "conv2d",
                               .flags = FYI_OP_ROWS,
                               .n_src = -1,
                               .min_src = 2,
                               .n_dst = 1,
                               .attr_bytes = sizeof(fyi_conv_attr),
                               .infer = infer,
                               .grad = grad,
                               .onnx = "Conv" };

fy_node fy_conv2d(fy_graph *g, fy_node src, fy_node weights, const fy_conv_opts *o)
{
    const fyi_conv_attr attr = { .o = o ? *o : fy_conv_defaults() };
    return fyi_op2(g, &fyi_op_conv2d, &attr, src, weights);
}

/* ---- gradients ------------------------------------------------------------------------------- */

/* diff_dst [n, oc, oh, ow], weights -> diff_src, shaped as the attributes say. */
static fy_status infer_bwd_data(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, oc, oh, ow]"));
    FYI_FORWARD(fyi_want_axes(at, 1, "weights", 4, 4, "[oc, ic/groups, kh, kw]"));
    dst[0].shape = ((const fyi_conv_attr *)at->attr)->target;
    return FY_OK;
}

const fyi_op fyi_op_conv2d_bwd_data = { .name = "conv2d_bwd_data",
                                        .n_src = 2,
                                        .n_dst = 1,
                                        .attr_bytes = sizeof(fyi_conv_attr),
                                        .infer = infer_bwd_data };

/* diff_dst, src -> diff_weights [, diff_bias [oc]]. */
static fy_status infer_bwd_weights(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_conv_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, oc, oh, ow]"));
    FYI_FORWARD(fyi_want_axes(at, 1, "src", 4, 4, "[n, ic, h, w]"));
    dst[0].shape = a->target;
    if (a->has_bias)
        dst[1].shape = FY_SHAPE(a->target.d[0]);
    return FY_OK;
}

static int count_bwd_weights(const fyi_op_site *at)
{
    return 1 + ((const fyi_conv_attr *)at->attr)->has_bias;
}

const fyi_op fyi_op_conv2d_bwd_weights = { .name = "conv2d_bwd_weights",
                                           .n_src = 2,
                                           .n_dst = -1,
                                           .attr_bytes = sizeof(fyi_conv_attr),
                                           .infer = infer_bwd_weights,
                                           .count_dst = count_bwd_weights };
