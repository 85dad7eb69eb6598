/* broadcast.c: dst = src repeated to a larger shape by numpy's rule: aligned at the last axes,
 * missing axes and axes of size 1 repeat.
 *
 *   src [c, 1]   dst [n, c, t], for example
 * The gradient sums diff_dst over every repeated axis. */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_spec *src = &at->src[0];
    const fy_shape *to = &((const fyi_shape_attr *)at->attr)->shape;
    char from_text[FYI_SPEC_CHARS], to_text[FYI_SPEC_CHARS];
    fy_shape common;
    int axis;
    const fy_status st = fy_shape_check(to, src->dtype);
    if (st != FY_OK)
        return fyi_wrap(st, "in %s", at->name);
    if (!fyi_broadcast_shape(&src->shape, to, &common, &axis) || !fy_shape_equal(&common, to))
        return fyi_fail(FY_ESHAPE,
                        "%s: %s cannot be repeated to %s; aligned at the last axes, sizes "
                        "must be equal or 1",
                        at->name, fy_shape_text(&src->shape, from_text, sizeof from_text),
                        fy_shape_text(to, to_text, sizeof to_text));
    dst[0].shape = *to;
    return FY_OK;
}

/* The axes of `to` along which `from` is repeated. */
static int repeated_axes(const fy_shape *from, const fy_shape *to, int *axes)
{
    const int missing = to->rank - from->rank;
    int n = 0;
    for (int i = 0; i < to->rank; i++)
        if (i < missing || from->d[i - missing] != to->d[i])
            axes[n++] = i;
    return n;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fy_shape from = fy_node_shape(c->g, c->src[0]), to = fy_node_shape(c->g, c->dst[0]);
    int axes[FY_MAX_RANK];
    const int n = repeated_axes(&from, &to, axes);
    fy_node diff = c->diff_dst[0];
    if (n > 0) /* no axes would mean all of them */
        diff = fy_sum(c->g, diff, axes, n, true);
    diff_src[0] = from.rank == to.rank ? diff : fy_reshape(c->g, diff, from);
}

const fyi_op fyi_op_broadcast = { .name = "broadcast",
                                  .n_src = 1,
                                  .n_dst = 1,
                                  .attr_bytes = sizeof(fyi_shape_attr),
                                  .infer = infer,
                                  .grad = grad,
                                  .onnx = "Expand" };

fy_node fy_broadcast(fy_graph *g, fy_node x, fy_shape s)
{
    const fyi_shape_attr attr = { .shape = s };
    return fyi_op1(g, &fyi_op_broadcast, &attr, x);
}
