/* matmul.c: dst = op(a) op(b), where op transposes the last two axes or does nothing.
 *
 *   op(a) [m, k]   op(b) [k, n]   dst [m, n]; or all three with an equal leading batch axis. */
#include "graph/ops/attr.h"
#include "graph/ops/rule.h"

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_matmul_attr *t = at->attr;
    const fy_shape *a = &at->src[0].shape, *b = &at->src[1].shape;
    char a_text[FYI_SPEC_CHARS], b_text[FYI_SPEC_CHARS];
    FYI_FORWARD(fyi_want_axes(at, 0, "a", 2, 3, "[m, k] or [batch, m, k]"));
    FYI_FORWARD(fyi_want_axes(at, 1, "b", 2, 3, "[k, n] or [batch, k, n]"));
    fyi_spec_text(at->src[0].dtype, a, a_text);
    fyi_spec_text(at->src[1].dtype, b, b_text);
    if (a->rank != b->rank || (a->rank == 3 && a->d[0] != b->d[0]))
        return fyi_fail(FY_ESHAPE,
                        "%s: a and b need the same batch axis or none, they are %s and %s",
                        at->name, a_text, b_text);
    const int row = a->rank - 2, col = a->rank - 1;
    const int64_t m = a->d[t->trans_a ? col : row], k = a->d[t->trans_a ? row : col];
    const int64_t n = b->d[t->trans_b ? row : col], k_of_b = b->d[t->trans_b ? col : row];
    if (k != k_of_b)
        return fyi_fail(FY_ESHAPE,
                        "%s: the inner sizes %lld and %lld differ, a is %s%s and b is %s%s",
                        at->name, (long long)k, (long long)k_of_b, a_text,
                        t->trans_a ? " transposed" : "", b_text, t->trans_b ? " transposed" : "");
    dst[0].shape = *a;
    dst[0].shape.d[row] = m;
    dst[0].shape.d[col] = n;
    return FY_OK;
}

/* With c = op(a) op(b): diff op(a) = diff_c op(b)^T and diff op(b) = op(a)^T diff_c; where a factor
 * was transposed, the transpose of that. */
static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    const fyi_matmul_attr *t = c->attr;
    const fy_node a = c->src[0], b = c->src[1], d = c->diff_dst[0];
    if (c->wanted[0])
        diff_src[0] = t->trans_a ? fy_matmul(c->g, b, t->trans_b, d, true)
                                 : fy_matmul(c->g, d, false, b, !t->trans_b);
    if (c->wanted[1])
        diff_src[1] = t->trans_b ? fy_matmul(c->g, d, true, a, t->trans_a)
                                 : fy_matmul(c->g, a, !t->trans_a, d, false);
}

const fyi_op fyi_op_matmul = { .name = "matmul",
                               .n_src = 2,
                               .n_dst = 1,
                               .attr_bytes = sizeof(fyi_matmul_attr),
                               .infer = infer,
                               .grad = grad,
                               .onnx = "MatMul" };

fy_node fy_matmul(fy_graph *g, fy_node a, bool trans_a, fy_node b, bool trans_b)
{
    const fyi_matmul_attr attr = { .trans_a = trans_a, .trans_b = trans_b };
    return fyi_op2(g, &fyi_op_matmul, &attr, a, b);
}
