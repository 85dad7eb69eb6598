/* layer_norm.c: dst = scale (src - mean) rstd + shift over the last axis, rstd = 1 / sqrt(var +
 * eps) with the biased variance (Ba et al. 2016).
 *
 *   src, dst [..., k]   scale, shift [k]   mean, rstd [...]: one per row
 * With xhat = (src - mean) rstd and u = diff_dst scale:
 *   diff_src = rstd (u - mean_k(u) - xhat mean_k(u xhat)); diff_scale = sum diff_dst xhat;
 *   diff_shift = sum diff_dst, both over rows. No gradient passes through mean and rstd as
 * destinations. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_shape rows_of(fy_shape s)
{
    s.d[--s.rank] = 0;
    return s;
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fy_shape *src = &at->src[0].shape;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 1, FY_MAX_RANK, "[..., k]"));
    const fy_shape last = FY_SHAPE(src->d[src->rank - 1]);
    if (last.d[0] < 1)
        return fyi_fail(FY_ESHAPE, "%s: the last axis is empty, there is nothing to normalise",
                        at->name);
    FYI_FORWARD(fyi_want_shape(at, 1, "scale", last));
    FYI_FORWARD(fyi_want_shape(at, 2, "shift", last));
    dst[1].shape = dst[2].shape = rows_of(*src);
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    if (!c->diff_dst[0].id)
        return;
    const fy_node src[] = { c->diff_dst[0], c->src[0], c->dst[1], c->dst[2], c->src[1] };
    const fy_node first = fyi_apply(c->g, &fyi_op_layer_norm_bwd, c->attr, 5, src);
    for (int i = 0; i < 3; i++)
        if (c->wanted[i])
            diff_src[i] = fyi_output(c->g, first, i);
}

const fyi_op fyi_op_layer_norm = { .name = "layer_norm",
                                   .flags = FYI_OP_ROWS,
                                   .n_src = 3,
                                   .n_dst = 3,
                                   .attr_bytes = sizeof(fyi_layer_norm_attr),
                                   .infer = infer,
                                   .grad = grad,
                                   .onnx = "LayerNormalization" };

fy_node fy_layer_norm(fy_graph *g, fy_node src, fy_node scale, fy_node shift, float eps)
{
    const fyi_layer_norm_attr attr = { .eps = eps };
    return fyi_op3(g, &fyi_op_layer_norm, &attr, src, scale, shift);
}

/* diff_dst, src, mean, rstd, scale -> diff_src, diff_scale, diff_shift */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 1, FY_MAX_RANK, "[..., k]"));
    FYI_FORWARD(fyi_want_shape(at, 1, "src", at->src[0].shape));
    dst[1].shape = dst[2].shape = at->src[4].shape;
    return FY_OK;
}

const fyi_op fyi_op_layer_norm_bwd = { .name = "layer_norm_bwd",
                                       .n_src = 5,
                                       .n_dst = 3,
                                       .attr_bytes = sizeof(fyi_layer_norm_attr),
                                       .infer = infer_bwd };
