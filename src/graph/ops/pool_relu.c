/* pool_relu.c: the gradient of relu(maxpool(src)) in one pass, made by the fusion pass.
 *
 *   diff_dst, dst, index [n, c, oh, ow] -> diff_src [n, c, h, w]
 * diff_dst passes to the window's winner where dst, taken after the ReLU, is positive. */
#include "graph/ops/attr.h"
#include "graph/ops/pool.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_pool_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, c, oh, ow]"));
    FYI_FORWARD(fyi_want_shape(at, 1, "dst", at->src[0].shape));
    FYI_FORWARD(fyi_want_dtype(at, 2, "index", fyi_pool_index_dtype(&a->o)));
    dst[0].shape = a->src;
    return FY_OK;
}

const fyi_op fyi_op_pool_relu_bwd = { .name = "pool_relu_bwd",
                                      .n_src = 3,
                                      .n_dst = 1,
                                      .attr_bytes = sizeof(fyi_pool_attr),
                                      .infer = infer };
