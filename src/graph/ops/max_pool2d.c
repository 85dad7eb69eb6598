/* max_pool2d.c: dst = the largest of each window, index = where in the window it was (kh * KW + kw,
 * the first of equals). Padding is never chosen; NaN always is.
 *
 *   src [n, c, h, w]   dst, index [n, c, oh, ow]
 * The gradient sends each diff_dst to the element its index names. */
#include "graph/ops/attr.h"
#include "graph/ops/pool.h"
#include "graph/ops/rule.h"

fy_pool_opts fy_pool_defaults(int64_t kernel)
{
    return (fy_pool_opts){ .kernel = { kernel, kernel },
                           .stride = { kernel, kernel },
                           .pad = { 0, 0 },
                           .ceil_mode = false,
                           .count_include_pad = true };
}

static int64_t windows(int64_t size, int64_t kernel, int64_t stride, int64_t pad, bool ceil_mode)
{
    const int64_t room = size + 2 * pad - kernel;
    const int64_t n = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    return ceil_mode && (n - 1) * stride >= size + pad ? n - 1 : n;
}

fy_status fyi_pool_shape(const fyi_op_site *at, const fy_pool_opts *o, const fy_shape *src,
                         fy_shape *dst)
{
    *dst = *src;
    for (int i = 0; i < 2; i++) {
        const char *side = i == 0 ? "height" : "width";
        const long long k = o->kernel[i], s = o->stride[i], p = o->pad[i], size = src->d[2 + i];
        if (k < 1 || s < 1)
            return fyi_fail(FY_EINVAL,
                            "%s: kernel and stride must be 1 or more, for the %s they "
                            "are %lld and %lld",
                            at->name, side, k, s);
        /* More padding would leave windows that see nothing else. */
        if (p < 0 || p > k / 2)
            return fyi_fail(FY_EINVAL,
                            "%s: padding must be 0 to half the kernel, for the %s it is "
                            "%lld and the kernel %lld",
                            at->name, side, p, k);
        if (size < 1 || size + 2 * p < k)
            return fyi_fail(FY_ESHAPE,
                            "%s: a window of %s %lld does not fit an image of %lld padded "
                            "by %lld",
                            at->name, side, k, size, p);
        dst->d[2 + i] = windows(size, k, s, p, o->ceil_mode);
    }
    return FY_OK;
}

fy_dtype fyi_pool_index_dtype(const fy_pool_opts *o)
{
    return o->kernel[0] * o->kernel[1] <= 255 ? FY_U8 : FY_I32;
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_pool_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 4, 4, "[n, c, h, w]"));
    FYI_FORWARD(fyi_pool_shape(at, &a->o, &at->src[0].shape, &dst[0].shape));
    dst[1] = (fyi_spec){ .dtype = fyi_pool_index_dtype(&a->o), .shape = dst[0].shape };
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    if (c->diff_dst[0].id)
        diff_src[0] = fyi_op2(c->g, &fyi_op_max_pool2d_bwd, c->attr, c->diff_dst[0], c->dst[1]);
}

const fyi_op fyi_op_max_pool2d = { .name = "max_pool2d",
                                   .flags = FYI_OP_ROWS,
                                   .n_src = 1,
                                   .n_dst = 2,
                                   .attr_bytes = sizeof(fyi_pool_attr),
                                   .infer = infer,
                                   .grad = grad,
                                   .onnx = "MaxPool" };

fy_node fy_max_pool2d(fy_graph *g, fy_node x, const fy_pool_opts *o)
{
    const fyi_pool_attr attr = { .o = *o, .src = fy_node_shape(g, x) };
    return fyi_op1(g, &fyi_op_max_pool2d, &attr, x);
}

/* ---- gradient -------------------------------------------------------------------------------- */

/* diff_dst, index [n, c, oh, ow] -> diff_src, shaped like the forward source. */
static fy_status infer_bwd(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_pool_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "diff_dst", 4, 4, "[n, c, oh, ow]"));
    FYI_FORWARD(fyi_want_dtype(at, 1, "index", fyi_pool_index_dtype(&a->o)));
    dst[0].shape = a->src;
    return FY_OK;
}

const fyi_op fyi_op_max_pool2d_bwd = { .name = "max_pool2d_bwd",
                                       .n_src = 2,
                                       .n_dst = 1,
                                       .attr_bytes = sizeof(fyi_pool_attr),
                                       .infer = infer_bwd };
