/* one_hot.c: dst = 1 where the column is the row's label, else 0: labels as numbers to count with. A label outside
 * 0..k-1 gives a row of NaN, which the loop reports. Labels have no gradient.
 *
 *   labels i32 [n]   dst [n, k] */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const int64_t k = ((const fyi_one_hot_attr *)at->attr)->k;
    FYI_FORWARD(fyi_want_dtype(at, 0, "labels", FY_I32));
    if (at->src[0].shape.rank != 1 || k < 1)
        return fyi_fail(FY_ESHAPE,
                        "%s: labels must be [n] and classes 1 or more, not rank %d and %lld",
                        at->name, at->src[0].shape.rank, (long long)k);
    dst[0] = (fyi_spec){ .dtype = FY_F32, .shape = FY_SHAPE(at->src[0].shape.d[0], k) };
    return FY_OK;
}

const fyi_op fyi_op_one_hot = { .name = "one_hot",
                                .n_src = 1,
                                .n_dst = 1,
                                .attr_bytes = sizeof(fyi_one_hot_attr),
                                .infer = infer,
                                .onnx = "OneHot" };

fy_node fy_one_hot(fy_graph *g, fy_node labels, int64_t k)
{
    const fyi_one_hot_attr attr = { .k = k };
    return fyi_op1(g, &fyi_op_one_hot, &attr, labels);
}
