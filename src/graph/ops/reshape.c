/* reshape.c: dst = src's elements, in plain order, under another shape of as many elements. No work
 * is done: a plan lets dst share src's memory. */
#include "graph/ops/attr.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_spec *src = &at->src[0];
    const fy_shape *to = &((const fyi_shape_attr *)at->attr)->shape;
    char from_text[FYI_SPEC_CHARS], to_text[FYI_SPEC_CHARS];
    const fy_status st = fy_shape_check(to, src->dtype);
    if (st != FY_OK)
        return fyi_wrap(st, "in %s", at->name);
    if (fy_shape_numel(to) != fy_shape_numel(&src->shape))
        return fyi_fail(FY_ESHAPE, "%s: %s has %lld elements and %s would have %lld", at->name,
                        fy_shape_text(&src->shape, from_text, sizeof from_text),
                        (long long)fy_shape_numel(&src->shape),
                        fy_shape_text(to, to_text, sizeof to_text), (long long)fy_shape_numel(to));
    dst[0].shape = *to;
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fy_reshape(c->g, c->diff_dst[0], fy_node_shape(c->g, c->src[0]));
}

const fyi_op fyi_op_reshape = { .name = "reshape",
                                .n_src = 1,
                                .n_dst = 1,
                                .attr_bytes = sizeof(fyi_shape_attr),
                                .flags = FYI_OP_VIEW | FYI_OP_ROWS,
                                .infer = infer,
                                .grad = grad,
                                .onnx = "Reshape" };

fy_node fy_reshape(fy_graph *g, fy_node x, fy_shape s)
{
    const fyi_shape_attr attr = { .shape = s };
    return fyi_op1(g, &fyi_op_reshape, &attr, x);
}

/* The rest is multiplied out, not divided off: n may be 0. */
fy_node fy_flatten(fy_graph *g, fy_node x)
{
    const fy_shape s = fy_node_shape(g, x);
    if (g->status == FY_OK && x.id && s.rank < 1)
        return fyi_graph_mistake(
            g, fyi_fail(FY_ESHAPE, "flatten: a scalar has no first axis to keep"));
    int64_t rest = 1;
    for (int i = 1; i < s.rank; i++)
        rest *= s.d[i];
    return fy_reshape(g, x, FY_SHAPE(s.d[0], rest));
}
