/* bias.c: dst[n, c, ...] = src[n, c, ...] + bias[c]. The gradient of bias is diff_dst summed over
 * all axes but c. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    (void)dst; /* like src */
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 2, FY_MAX_RANK, "[n, c, ...]"));
    return fyi_want_shape(at, 1, "bias", FY_SHAPE(at->src[0].shape.d[1]));
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    if (c->wanted[0])
        diff_src[0] = c->diff_dst[0];
    if (c->wanted[1])
        diff_src[1] = fyi_op1(c->g, &fyi_op_bias_bwd, NULL, c->diff_dst[0]);
}

const fyi_op fyi_op_bias = { .name = "bias",
                             .n_src = 2,
                             .n_dst = 1,
                             .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                             .infer = infer,
                             .grad = grad };

fy_node fy_bias(fy_graph *g, fy_node src, fy_node bias)
{
    return fyi_op2(g, &fyi_op_bias, NULL, src, bias);
}

/* diff_dst [n, c, ...] -> diff_bias [c] */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 2, FY_MAX_RANK, "[n, c, ...]"));
    dst[0].shape = FY_SHAPE(at->src[0].shape.d[1]);
    return FY_OK;
}

const fyi_op fyi_op_bias_bwd = { .name = "bias_bwd", .n_src = 1, .n_dst = 1, .infer = infer_bwd };
