/* concat.c: dst = the sources one after another along an axis; all other sizes and the type are
 * equal.
 *
 *   src[i] [a, d_i, b]   dst [a, sum d_i, b]
 * The gradient cuts diff_dst apart again. */
#include "graph/ops/attr.h"

static fy_status want_alike(const fyi_op_site *at, int i, int axis)
{
    const fyi_spec *first = &at->src[0], *s = &at->src[i];
    char wanted[FYI_SPEC_CHARS], found[FYI_SPEC_CHARS];
    bool alike = s->dtype == first->dtype && s->shape.rank == first->shape.rank;
    for (int k = 0; alike && k < s->shape.rank; k++)
        alike = k == axis || s->shape.d[k] == first->shape.d[k];
    if (alike)
        return FY_OK;
    return fyi_fail(s->dtype == first->dtype ? FY_ESHAPE : FY_EDTYPE,
                    "%s: source %d is %s and does not continue source 0, %s, along axis %d",
                    at->name, i, fyi_spec_text(s->dtype, &s->shape, found),
                    fyi_spec_text(first->dtype, &first->shape, wanted), axis);
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const int axis = ((const fyi_axis_attr *)at->attr)->axis;
    char text[FYI_SPEC_CHARS];
    if (axis < 0 || axis >= at->src[0].shape.rank)
        return fyi_fail(FY_ESHAPE, "%s: axis %d is not one of the %d axes of %s", at->name, axis,
                        at->src[0].shape.rank,
                        fyi_spec_text(at->src[0].dtype, &at->src[0].shape, text));
    for (int i = 1; i < at->n_src; i++) {
        FYI_FORWARD(want_alike(at, i, axis));
        dst[0].shape.d[axis] += at->src[i].shape.d[axis];
    }
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const int axis = ((const fyi_axis_attr *)c->attr)->axis;
    int64_t begin = 0;
    for (int i = 0; i < c->n_src; i++) {
        const int64_t size = fy_node_shape(c->g, c->src[i]).d[axis];
        if (c->wanted[i])
            diff_src[i] = fy_slice(c->g, c->diff_dst[0], axis, begin, size);
        begin += size;
    }
}

/* Along axis 0 no row is kept, which the sizes say. */
const fyi_op fyi_op_concat = { .name = "concat",
                               .flags = FYI_OP_EACH,
                               .n_src = -1,
                               .min_src = 1,
                               .n_dst = 1,
                               .attr_bytes = sizeof(fyi_axis_attr),
                               .infer = infer,
                               .grad = grad,
                               .onnx = "Concat" };

fy_node fy_concat(fy_graph *g, int axis, const fy_node *x, int n)
{
    const fyi_axis_attr attr = { .axis = axis };
    return fyi_apply(g, &fyi_op_concat, &attr, n, x);
}

fy_node fy_concat2(fy_graph *g, int axis, fy_node a, fy_node b)
{
    return fy_concat(g, axis, (const fy_node[]){ a, b }, 2);
}
