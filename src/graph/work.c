/* work.c: about how long a node takes, from its shapes alone: for choosing, not for reports of speed. */
#include "graph/work.h"
#include "graph/ops/attr.h"

/* Multiply-adds in the time that a byte of memory takes, on a core with wide vectors. */
#define MACS_PER_BYTE 4.0

static double numel(const fy_graph *g, fyi_id v)
{
    return (double)fy_shape_numel(&g->values[v].spec.shape);
}

/* Convolutions and linear layers with their gradients: each row (all but the channels) of one operand, of the result's
 * shape, meets all weights. */
#define DST 8 /* the first destination; below: a source */
static const struct product {
    const fyi_op *op;
    int rows, weights;
} products[] = {
    { &fyi_op_conv2d, DST, 1 },
    { &fyi_op_conv2d_bwd_data, 0, 1 },
    { &fyi_op_conv2d_bwd_weights, 0, DST },
    { &fyi_op_linear, DST, 1 },
    { &fyi_op_linear_bwd_data, 0, 1 },
    { &fyi_op_linear_bwd_weights, 0, DST },
    { &fyi_op_conv_pool, DST, 1 },
    { &fyi_op_conv_pool_bwd_data, 0, 3 },
    { &fyi_op_conv_pool_bwd_weights, 0, DST },
};

static double product_macs(const fy_graph *g, const fyi_node *n, const struct product *p)
{
    const fyi_id rows = p->rows == DST ? n->dst : n->src[p->rows];
    const fyi_id weights = p->weights == DST ? n->dst : n->src[p->weights];
    const int64_t channels = FYI_MAX(g->values[rows].spec.shape.d[1], (int64_t)1);
    const double each = numel(g, rows) / (double)channels * numel(g, weights);
    if (n->op != &fyi_op_conv_pool)
        return each;
    const fy_pool_opts *pool = &((const fyi_conv_pool_attr *)n->attr)->pool; /* rows before it */
    return each * (double)(pool->stride[0] * pool->stride[1]);
}

static double matmul_macs(const fy_graph *g, const fyi_node *n)
{
    const fy_shape *a = &g->values[n->src[0]].spec.shape;
    const bool trans = ((const fyi_matmul_attr *)n->attr)->trans_a;
    return numel(g, n->dst) * (double)a->d[a->rank - (trans ? 2 : 1)];
}

double fyi_node_macs(const fy_graph *g, const fyi_node *n)
{
    for (size_t i = 0; i < FYI_LEN(products); i++)
        if (products[i].op == n->op)
            return product_macs(g, n, &products[i]);
    return n->op == &fyi_op_matmul ? matmul_macs(g, n) : 0;
}

static double bytes_of(const fy_graph *g, fyi_id v)
{
    return numel(g, v) * (double)fy_dtype_bytes(g->values[v].spec.dtype);
}

double fyi_node_work(const fy_graph *g, const fyi_node *n)
{
    double bytes = 0;
    if (n->op->flags & (FYI_OP_SOURCE | FYI_OP_VIEW))
        return 0;
    for (int i = 0; i < n->n_src; i++)
        bytes += bytes_of(g, n->src[i]);
    for (int j = 0; j < n->n_dst; j++)
        bytes += bytes_of(g, n->dst + j);
    return bytes + fyi_node_macs(g, n) / MACS_PER_BYTE;
}
