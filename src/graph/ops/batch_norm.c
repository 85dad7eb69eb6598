/* batch_norm.c: dst = scale (src - mean) / sqrt(var + eps) + shift, per channel (Ioffe and Szegedy
 * 2015).
 *
 *   src, dst [n, c, ...]   scale, shift, mean, var [c]
 * batch_norm takes the batch's own mean and biased variance, and hands them out; batch_norm_infer
 * takes the running ones; batch_norm_stats moves the running ones:
 *   running_mean = (1 - momentum) running_mean + momentum mean
 *   running_var = (1 - momentum) running_var + momentum var count / (count - 1)
 * No gradient passes through the mean and variance that batch_norm hands out, nor into running
 * ones. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

fy_batch_norm_opts fy_batch_norm_defaults(void)
{
    return (fy_batch_norm_opts){ .eps = 1e-5f, .momentum = 0.1f, .training = true };
}

/* src, then `n` vectors [c] under the names in `roles`. */
static fy_status check_sources(const fyi_op_site *at, int n, const char *const *roles)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 2, FY_MAX_RANK, "[n, c, ...]"));
    for (int i = 1; i <= n; i++)
        FYI_FORWARD(fyi_want_shape(at, i, roles[i - 1], FY_SHAPE(at->src[0].shape.d[1])));
    return FY_OK;
}

/* ---- training: the batch's own statistics ---------------------------------------------------- */

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fy_shape *src = &at->src[0].shape;
    FYI_FORWARD(check_sources(at, 2, (const char *const[]){ "scale", "shift" }));
    const int64_t c = src->d[1], count = c > 0 ? fy_shape_numel(src) / c : 0;
    if (count < 2)
        return fyi_fail(FY_ESHAPE,
                        "%s: %lld value per channel has no deviation; train on larger "
                        "batches or use evaluation mode",
                        at->name, (long long)count);
    dst[1].shape = dst[2].shape = FY_SHAPE(c);
    return FY_OK;
}

static void add_bwd(const fyi_grad_ctx *c, fy_node mean, fy_node var, bool training,
                    fy_node *diff_src)
{
    fyi_batch_norm_attr a = *(const fyi_batch_norm_attr *)c->attr;
    a.training = training;
    if (!c->diff_dst[0].id)
        return;
    const fy_node src[] = { c->diff_dst[0], c->src[0], mean, var, c->src[1] };
    const fy_node first = fyi_apply(c->g, &fyi_op_batch_norm_bwd, &a, 5, src);
    for (int i = 0; i < 3; i++)
        if (c->wanted[i])
            diff_src[i] = fyi_output(c->g, first, i);
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    add_bwd(c, c->dst[1], c->dst[2], true, diff_src);
}

const fyi_op fyi_op_batch_norm = { .name = "batch_norm",
                                   .n_src = 3,
                                   .n_dst = 3,
                                   .attr_bytes = sizeof(fyi_batch_norm_attr),
                                   .infer = infer,
                                   .grad = grad,
                                   .onnx = "BatchNormalization" };

/* ---- evaluation: the running statistics ------------------------------------------------------ */

static fy_status infer_eval(const fyi_op_site *at, fyi_spec *dst)
{
    (void)dst; /* like src */
    return check_sources(at, 4, (const char *const[]){ "scale", "shift", "mean", "var" });
}

static void grad_eval(const fyi_grad_ctx *c, fy_node *diff_src)
{
    add_bwd(c, c->src[3], c->src[4], false, diff_src);
}

const fyi_op fyi_op_batch_norm_infer = { .name = "batch_norm_infer",
                                         .flags = FYI_OP_ROWS,
                                         .n_src = 5,
                                         .n_dst = 1,
                                         .attr_bytes = sizeof(fyi_batch_norm_attr),
                                         .infer = infer_eval,
                                         .grad = grad_eval,
                                         .onnx = "BatchNormalization" };

/* ---- gradient -------------------------------------------------------------------------------- */

/* diff_dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift. With xhat = (src - mean) /
 * sqrt(var + eps): diff_scale = sum diff_dst xhat, diff_shift = sum diff_dst, and
 *   diff_src = scale / sqrt(var + eps) (diff_dst - diff_shift / count - xhat diff_scale / count),
 * whose last two terms are missing where mean and var are constants. */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 2, FY_MAX_RANK, "[n, c, ...]"));
    FYI_FORWARD(fyi_want_shape(at, 1, "src", at->src[0].shape));
    dst[1].shape = dst[2].shape = FY_SHAPE(at->src[0].shape.d[1]);
    return FY_OK;
}

const fyi_op fyi_op_batch_norm_bwd = { .name = "batch_norm_bwd",
                                       .n_src = 5,
                                       .n_dst = 3,
                                       .attr_bytes = sizeof(fyi_batch_norm_attr),
                                       .infer = infer_bwd };

/* ---- the running statistics follow ----------------------------------------------------------- */

static fy_status infer_stats(const fyi_op_site *at, fyi_spec *dst)
{
    static const char *const roles[] = { "running_mean", "running_var", "mean", "var" };
    FYI_FORWARD(fyi_want_axes(at, 0, roles[0], 1, 1, "[c]"));
    for (int i = 1; i < 4; i++)
        FYI_FORWARD(fyi_want_shape(at, i, roles[i], at->src[0].shape));
    dst[1] = at->src[1];
    return FY_OK;
}

const fyi_op fyi_op_batch_norm_stats = { .name = "batch_norm_stats",
                                         .n_src = 4,
                                         .n_dst = 2,
                                         .attr_bytes = sizeof(fyi_batch_norm_attr),
                                         .flags = FYI_OP_UPDATE,
                                         .infer = infer_stats };

/* ---- builder --------------------------------------------------------------------------------- */

/* A running statistic is a parameter, since an objective has to be able to name it. */
static fy_status check_running(const fy_graph *g, fy_node x, const char *role, const fy_shape *src)
{
    char found[FYI_SPEC_CHARS], wanted[FYI_SPEC_CHARS];
    const fy_shape s = fy_node_shape(g, x), each = FY_SHAPE(src->d[1]);
    if (x.id <= 0 || fyi_def(g, x.id)->op != &fyi_op_use)
        return fyi_fail(FY_EINVAL, "batch_norm: %s must be a parameter's value (fy_use)", role);
    if (src->rank >= 2 && !fy_shape_equal(&s, &each))
        return fyi_fail(FY_ESHAPE, "batch_norm: %s must be %s, not %s", role,
                        fyi_spec_text(FY_F32, &each, wanted), fyi_spec_text(FY_F32, &s, found));
    return FY_OK;
}

static fy_node train_mode(fy_graph *g, const fyi_batch_norm_attr *a, const fy_node *src)
{
    const fy_shape s = fy_node_shape(g, src[0]);
    fy_status st = check_running(g, src[3], "running_mean", &s);
    if (st == FY_OK)
        st = check_running(g, src[4], "running_var", &s);
    return st == FY_OK ? fyi_apply(g, &fyi_op_batch_norm, a, 3, src) : fyi_graph_mistake(g, st);
}

fy_node fy_batch_norm(fy_graph *g, fy_node src, fy_node scale, fy_node shift, fy_node running_mean,
                      fy_node running_var, const fy_batch_norm_opts *o)
{
    const fy_batch_norm_opts opts = o ? *o : fy_batch_norm_defaults();
    const fy_shape s = fy_node_shape(g, src);
    const fy_node sources[] = { src, scale, shift, running_mean, running_var };
    fyi_batch_norm_attr a = { .eps = opts.eps, .momentum = opts.momentum };
    a.training = opts.training;
    if (g->status != FY_OK)
        return FY_NO_NODE;
    if (s.rank >= 2 && s.d[1] > 0)
        a.count = fy_shape_numel(&s) / s.d[1];
    if (!opts.training)
        return fyi_apply(g, &fyi_op_batch_norm_infer, &a, 5, sources);
    a.running_mean = running_mean.id;
    a.running_var = running_var.id;
    return train_mode(g, &a, sources);
}
