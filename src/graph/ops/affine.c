/* affine.c: dst = scale * src + shift, two numbers fixed in the graph; src and dst of any one
 * shape. */
#include "graph/ops/attr.h"
#include "graph/ops/each.h"

static void grad(const fyi_grad_ctx *c, fy_node *diff_src)
{
    diff_src[0] = fy_scale(c->g, c->diff_dst[0], ((const fyi_affine_attr *)c->attr)->scale);
}

const fyi_op fyi_op_affine = { .name = "affine",
                               .n_src = 1,
                               .n_dst = 1,
                               .attr_bytes = sizeof(fyi_affine_attr),
                               .flags = FYI_OP_INPLACE | FYI_OP_ROWS,
                               .infer = fyi_infer_each,
                               .grad = grad };

fy_node fy_affine(fy_graph *g, fy_node x, float scale, float shift)
{
    const fyi_affine_attr attr = { .scale = scale, .shift = shift };
    return fyi_op1(g, &fyi_op_affine, &attr, x);
}

fy_node fy_scale(fy_graph *g, fy_node x, float scale)
{
    return fy_affine(g, x, scale, 0.0f);
}
