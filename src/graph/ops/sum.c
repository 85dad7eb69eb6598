/* sum.c: dst = src summed over some axes, which stay with size 1 (keep) or go. Nothing summed is 0.
 *
 *   src [any]   dst [the other axes]
 * The gradient repeats diff_dst along the summed axes. The mean is a sum and a factor; that of
 * nothing is NaN. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

/* src without the summed axes, or with size 1 there. */
static fy_shape reduced(const fy_shape *src, const bool *on, bool keep)
{
    fy_shape dst = { 0 };
    for (int i = 0; i < src->rank; i++)
        if (!on[i] || keep)
            dst.d[dst.rank++] = on[i] ? 1 : src->d[i];
    return dst;
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_sum_attr *a = at->attr;
    FYI_FORWARD(fyi_want_axes(at, 0, "src", 0, FY_MAX_RANK, "of any shape"));
    dst[0].shape = reduced(&at->src[0].shape, a->on, a->keep);
    return FY_OK;
}

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fyi_sum_attr *a = c->attr;
    const fy_shape src = fy_node_shape(c->g, c->src[0]);
    fy_node diff = c->diff_dst[0];
    if (!a->keep)
        diff = fy_reshape(c->g, diff, reduced(&src, a->on, true));
    diff_src[0] = fy_broadcast(c->g, diff, src);
}

const fyi_op fyi_op_sum = { .name = "sum",
                            .n_src = 1,
                            .n_dst = 1,
                            .attr_bytes = sizeof(fyi_sum_attr),
                            .infer = infer,
                            .grad = grad,
                            .onnx = "ReduceSum" };

/* The listed axes as flags; none listed is all. */
static fy_status read_axes(const char *op, const fy_shape *s, const int *axes, int n,
                           fyi_sum_attr *attr)
{
    char text[FYI_SPEC_CHARS];
    for (int i = 0; i < n; i++) {
        if (axes[i] < 0 || axes[i] >= s->rank)
            return fyi_fail(FY_ESHAPE, "%s: axis %d is not one of the %d axes of %s", op, axes[i],
                            s->rank, fy_shape_text(s, text, sizeof text));
        if (attr->on[axes[i]])
            return fyi_fail(FY_EINVAL, "%s: axis %d is listed twice", op, axes[i]);
        attr->on[axes[i]] = true;
    }
    for (int i = 0; n == 0 && i < s->rank; i++)
        attr->on[i] = true;
    return FY_OK;
}

static fy_node sum_axes(fy_graph *g, const char *op, fy_node x, const int *axes, int n, bool keep)
{
    fyi_sum_attr attr = { .keep = keep };
    if (g->status == FY_OK && x.id) {
        const fy_shape s = fy_node_shape(g, x);
        const fy_status st = read_axes(op, &s, axes, n, &attr);
        if (st != FY_OK)
            return fyi_graph_mistake(g, st);
    }
    return fyi_op1(g, &fyi_op_sum, &attr, x);
}

fy_node fy_sum(fy_graph *g, fy_node x, const int *axes, int n_axes, bool keep)
{
    return sum_axes(g, "sum", x, axes, n_axes, keep);
}

/* How many elements of s become one. Not a quotient of counts: another axis may have size 0. */
static int64_t group_size(const fy_shape *s, const int *axes, int n)
{
    int64_t size = 1;
    for (int i = 0; i < n; i++)
        size *= s->d[axes[i]];
    return n == 0 ? fy_shape_numel(s) : size;
}

fy_node fy_mean(fy_graph *g, fy_node x, const int *axes, int n_axes, bool keep)
{
    const fy_node sum = sum_axes(g, "mean", x, axes, n_axes, keep);
    if (!sum.id)
        return FY_NO_NODE;
    const fy_shape s = fy_node_shape(g, x);
    return fy_scale(g, sum, (float)(1.0 / (double)group_size(&s, axes, n_axes)));
}

fy_node fy_sum_all(fy_graph *g, fy_node x)
{
    return fy_sum(g, x, NULL, 0, false);
}

fy_node fy_mean_all(fy_graph *g, fy_node x)
{
    return fy_mean(g, x, NULL, 0, false);
}
