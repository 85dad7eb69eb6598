/* mmpareto.c: Pareto weights of the two losses of an encoder (Wei and Hu 2024, "MMPareto: Boosting Multimodal Learning with Innocent
 * Unimodal Assistance", section 3.4). With a the gradient of L at encoder m's parameters and b that of alpha L_m:
 *
 *   <a, b> >= 0:  h = a + b
 *   <a, b> < 0:   h = 2 c a + 2 (1 - c) b, c = (|b|^2 - <a, b>) / |a - b|^2, which is the shortest of all mixtures
 *   moved by      gamma h max(1, |a + b| / |h|)
 * The fusion learns from L + alpha sum_m L_m. Lengths are those of whole encoders, as in the paper; its program takes them tensor by
 * tensor. */
#include "methods/fuse/fuse.h"

#include "methods/losses.h"

#include <math.h>
#include <stdlib.h>

#define TINY 1e-20f

/* ---- gradients of two losses -------------------------------------------------------------------------------- */

typedef struct pair {
    fy_node aa, bb, ab; /* |a|^2, |b|^2, <a, b> */
} pair;

static fy_node product(fy_graph *g, fy_node x, fy_node y)
{
    return fy_sum_all(g, fy_mul(g, x, y));
}

static void add_products(fy_graph *g, const fy_node *a, const fy_node *b, int n, pair *out)
{
    *out = (pair){ FY_NO_NODE, FY_NO_NODE, FY_NO_NODE };
    for (int i = 0; i < n; i++) {
        if (!a[i].id || !b[i].id)
            continue;
        out->aa = loss_sum(g, out->aa, product(g, a[i], a[i]));
        out->bb = loss_sum(g, out->bb, product(g, b[i], b[i]));
        out->ab = loss_sum(g, out->ab, product(g, a[i], b[i]));
    }
}

/* With respect to what encoder m learns. */
static void compare(together *t, fy_node all, fy_node own, int m, pair *out)
{
    const fy_model *encoder = t->net->encoders[m];
    const int count = fy_model_count(encoder);
    fy_node *nodes = calloc(3 * (size_t)count + 1, sizeof *nodes), *a = nodes + count,
            *b = a + count;
    int n = 0;
    if (!nodes) {
        fy_graph_fail(t->g, fy_error(FY_ENOMEM, "fuse: no memory for %d gradients", count));
        return;
    }
    for (int i = 0; i < count; i++)
        if (!fy_model_param_is_buffer(encoder, i))
            nodes[n++] = fy_use(t->g, fy_model_param(encoder, i));
    fy_gradient(t->g, all, nodes, n, a);
    fy_gradient(t->g, own, nodes, n, b);
    add_products(t->g, a, b, n, out);
    free(nodes);
}

/* ---- weights ------------------------------------------------------------------------------------------------ */

typedef struct weights {
    fy_node all, own; /* of the gradients a and b */
} weights;

/* |x a + y b| */
static fy_node length(fy_graph *g, const pair *p, fy_node x, fy_node y)
{
    const fy_node xx = fy_mul(g, fy_square(g, x), p->aa), yy = fy_mul(g, fy_square(g, y), p->bb);
    const fy_node xy = fy_scale(g, fy_mul(g, fy_mul(g, x, y), p->ab), 2);
    return fy_sqrt(g, fy_clip(g, fy_add(g, fy_add(g, xx, yy), xy), TINY, INFINITY));
}

static weights weigh(together *t, const pair *p)
{
    fy_graph *g = t->g;
    const fy_node one = fy_fill(g, FY_SCALAR, 1);
    const fy_node conflict = fy_clip(g, fy_scale(g, p->ab, -1e30f), 0, 1);
    const fy_node square = fy_sub(g, fy_add(g, p->aa, p->bb), fy_scale(g, p->ab, 2));
    const fy_node c = fy_div(g, fy_sub(g, p->bb, p->ab), fy_clip(g, square, TINY, INFINITY));
    const fy_node by = fy_mul(g, conflict, fy_affine(g, c, 2, -1)); /* 2 c = 1 + by */
    const fy_node all = fy_affine(g, by, 1, 1), own = fy_affine(g, by, -1, 1);
    const fy_node longer = fy_div(g, length(g, p, one, one), length(g, p, all, own));
    const fy_node s = fy_scale(g, fy_clip(g, longer, 1, INFINITY), (float)t->f->o->mmpareto_gamma);
    return (weights){ fy_mul(g, all, s), fy_mul(g, own, s) };
}

/* ---- the loss ----------------------------------------------------------------------------------------------- */

static void weigh_all(together *t, weights *w)
{
    fy_node each[FUSE_MAX] = { { 0 } };
    (void)fuse_branch_losses(t, false, each);
    const fy_node all = fuse_cross_entropy(t, fuse_logits(t, t->z, FY_ALL_PARTS, false), -1);
    for (int m = 0; m < t->f->n; m++) {
        const fy_node own = fy_scale(t->g, fuse_cross_entropy(t, each[m], m), (float)t->f->o->alpha);
        pair p = { { 0 }, { 0 }, { 0 } };
        compare(t, all, own, m, &p);
        if (fy_graph_status(t->g) != FY_OK)
            return;
        w[m] = weigh(t, &p);
        (void)fuse_watch(t, "weight.all", m, w[m].all);
        (void)fuse_watch(t, "weight.own", m, w[m].own);
    }
}

static void build(together *t)
{
    weights w[FUSE_MAX] = { { { 0 }, { 0 } } };
    fy_node z[FUSE_MAX], sum = FY_NO_NODE;
    weigh_all(t, w);
    if (fy_graph_status(t->g) != FY_OK)
        return;
    for (int m = 0; m < t->f->n; m++)
        z[m] = fuse_scale_gradient(t, t->z[m], w[m].own);
    for (int m = 0; m < t->f->n; m++)
        sum = loss_sum(t->g, sum, fuse_cross_entropy(t, fuse_logits(t, z, 1u << m, false), m));
    for (int m = 0; m < t->f->n; m++)
        z[m] = fuse_scale_gradient(t, t->z[m], w[m].all);
    t->loss = fy_add(t->g, fuse_loss(t, z, NULL), fy_scale(t->g, sum, (float)t->f->o->alpha));
}

const fuse_method fuse_mmpareto = { .name = "mmpareto",
                                    .text = "all parts' loss and each one's own, weighed so that "
                                            "neither suffers",
                                    .build = build };
