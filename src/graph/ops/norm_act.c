/* norm_act.c: dst = clip(batch_norm(src) + other, lo, hi) with the batch's own moments, made by the fusion pass from
 * batch norm, a residual sum and ReLU (0 to infinity) or ReLU6.
 *
 *   src, other, dst [n, c, h, w]   scale, shift, mean, var [c]
 * The norm's own result is never stored: where dst lies strictly between lo and hi, the gradient passes. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

/* src, scale, shift [, other] -> dst, mean, var */
static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_norm_act_attr *a = at->attr;
    if (at->n_src != 3 + a->has_other)
        return fyi_fail(FY_EINVAL, "%s: takes %d sources in this form and was given %d", at->name,
                        3 + a->has_other, at->n_src);
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 4, 4, "[n, c, h, w]"));
    FYI_FORWARD(fyi_want_vectors(at, 1, 2, (const char *const[]){ "scale", "shift" },
                                 at->src[0].shape.d[1]));
    if (a->has_other)
        FYI_FORWARD(fyi_want_shape(at, 3, "other", at->src[0].shape));
    dst[1].shape = dst[2].shape = FY_SHAPE(at->src[0].shape.d[1]);
    return FY_OK;
}

const fyi_op fyi_op_norm_act = { .name = "norm_act",
                                 .n_src = -1,
                                 .min_src = 3,
                                 .n_dst = 3,
                                 .attr_bytes = sizeof(fyi_norm_act_attr),
                                 .infer = infer };

/* diff_dst, dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift [, diff_other] */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    static const char *const roles[] = { "mean", "var", "scale" };
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, c, h, w]"));
    FYI_FORWARD(fyi_want_shape(at, 1, "dst", at->src[0].shape));
    FYI_FORWARD(fyi_want_shape(at, 2, "src", at->src[0].shape));
    FYI_FORWARD(fyi_want_vectors(at, 3, 3, roles, at->src[0].shape.d[1]));
    dst[1].shape = dst[2].shape = FY_SHAPE(at->src[0].shape.d[1]);
    if (((const fyi_norm_act_attr *)at->attr)->has_other)
        dst[3] = at->src[0];
    return FY_OK;
}

static int count_bwd(const fyi_op_site *at)
{
    return 3 + ((const fyi_norm_act_attr *)at->attr)->has_other;
}

const fyi_op fyi_op_norm_act_bwd = { .name = "norm_act_bwd",
                                     .n_src = 6,
                                     .n_dst = -1,
                                     .attr_bytes = sizeof(fyi_norm_act_attr),
                                     .infer = infer_bwd,
                                     .count_dst = count_bwd };
