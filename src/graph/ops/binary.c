/* binary.c: dst = a + b, a - b, a * b, a / b, element by element.
 *
 *   a, b, dst   floats of one shape
 * The operators take equal shapes only; the builders follow numpy by putting a broadcast before the
 * smaller source, whose gradient then sums by itself. */
#include "graph/ops/each.h"

/* ---- gradients ------------------------------------------------------------------------------- */

static void grad_add(const fyi_grad_ctx *c, fy_node *diff_src)
{
    for (int i = 0; i < 2; i++)
        if (c->wanted[i])
            diff_src[i] = c->diff_dst[0];
}

static void grad_sub(const fyi_grad_ctx *c, fy_node *diff_src)
{
    if (c->wanted[0])
        diff_src[0] = c->diff_dst[0];
    if (c->wanted[1])
        diff_src[1] = fy_scale(c->g, c->diff_dst[0], -1.0f);
}

static void grad_mul(const fyi_grad_ctx *c, fy_node *diff_src)
{
    for (int i = 0; i < 2; i++)
        if (c->wanted[i])
            diff_src[i] = fy_mul(c->g, c->diff_dst[0], c->src[1 - i]);
}

/* d(a/b)/da = 1/b, d(a/b)/db = -(a/b)/b: both are diff_dst / b times something at hand. */
static void grad_div(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fy_node over_b = fy_div(c->g, c->diff_dst[0], c->src[1]);
    if (c->wanted[0])
        diff_src[0] = over_b;
    if (c->wanted[1])
        diff_src[1] = fy_scale(c->g, fy_mul(c->g, over_b, c->dst[0]), -1.0f);
}

const fyi_op fyi_op_add = { .name = "add",
                            .n_src = 2,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_EACH,
                            .infer = fyi_infer_each,
                            .grad = grad_add,
                            .onnx = "Add" };
const fyi_op fyi_op_sub = { .name = "sub",
                            .n_src = 2,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_EACH,
                            .infer = fyi_infer_each,
                            .grad = grad_sub,
                            .onnx = "Sub" };
const fyi_op fyi_op_mul = { .name = "mul",
                            .n_src = 2,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_EACH,
                            .infer = fyi_infer_each,
                            .grad = grad_mul,
                            .onnx = "Mul" };
const fyi_op fyi_op_div = { .name = "div",
                            .n_src = 2,
                            .n_dst = 1,
                            .flags = FYI_OP_INPLACE | FYI_OP_EACH,
                            .infer = fyi_infer_each,
                            .grad = grad_div,
                            .onnx = "Div" };

/* ---- builders -------------------------------------------------------------------------------- */

static fy_status disagree(const fyi_op *op, const fy_shape *a, const fy_shape *b, int axis)
{
    char ta[FYI_SPEC_CHARS], tb[FYI_SPEC_CHARS];
    return fyi_fail(FY_ESHAPE,
                    "%s: shapes %s and %s do not fit: counted from the last axis, axis %d has size "
                    "%lld against %lld, and only a size of 1 repeats",
                    op->name, fy_shape_text(a, ta, sizeof ta), fy_shape_text(b, tb, sizeof tb),
                    axis, (long long)a->d[a->rank - 1 - axis], (long long)b->d[b->rank - 1 - axis]);
}

static fy_node broadcast_to(fy_graph *g, fy_node x, const fy_shape *s)
{
    const fy_shape was = fy_node_shape(g, x);
    return fy_shape_equal(&was, s) ? x : fy_broadcast(g, x, *s);
}

static fy_node apply(fy_graph *g, const fyi_op *op, fy_node a, fy_node b)
{
    if (g->status == FY_OK && a.id && b.id) {
        const fy_shape sa = fy_node_shape(g, a), sb = fy_node_shape(g, b);
        fy_shape s;
        int axis;
        if (!fyi_broadcast_shape(&sa, &sb, &s, &axis))
            return fyi_graph_mistake(g, disagree(op, &sa, &sb, axis));
        a = broadcast_to(g, a, &s);
        b = broadcast_to(g, b, &s);
    }
    return fyi_op2(g, op, NULL, a, b);
}

fy_node fy_add(fy_graph *g, fy_node a, fy_node b)
{
    return apply(g, &fyi_op_add, a, b);
}

fy_node fy_sub(fy_graph *g, fy_node a, fy_node b)
{
    return apply(g, &fyi_op_sub, a, b);
}

fy_node fy_mul(fy_graph *g, fy_node a, fy_node b)
{
    return apply(g, &fyi_op_mul, a, b);
}

fy_node fy_div(fy_graph *g, fy_node a, fy_node b)
{
    return apply(g, &fyi_op_div, a, b);
}
