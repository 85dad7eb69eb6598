/* kl.c: dst = sum_k p (ln p - log_q), the divergence of a distribution q from p, one number per
 * sample, in nats. A term with p = 0 is 0, whatever log_q is.
 *
 *   p, log_q [n, k]   dst [n]
 *   diff_p = diff_dst * (ln p - log_q + 1), 0 where p is 0     diff_log_q = -diff_dst * p
 * Distillation takes log_q from the student and p from the teacher (Hinton et al. 2015). */
#include "graph/ops/each.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "p", 2, 2, "[n, k]"));
    FYI_FORWARD(fyi_want_shape(at, 1, "log_q", at->src[0].shape));
    dst[0].shape = FY_SHAPE(at->src[0].shape.d[0]);
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fy_node diff = c->diff_dst[0];
    if (c->wanted[0])
        diff_src[0] = fyi_op3(c->g, &fyi_op_kl_bwd, NULL, diff, c->src[0], c->src[1]);
    if (c->wanted[1]) {
        const fy_shape rows = FY_SHAPE(fy_node_shape(c->g, diff).d[0], 1);
        const fy_node column = fy_scale(c->g, fy_reshape(c->g, diff, rows), -1.0f);
        diff_src[1] = fy_mul(c->g, column, c->src[0]);
    }
}

const fyi_op fyi_op_kl = { .name = "kl", .n_src = 2, .n_dst = 1, .infer = infer, .grad = grad };

/* diff_dst [n], p [n, k], log_q [n, k] -> diff_p [n, k] */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 1, "p", 2, 2, "[n, k]"));
    FYI_FORWARD(fyi_want_shape(at, 0, "diff_dst", FY_SHAPE(at->src[1].shape.d[0])));
    FYI_FORWARD(fyi_want_shape(at, 2, "log_q", at->src[1].shape));
    dst[0] = at->src[1];
    return FY_OK;
}

const fyi_op fyi_op_kl_bwd = { .name = "kl_bwd", .n_src = 3, .n_dst = 1, .infer = infer_bwd };

fy_node fy_kl(fy_graph *g, fy_node p, fy_node log_q)
{
    return fyi_op2(g, &fyi_op_kl, NULL, p, log_q);
}
