/* fuse.c: neighbours that always run together become one node, where the device has a fast kernel for the
 * pair. Each pattern looks at one live node and rewrites it or declines; the table runs in order, each
 * pattern until it finds nothing more.
 *
 * Fusing after the gradient pass is safe because backward operators read what a fused node still produces:
 * ReLU's gradient reads its destination, max pooling's the winners' positions. */
#include "graph/kernel.h"
#include "graph/ops/attr.h"
#include "graph/passes/rewrite.h"

#include <math.h>

typedef struct fuse {
    fyi_program *p;
    fy_graph *g;
    fy_device *dev;
    fy_dtype precision;
    fyi_uses u;
} fuse;

typedef bool (*pattern)(fuse *f, int32_t k);

static bool used_once(const fuse *f, fyi_id v)
{
    return f->u.uses[v] == 1;
}

static bool is_plain_relu(const fyi_node *n)
{
    return n->op == &fyi_op_relu && ((const fyi_relu_attr *)n->attr)->slope == 0.0f;
}

/* What a ReLU or a clip leaves standing; false for other nodes, and for clips that move zero. */
static bool bounds_of(const fyi_node *n, float *lo, float *hi)
{
    if (n->op == &fyi_op_clip || n->op == &fyi_op_clip_bwd) {
        *lo = ((const fyi_clip_attr *)n->attr)->lo;
        *hi = ((const fyi_clip_attr *)n->attr)->hi;
        return *lo <= 0.0f && *hi >= 0.0f;
    }
    *lo = 0.0f;
    *hi = INFINITY;
    return (n->op == &fyi_op_relu || n->op == &fyi_op_relu_bwd) &&
           ((const fyi_relu_attr *)n->attr)->slope == 0.0f;
}

/* The same of the forward operators alone. */
static bool act_bounds_of(const fyi_node *n, float *lo, float *hi)
{
    return (n->op == &fyi_op_relu || n->op == &fyi_op_clip) && bounds_of(n, lo, hi);
}

/* Adds the fused node if the device is fast at it; its first destination, or 0. A node that was added in
 * vain stays unreached. */
static fyi_id add_fused(fuse *f, const fyi_op *op, const void *attr, int n_src, const fyi_id *src)
{
    fy_node nodes[8] = { { 0 } };
    FYI_ASSERT(n_src <= 8);
    for (int i = 0; i < n_src; i++)
        nodes[i] = fyi_n(src[i]);
    const fy_node made = fyi_apply(f->g, op, attr, n_src, nodes);
    if (!made.id)
        return 0;
    fy_graph_fail(f->g, fyi_uses_extend(f->g, &f->u));
    const bool fast = fy_graph_status(f->g) == FY_OK &&
                      fyi_kernel_is_fast(f->dev, f->precision, f->g, fyi_def(f->g, made.id));
    return fast ? made.id : 0;
}

static bool rewrite(fuse *f, fyi_id from, const fyi_op *op, const void *attr, int n_src,
                    const fyi_id *src)
{
    const fyi_id made = add_fused(f, op, attr, n_src, src);
    if (made)
        fyi_replace(f->p, &f->u, from, made);
    return made != 0;
}

/* bias(conv2d) -> conv2d with bias */
static bool conv_bias(fuse *f, int32_t k)
{
    const fyi_node bias = f->g->nodes[k];
    if (bias.op != &fyi_op_bias || !used_once(f, bias.src[0]))
        return false;
    const fyi_node *conv = fyi_def_if(f->g, bias.src[0], &fyi_op_conv2d);
    if (!conv || conv->n_src != 2)
        return false;
    fyi_conv_attr a = *(const fyi_conv_attr *)conv->attr;
    a.has_bias = true;
    return !a.has_act && rewrite(f, bias.dst, &fyi_op_conv2d, &a, 3,
                                 (fyi_id[]){ conv->src[0], conv->src[1], bias.src[1] });
}

static bool linear_bias(fuse *f, int32_t k)
{
    const fyi_node bias = f->g->nodes[k];
    if (bias.op != &fyi_op_bias || !used_once(f, bias.src[0]))
        return false;
    const fyi_node *lin = fyi_def_if(f->g, bias.src[0], &fyi_op_linear);
    if (!lin || lin->n_src != 2)
        return false;
    const fyi_linear_attr a = { .has_bias = true };
    return rewrite(f, bias.dst, &fyi_op_linear, &a, 3,
                   (fyi_id[]){ lin->src[0], lin->src[1], bias.src[1] });
}

/* add(conv2d with bias, other) -> conv2d that accumulates on other: the residual connection. */
static bool conv_other(fuse *f, int32_t k)
{
    const fyi_node add = f->g->nodes[k];
    for (int i = 0; add.op == &fyi_op_add && i < 2; i++) {
        const fyi_node *conv = fyi_def_if(f->g, add.src[i], &fyi_op_conv2d);
        if (!conv || conv->n_src != 3 || add.src[0] == add.src[1] || !used_once(f, add.src[i]))
            continue;
        fyi_conv_attr a = *(const fyi_conv_attr *)conv->attr;
        a.has_other = true;
        return a.has_bias && !a.has_act &&
               rewrite(f, add.dst, &fyi_op_conv2d, &a, 4,
                       (fyi_id[]){ conv->src[0], conv->src[1], conv->src[2], add.src[1 - i] });
    }
    return false;
}

static bool conv_act(fuse *f, int32_t k)
{
    const fyi_node act = f->g->nodes[k];
    float lo, hi;
    if (!act_bounds_of(&act, &lo, &hi) || !used_once(f, act.src[0]))
        return false;
    const fyi_node *conv = fyi_def_if(f->g, act.src[0], &fyi_op_conv2d);
    if (!conv)
        return false;
    fyi_conv_attr a = *(const fyi_conv_attr *)conv->attr;
    if (a.has_act)
        return false;
    a.has_act = true;
    a.lo = lo;
    a.hi = hi;
    return rewrite(f, act.dst, &fyi_op_conv2d, &a, conv->n_src, conv->src);
}

static bool linear_relu(fuse *f, int32_t k)
{
    const fyi_node relu = f->g->nodes[k];
    if (!is_plain_relu(&relu) || !used_once(f, relu.src[0]))
        return false;
    const fyi_node *lin = fyi_def_if(f->g, relu.src[0], &fyi_op_linear);
    if (!lin || ((const fyi_linear_attr *)lin->attr)->relu)
        return false;
    fyi_linear_attr a = *(const fyi_linear_attr *)lin->attr;
    a.relu = true;
    return rewrite(f, relu.dst, &fyi_op_linear, &a, lin->n_src, lin->src);
}

/* relu(max_pool2d(conv2d with bias)) -> conv_pool; the winners' positions move along. */
static bool conv_pool(fuse *f, int32_t k)
{
    const fyi_node relu = f->g->nodes[k];
    if (!is_plain_relu(&relu) || !used_once(f, relu.src[0]))
        return false;
    const fyi_node *pool = fyi_def_if(f->g, relu.src[0], &fyi_op_max_pool2d);
    if (!pool || !used_once(f, pool->src[0]))
        return false;
    const fyi_node *conv = fyi_def_if(f->g, pool->src[0], &fyi_op_conv2d);
    if (!conv || conv->n_src != 3 || ((const fyi_conv_attr *)conv->attr)->has_act)
        return false;
    const fyi_id index = pool->dst + 1;
    fyi_conv_pool_attr a = { .conv = ((const fyi_conv_attr *)conv->attr)->o,
                             .pool = ((const fyi_pool_attr *)pool->attr)->o,
                             .relu = true };
    a.src = f->g->values[conv->src[0]].spec.shape;
    a.weights = f->g->values[conv->src[1]].spec.shape;
    const fyi_id made = add_fused(f, &fyi_op_conv_pool, &a, 3, conv->src);
    if (!made)
        return false;
    fyi_replace(f->p, &f->u, relu.dst, made);
    fyi_replace(f->p, &f->u, index, made + 1);
    return true;
}

/* max_pool2d_bwd(relu_bwd(diff, dst), index) -> pool_relu_bwd(diff, dst, index) */
static bool pool_relu_bwd(fuse *f, int32_t k)
{
    const fyi_node pool = f->g->nodes[k];
    if (pool.op != &fyi_op_max_pool2d_bwd || !used_once(f, pool.src[0]))
        return false;
    const fyi_node *relu = fyi_def_if(f->g, pool.src[0], &fyi_op_relu_bwd);
    if (!relu || ((const fyi_relu_attr *)relu->attr)->slope != 0.0f)
        return false;
    return rewrite(f, pool.dst, &fyi_op_pool_relu_bwd, pool.attr, 3,
                   (fyi_id[]){ relu->src[0], relu->src[1], pool.src[1] });
}

/* batch_norm's moments move along with its result. */
static bool rewrite_norm(fuse *f, fyi_id from, const fyi_node *norm, fyi_norm_act_attr *a,
                         fyi_id other)
{
    const fyi_node bn = *norm;
    a->eps = ((const fyi_batch_norm_attr *)bn.attr)->eps;
    a->has_other = other != 0;
    const fyi_id made = add_fused(f, &fyi_op_norm_act, a, 3 + a->has_other,
                                  (fyi_id[]){ bn.src[0], bn.src[1], bn.src[2], other });
    if (!made)
        return false;
    fyi_replace(f->p, &f->u, from, made);
    fyi_replace(f->p, &f->u, bn.dst + 1, made + 1);
    fyi_replace(f->p, &f->u, bn.dst + 2, made + 2);
    return true;
}

/* Tries to make batch_norm + other, one of the two sources of `add`, into norm_act. */
static bool fuse_sum(fuse *f, fyi_id from, const fyi_node *add, fyi_norm_act_attr *a)
{
    for (int i = 0; i < 2; i++) {
        const fyi_node *bn = fyi_def_if(f->g, add->src[i], &fyi_op_batch_norm);
        if (bn && add->src[0] != add->src[1] && bn->dst == add->src[i] &&
            used_once(f, add->src[i]) && rewrite_norm(f, from, bn, a, add->src[1 - i]))
            return true;
    }
    return false;
}

/* relu(batch_norm(src) + other) -> norm_act, also without other, also for ReLU6 */
static bool norm_act(fuse *f, int32_t k)
{
    const fyi_node act = f->g->nodes[k];
    fyi_norm_act_attr a = { 0 };
    if (!act_bounds_of(&act, &a.lo, &a.hi) || !used_once(f, act.src[0]))
        return false;
    const fyi_node *bn = fyi_def_if(f->g, act.src[0], &fyi_op_batch_norm);
    if (bn)
        return bn->dst == act.src[0] && rewrite_norm(f, act.dst, bn, &a, 0);
    const fyi_node *sum = fyi_def_if(f->g, act.src[0], &fyi_op_add);
    return sum && fuse_sum(f, act.dst, sum, &a);
}

/* batch_norm(src) + other -> norm_act without bounds: the residual connection of a linear bottleneck. */
static bool norm_sum(fuse *f, int32_t k)
{
    const fyi_node sum = f->g->nodes[k];
    fyi_norm_act_attr a = { .lo = -INFINITY, .hi = INFINITY };
    return sum.op == &fyi_op_add && fuse_sum(f, sum.dst, &sum, &a);
}

/* batch_norm_bwd(relu_bwd(diff, dst), ...) -> norm_act_bwd, which also hands out relu_bwd's result where somebody
 * else reads it: the residual connection's other branch. */
static bool norm_act_bwd(fuse *f, int32_t k)
{
    const fyi_node bn = f->g->nodes[k];
    fyi_norm_act_attr a = { 0 };
    if (bn.op != &fyi_op_batch_norm_bwd || !((const fyi_batch_norm_attr *)bn.attr)->training)
        return false;
    const fyi_id passed = bn.src[0];
    const fyi_node act = *fyi_def(f->g, passed);
    if (!(act.op == &fyi_op_relu_bwd || act.op == &fyi_op_clip_bwd) ||
        !bounds_of(&act, &a.lo, &a.hi))
        return false;
    a.eps = ((const fyi_batch_norm_attr *)bn.attr)->eps;
    a.has_other = !used_once(f, passed);
    const fyi_id made =
        add_fused(f, &fyi_op_norm_act_bwd, &a, 6,
                  (fyi_id[]){ act.src[0], act.src[1], bn.src[1], bn.src[2], bn.src[3], bn.src[4] });
    if (!made)
        return false;
    for (int i = 0; i < 3; i++)
        fyi_replace(f->p, &f->u, bn.dst + i, made + i);
    if (a.has_other)
        fyi_replace(f->p, &f->u, passed, made + 3);
    return true;
}

static fyi_norm_pool_attr norm_pool_attr(const fyi_norm_act_attr *norm, const fyi_node *pool)
{
    return (fyi_norm_pool_attr){ .eps = norm->eps,
                                 .lo = norm->lo,
                                 .hi = norm->hi,
                                 .pool = ((const fyi_pool_attr *)pool->attr)->o };
}

/* norm_act_bwd(max_pool2d_bwd(diff, index), dst, ...) -> norm_pool_bwd, which asks the winners' values of what was
 * pooled from dst. */
static bool norm_pool_bwd(fuse *f, int32_t k)
{
    const fyi_node norm = f->g->nodes[k];
    if (norm.op != &fyi_op_norm_act_bwd || ((const fyi_norm_act_attr *)norm.attr)->has_other ||
        !used_once(f, norm.src[0]))
        return false;
    const fyi_node *back = fyi_def_if(f->g, norm.src[0], &fyi_op_max_pool2d_bwd);
    const fyi_node *pool = back ? fyi_def_if(f->g, back->src[1], &fyi_op_max_pool2d) : NULL;
    if (!pool || pool->src[0] != norm.src[1])
        return false;
    const fyi_norm_pool_attr a = norm_pool_attr(norm.attr, pool);
    const fyi_id made = add_fused(f, &fyi_op_norm_pool_bwd, &a, 7,
                                  (fyi_id[]){ back->src[0], pool->dst, back->src[1], norm.src[2],
                                              norm.src[3], norm.src[4], norm.src[5] });
    for (int i = 0; made && i < 3; i++)
        fyi_replace(f->p, &f->u, norm.dst + i, made + i);
    return made != 0;
}

/* max_pool2d(norm_act(src)) -> norm_pool; the moments and the winners' positions move along. */
static bool norm_pool(fuse *f, int32_t k)
{
    const fyi_node pool = f->g->nodes[k];
    if (pool.op != &fyi_op_max_pool2d || !used_once(f, pool.src[0]))
        return false;
    const fyi_node *found = fyi_def_if(f->g, pool.src[0], &fyi_op_norm_act);
    if (!found || ((const fyi_norm_act_attr *)found->attr)->has_other)
        return false;
    const fyi_node norm = *found;
    const fyi_norm_pool_attr a = norm_pool_attr(norm.attr, &pool);
    const fyi_id made = add_fused(f, &fyi_op_norm_pool, &a, 3, norm.src);
    for (int i = 0; made && i < 2; i++) {
        fyi_replace(f->p, &f->u, pool.dst + i, made + i);
        fyi_replace(f->p, &f->u, norm.dst + 1 + i, made + 2 + i);
    }
    return made != 0;
}

/* The live bias gradient of `diff`, 0 if there is none. */
static fyi_id bias_gradient_of(const fuse *f, fyi_id diff)
{
    for (size_t k = 1; k < f->u.n_nodes; k++) {
        const fyi_node *n = &f->g->nodes[k];
        if (f->u.alive[k] && n->op == &fyi_op_bias_bwd && n->src[0] == diff)
            return n->dst;
    }
    return 0;
}

/* Weight and bias gradients of the same diff_dst come out of one pass over it. */
static bool weights_and_bias(fuse *f, const fyi_node *n, const fyi_op *op, const void *with_bias)
{
    const fyi_id bias = bias_gradient_of(f, n->src[0]);
    const fyi_id made = bias ? add_fused(f, op, with_bias, 2, n->src) : 0;
    if (!made)
        return false;
    fyi_replace(f->p, &f->u, n->dst, made);
    fyi_replace(f->p, &f->u, bias, made + 1);
    return true;
}

static bool conv_bias_bwd(fuse *f, int32_t k)
{
    const fyi_node n = f->g->nodes[k];
    if (n.op != &fyi_op_conv2d_bwd_weights || ((const fyi_conv_attr *)n.attr)->has_bias)
        return false;
    fyi_conv_attr a = *(const fyi_conv_attr *)n.attr;
    a.has_bias = true;
    return weights_and_bias(f, &n, &fyi_op_conv2d_bwd_weights, &a);
}

static bool linear_bias_bwd(fuse *f, int32_t k)
{
    const fyi_node n = f->g->nodes[k];
    if (n.op != &fyi_op_linear_bwd_weights || ((const fyi_linear_attr *)n.attr)->has_bias)
        return false;
    const fyi_linear_attr a = { .has_bias = true };
    return weights_and_bias(f, &n, &fyi_op_linear_bwd_weights, &a);
}

/* Attributes of conv_pool's gradients, from the convolution's and the pooling's. */
static fyi_conv_pool_attr conv_pool_attr(const fyi_conv_attr *conv, const fyi_node *pool,
                                         fy_shape weights)
{
    const fyi_pool_attr *p = pool->attr;
    return (fyi_conv_pool_attr){ .conv = conv->o, .pool = p->o, .relu = true, .weights = weights };
}

/* conv2d_bwd_weights(pool_relu_bwd(diff, dst, index), src) -> conv_pool_bwd_weights: each window holds one
 * gradient, which the dense form would spread over zeros. */
static bool conv_pool_bwd_weights(fuse *f, int32_t k)
{
    const fyi_node n = f->g->nodes[k];
    if (n.op != &fyi_op_conv2d_bwd_weights || !((const fyi_conv_attr *)n.attr)->has_bias)
        return false;
    const fyi_node *pool = fyi_def_if(f->g, n.src[0], &fyi_op_pool_relu_bwd);
    if (!pool)
        return false;
    fyi_conv_pool_attr a = conv_pool_attr(n.attr, pool, f->g->values[n.dst].spec.shape);
    a.src = f->g->values[n.src[1]].spec.shape;
    const fyi_id made = add_fused(f, &fyi_op_conv_pool_bwd_weights, &a, 4,
                                  (fyi_id[]){ pool->src[0], pool->src[1], pool->src[2], n.src[1] });
    if (!made)
        return false;
    fyi_replace(f->p, &f->u, n.dst, made);
    fyi_replace(f->p, &f->u, n.dst + 1, made + 1);
    return true;
}

static bool conv_pool_bwd_data(fuse *f, int32_t k)
{
    const fyi_node n = f->g->nodes[k];
    if (n.op != &fyi_op_conv2d_bwd_data)
        return false;
    const fyi_node *pool = fyi_def_if(f->g, n.src[0], &fyi_op_pool_relu_bwd);
    if (!pool)
        return false;
    fyi_conv_pool_attr a = conv_pool_attr(n.attr, pool, f->g->values[n.src[1]].spec.shape);
    a.src = f->g->values[n.dst].spec.shape;
    return rewrite(f, n.dst, &fyi_op_conv_pool_bwd_data, &a, 4,
                   (fyi_id[]){ pool->src[0], pool->src[1], pool->src[2], n.src[1] });
}

static const pattern patterns[] = {
    conv_bias,       linear_bias,           conv_pool,          conv_other,
    conv_act,        linear_relu,           pool_relu_bwd,      conv_bias_bwd,
    linear_bias_bwd, conv_pool_bwd_weights, conv_pool_bwd_data, norm_act,
    norm_sum,        norm_act_bwd,          norm_pool_bwd,      norm_pool,
};

/* Tries one pattern on every live node, those it makes among them; *hit says whether something was rewritten. */
static fy_status sweep(fuse *f, pattern try_at, bool *hit)
{
    *hit = false;
    for (size_t k = 1; k < f->u.n_nodes; k++)
        if (f->u.alive[k])
            *hit |= try_at(f, (int32_t)k);
    return fy_graph_status(f->g);
}

static fy_status run_patterns(fuse *f)
{
    for (size_t i = 0; i < FYI_LEN(patterns); i++)
        for (bool hit = true; hit;)
            FYI_FORWARD(sweep(f, patterns[i], &hit));
    return FYI_IS_DEBUG ? fyi_uses_check(f->p, &f->u) : FY_OK;
}

fy_status fyi_pass_fuse(fyi_program *p, fy_device *dev, fy_dtype precision)
{
    fuse f = { .p = p, .g = p->g, .dev = dev, .precision = precision };
    fy_status st = fyi_uses_count(p, &f.u);
    if (st == FY_OK)
        st = run_patterns(&f);
    fyi_uses_release(&f.u);
    return st;
}
