/* slice.c: dst = src's indices [begin, begin + size) along an axis.
 *
 *   src [a, whole, b]   dst [a, size, b]
 * The gradient puts diff_dst at its place among zeros. */
#include "graph/ops/attr.h"

static fy_status want_range(const fyi_op_site *at, int64_t whole)
{
    const fyi_axis_attr *a = at->attr;
    if (a->begin >= 0 && a->size >= 0 && a->begin <= whole && a->size <= whole - a->begin)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "%s: %lld elements from %lld on do not lie within the %lld of axis %d",
                    at->name, (long long)a->size, (long long)a->begin, (long long)whole, a->axis);
}

static fy_status want_axis(const fyi_op_site *at)
{
    const int axis = ((const fyi_axis_attr *)at->attr)->axis;
    char text[FYI_SPEC_CHARS];
    if (axis >= 0 && axis < at->src[0].shape.rank)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "%s: axis %d is not one of the %d axes of %s", at->name, axis,
                    at->src[0].shape.rank, fyi_spec_text(at->src[0].dtype, &at->src[0].shape, text));
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_axis_attr *a = at->attr;
    FYI_FORWARD(want_axis(at));
    FYI_FORWARD(want_range(at, at->src[0].shape.d[a->axis]));
    dst[0].shape.d[a->axis] = a->size;
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    fyi_axis_attr attr = *(const fyi_axis_attr *)c->attr;
    attr.whole = fy_node_shape(c->g, c->src[0]).d[attr.axis];
    diff_src[0] = fyi_op1(c->g, &fyi_op_slice_bwd, &attr, c->diff_dst[0]);
}

const fyi_op fyi_op_slice = { .name = "slice",
                              .n_src = 1,
                              .n_dst = 1,
                              .attr_bytes = sizeof(fyi_axis_attr),
                              .infer = infer,
                              .grad = grad,
                              .onnx = "Slice" };

/* diff_dst [a, size, b] -> diff_src [a, whole, b] */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_axis_attr *a = at->attr;
    FYI_FORWARD(want_axis(at));
    FYI_FORWARD(want_range(at, a->whole));
    dst[0].shape.d[a->axis] = a->whole;
    return FY_OK;
}

const fyi_op fyi_op_slice_bwd = { .name = "slice_bwd",
                                  .n_src = 1,
                                  .n_dst = 1,
                                  .attr_bytes = sizeof(fyi_axis_attr),
                                  .infer = infer_bwd };

fy_node fy_slice(fy_graph *g, fy_node x, int axis, int64_t begin, int64_t size)
{
    const fyi_axis_attr attr = { .axis = axis, .begin = begin, .size = size };
    return fyi_op1(g, &fyi_op_slice, &attr, x);
}
