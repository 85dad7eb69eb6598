/* transpose.c: dst = src with its axes in another order: axis i of dst is axis axes[i] of src.
 *
 *   src [d0, d1, ...]   dst [d_axes[0], d_axes[1], ...]
 * The gradient is transposed back by the inverse permutation. */
#include "graph/ops/attr.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const int *axes = ((const fyi_transpose_attr *)at->attr)->axes;
    const fy_shape *src = &at->src[0].shape;
    bool seen[FY_MAX_RANK] = { false };
    char text[FYI_SPEC_CHARS];
    for (int i = 0; i < src->rank; i++) {
        if (axes[i] < 0 || axes[i] >= src->rank || seen[axes[i]])
            return fyi_fail(FY_EINVAL,
                            "%s: axes must list 0 to %d once each for src %s, position %d "
                            "is %d",
                            at->name, src->rank - 1, fy_shape_text(src, text, sizeof text), i,
                            axes[i]);
        seen[axes[i]] = true;
        dst[0].shape.d[i] = src->d[axes[i]];
    }
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const int *axes = ((const fyi_transpose_attr *)c->attr)->axes;
    int inverse[FY_MAX_RANK] = { 0 };
    for (int i = 0; i < fy_node_shape(c->g, c->src[0]).rank; i++)
        inverse[axes[i]] = i;
    diff_src[0] = fy_transpose(c->g, c->diff_dst[0], inverse);
}

const fyi_op fyi_op_transpose = { .name = "transpose",
                                  .n_src = 1,
                                  .n_dst = 1,
                                  .attr_bytes = sizeof(fyi_transpose_attr),
                                  .infer = infer,
                                  .grad = grad,
                                  .onnx = "Transpose" };

fy_node fy_transpose(fy_graph *g, fy_node x, const int *axes)
{
    fyi_transpose_attr attr = { { 0 } };
    for (int i = 0; i < fy_node_shape(g, x).rank; i++)
        attr.axes[i] = axes[i];
    return fyi_op1(g, &fyi_op_transpose, &attr, x);
}
