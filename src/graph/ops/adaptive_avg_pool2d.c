/* adaptive_avg_pool2d.c: dst = means of windows that divide the image into oh x ow, whatever its size.
 *
 *   src [n, c, h, w]   dst [n, c, oh, ow]
 * Window i of o over a side of s elements covers floor(i s / o) up to ceil((i + 1) s / o): neighbours overlap by one
 * where o does not divide s, and share elements where o is larger (PyTorch's AdaptiveAvgPool2d). The gradient spreads
 * each diff_dst / area over its window. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_status want_sizes(const fyi_op_site *at)
{
    const int64_t *src = at->src[0].shape.d, *o = ((const fyi_adaptive_attr *)at->attr)->o;
    if (o[0] < 1 || o[1] < 1)
        return fyi_fail(FY_EINVAL, "%s: the result must be 1x1 or larger, not %lldx%lld", at->name,
                        (long long)o[0], (long long)o[1]);
    if (src[2] < 1 || src[3] < 1)
        return fyi_fail(FY_ESHAPE, "%s: an image of %lldx%lld has nothing to average", at->name,
                        (long long)src[2], (long long)src[3]);
    return FY_OK;
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_adaptive_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 4, 4, "[n, c, h, w]"));
    FYI_FORWARD(want_sizes(at));
    dst[0].shape.d[2] = a->o[0];
    dst[0].shape.d[3] = a->o[1];
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op1(c->g, &fyi_op_adaptive_avg_pool2d_bwd, c->attr, c->diff_dst[0]);
}

/* ONNX has no such operator; where the windows are all alike the builder takes avg_pool2d. */
const fyi_op fyi_op_adaptive_avg_pool2d = { .name = "adaptive_avg_pool2d",
                                            .flags = FYI_OP_ROWS,
                                            .n_src = 1,
                                            .n_dst = 1,
                                            .attr_bytes = sizeof(fyi_adaptive_attr),
                                            .infer = infer,
                                            .grad = grad };

/* diff_dst [n, c, oh, ow] -> diff_src, shaped like the forward source. */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, c, oh, ow]"));
    dst[0].shape = ((const fyi_adaptive_attr *)at->attr)->src;
    return FY_OK;
}

const fyi_op fyi_op_adaptive_avg_pool2d_bwd = { .name = "adaptive_avg_pool2d_bwd",
                                                .n_src = 1,
                                                .n_dst = 1,
                                                .attr_bytes = sizeof(fyi_adaptive_attr),
                                                .infer = infer_bwd };

static bool divides(const fy_shape *s, int64_t oh, int64_t ow)
{
    return s->rank == 4 && oh > 0 && ow > 0 && s->d[2] > 0 && s->d[3] > 0 && s->d[2] % oh == 0 &&
           s->d[3] % ow == 0;
}

fy_node fy_adaptive_avg_pool2d(fy_graph *g, fy_node x, int64_t oh, int64_t ow)
{
    const fyi_adaptive_attr attr = { .o = { oh, ow }, .src = fy_node_shape(g, x) };
    if (!divides(&attr.src, oh, ow))
        return fyi_op1(g, &fyi_op_adaptive_avg_pool2d, &attr, x);
    fy_pool_opts o = fy_pool_defaults(1);
    o.kernel[0] = o.stride[0] = attr.src.d[2] / oh;
    o.kernel[1] = o.stride[1] = attr.src.d[3] / ow;
    return o.kernel[0] * o.kernel[1] == 1 ? x : fy_avg_pool2d(g, x, &o);
}
