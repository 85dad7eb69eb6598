/* slice.c: dst = src's indices begin, begin + step, ... along an axis, `size` of them.
 *
 *   src [a, whole, b]   dst [a, size, b]
 * The gradient puts diff_dst at its places among zeros: pad. */
#include "graph/ops/attr.h"
#include "graph/ops/axis.h"

fy_status fyi_want_axis(const fyi_op_site *at)
{
    const int axis = ((const fyi_axis_attr *)at->attr)->axis;
    char text[FYI_SPEC_CHARS];
    if (axis >= 0 && axis < at->src[0].shape.rank)
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "%s: axis %d is not one of the %d axes of %s", at->name, axis,
                    at->src[0].shape.rank, fyi_spec_text(at->src[0].dtype, &at->src[0].shape, text));
}

/* Nothing lies anywhere from 0 to whole. Divided, not multiplied: sizes may be anything. */
static bool lies_within(const fyi_axis_attr *a, int64_t whole)
{
    if (a->begin < 0 || a->size < 0 || a->begin > whole)
        return false;
    return a->size == 0 || (a->begin < whole && (a->size - 1) <= (whole - 1 - a->begin) / a->step);
}

fy_status fyi_want_range(const fyi_op_site *at, int64_t whole)
{
    const fyi_axis_attr *a = at->attr;
    char every[40] = "";
    if (a->step < 1)
        return fyi_fail(FY_EINVAL, "%s: the step must be 1 or more, not %lld", at->name,
                        (long long)a->step);
    if (lies_within(a, whole))
        return FY_OK;
    if (a->step > 1)
        (void)snprintf(every, sizeof every, ", %lld apart,", (long long)a->step);
    return fyi_fail(
        FY_ESHAPE, "%s: %lld elements from %lld on%s do not lie within the %lld of axis %d",
        at->name, (long long)a->size, (long long)a->begin, every, (long long)whole, a->axis);
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_axis_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axis(at));
    FYI_FORWARD(fyi_want_range(at, at->src[0].shape.d[a->axis]));
    dst[0].shape.d[a->axis] = a->size;
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    fyi_axis_attr attr = *(const fyi_axis_attr *)c->attr;
    attr.whole = fy_node_shape(c->g, c->src[0]).d[attr.axis];
    diff_src[0] = fyi_op1(c->g, &fyi_op_pad, &attr, c->diff_dst[0]);
}

/* Along axis 0 rows are kept only if all of them are, which the sizes say. */
const fyi_op fyi_op_slice = { .name = "slice",
                              .flags = FYI_OP_ROWS,
                              .n_src = 1,
                              .n_dst = 1,
                              .attr_bytes = sizeof(fyi_axis_attr),
                              .infer = infer,
                              .grad = grad,
                              .onnx = "Slice" };

fy_node fy_slice_step(fy_graph *g, fy_node x, int axis, int64_t begin, int64_t size, int64_t step)
{
    const fyi_axis_attr attr = { .axis = axis, .begin = begin, .size = size, .step = step };
    return fyi_op1(g, &fyi_op_slice, &attr, x);
}

fy_node fy_slice(fy_graph *g, fy_node x, int axis, int64_t begin, int64_t size)
{
    return fy_slice_step(g, x, axis, begin, size, 1);
}
