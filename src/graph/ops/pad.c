/* pad.c: dst = zeros with src's index i along an axis at begin + i * step.
 *
 *   src [a, size, b]   dst [a, whole, b]
 * The gradient cuts its places out of diff_dst: slice. */
#include "graph/ops/attr.h"
#include "graph/ops/axis.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_axis_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axis(at));
    if (at->src[0].shape.d[a->axis] != a->size)
        return fyi_fail(FY_ESHAPE, "%s: axis %d has %lld elements, not %lld", at->name, a->axis,
                        (long long)at->src[0].shape.d[a->axis], (long long)a->size);
    FYI_FORWARD(fyi_want_range(at, a->whole));
    dst[0].shape.d[a->axis] = a->whole;
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fyi_op1(c->g, &fyi_op_slice, c->attr, c->diff_dst[0]);
}

const fyi_op fyi_op_pad = { .name = "pad",
                            .flags = FYI_OP_ROWS,
                            .n_src = 1,
                            .n_dst = 1,
                            .attr_bytes = sizeof(fyi_axis_attr),
                            .infer = infer,
                            .grad = grad,
                            .onnx = "Pad" };

static fy_status check_counts(int64_t before, int64_t after, int64_t size, int64_t *whole)
{
    if (before < 0 || after < 0)
        return fyi_fail(FY_EINVAL,
                        "pad: zeros before and after must be 0 or more, not %lld and %lld",
                        (long long)before, (long long)after);
    if (__builtin_add_overflow(before, size, whole) || __builtin_add_overflow(*whole, after, whole))
        return fyi_fail(FY_ESHAPE, "pad: %lld, %lld and %lld elements are too many for one axis",
                        (long long)before, (long long)size, (long long)after);
    return FY_OK;
}

fy_node fy_pad(fy_graph *g, fy_node x, int axis, int64_t before, int64_t after)
{
    const fy_shape s = fy_node_shape(g, x);
    fyi_axis_attr attr = { .axis = axis, .begin = before, .step = 1 };
    attr.size = axis >= 0 && axis < s.rank ? s.d[axis] : 0;
    const fy_status st = check_counts(before, after, attr.size, &attr.whole);
    return st == FY_OK ? fyi_op1(g, &fyi_op_pad, &attr, x) : fyi_graph_mistake(g, st);
}
