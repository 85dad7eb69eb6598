/* argmax.c: dst = where the largest element of each row stands, the first of equals; NaN counts as
 * larger than any number, so that it shows.
 *
 *   src [n, k], k >= 1   dst i32 [n] */
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fy_shape *src = &at->src[0].shape;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 2, 2, "[n, k]"));
    if (src->d[1] < 1)
        return fyi_fail(FY_ESHAPE, "%s: the rows of src are empty, they have no largest element",
                        at->name);
    dst[0] = (fyi_spec){ .dtype = FY_I32, .shape = FY_SHAPE(src->d[0]) };
    return FY_OK;
}

const fyi_op fyi_op_argmax = {
    .name = "argmax", .n_src = 1, .n_dst = 1, .infer = infer, .onnx = "ArgMax"
};

fy_node fy_argmax(fy_graph *g, fy_node x)
{
    return fyi_op1(g, &fyi_op_argmax, NULL, x);
}
