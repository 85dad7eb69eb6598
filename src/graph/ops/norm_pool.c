/* norm_pool.c: dst = maxpool(clip(batch_norm(src), lo, hi)) with the batch's own moments, made by the fusion pass from
 * norm_act and max_pool2d: how the first layers of most networks for pictures end.
 *
 *   src [n, c, h, w]   scale, shift, mean, var [c]   dst, index [n, c, oh, ow]
 * index is max_pool2d's. What is pooled is never stored: a gradient goes to the winners, whose values dst holds, and
 * passes where they lie strictly between lo and hi. */
#include "graph/ops/attr.h"
#include "graph/ops/pool.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    static const char *const roles[] = { "scale", "shift" };
    const fyi_norm_pool_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 4, 4, "[n, c, h, w]"));
    FYI_FORWARD(fyi_want_vectors(at, 1, 2, roles, at->src[0].shape.d[1]));
    FYI_FORWARD(fyi_pool_shape(at, &a->pool, &at->src[0].shape, &dst[0].shape));
    dst[1] = (fyi_spec){ .dtype = fyi_pool_index_dtype(&a->pool), .shape = dst[0].shape };
    dst[2].shape = dst[3].shape = FY_SHAPE(at->src[0].shape.d[1]);
    return FY_OK;
}

const fyi_op fyi_op_norm_pool = { .name = "norm_pool",
                                  .n_src = 3,
                                  .n_dst = 4,
                                  .attr_bytes = sizeof(fyi_norm_pool_attr),
                                  .infer = infer };

static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    static const char *const roles[] = { "mean", "var", "scale" };
    const fyi_norm_pool_attr *a = at->attr;
    fy_shape pooled;
    FYI_FORWARD(fyi_want_axes(at, 3, "src", 4, 4, "[n, c, h, w]"));
    FYI_FORWARD(fyi_pool_shape(at, &a->pool, &at->src[3].shape, &pooled));
    FYI_FORWARD(fyi_want_shape(at, 0, "diff_dst", pooled));
    FYI_FORWARD(fyi_want_shape(at, 1, "dst", pooled));
    FYI_FORWARD(fyi_want_dtype(at, 2, "index", fyi_pool_index_dtype(&a->pool)));
    FYI_FORWARD(fyi_want_vectors(at, 4, 3, roles, at->src[3].shape.d[1]));
    dst[0] = at->src[3];
    dst[1].shape = dst[2].shape = FY_SHAPE(at->src[3].shape.d[1]);
    return FY_OK;
}

const fyi_op fyi_op_norm_pool_bwd = { .name = "norm_pool_bwd",
                                      .n_src = 7,
                                      .n_dst = 3,
                                      .attr_bytes = sizeof(fyi_norm_pool_attr),
                                      .infer = infer_bwd };
