/* product.c: oneDNN's inner product for linear layers and their gradients, and matrix products.
 *
 * Weights take the library's blocked layout, which is the same for all three passes; source and
 * destination stay plain. */
#include "backend/onednn/onednn.h"

/* ---- linear ---------------------------------------------------------------------------------- */

static bool make_linear(fyi_maker *m)
{
    const fyi_linear_attr *a = m->site->attr;
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_product_call c = { 0 };
    fyi_store_product(m, &src[0]);
    fyi_store_product(m, &src[1]);
    fyi_store_product(m, &dst[0]);
    c.src = fyi_md_plain(m, &src[0]);
    c.weights = fyi_md_free_choice(m, &src[1]);
    c.bias = a->has_bias ? fyi_md_plain(m, &src[2]) : NULL;
    c.dst = fyi_md_plain(m, &dst[0]);
    if (a->relu && (fyi_append_relu(m->post_ops) != dnnl_success || !fyi_set_post_ops(m)))
        return false;
    if (!c.src || !c.weights || !c.dst ||
        fyi_product_pd(m->engine, FYI_FORWARD_PASS, &c, NULL, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_WEIGHTS, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DST, FYI_FROM_DST, 0);
    if (a->has_bias)
        fyi_bind(m, DNNL_ARG_BIAS, FYI_FROM_SRC, 2);
    return fyi_adopt_query(m, &src[1], dnnl_query_weights_md);
}

FYI_ONEDNN_KERNEL(linear);

/* What the forward pass would choose for the same problem. */
static bool make_hint(fyi_maker *m, const fyi_product_call *c, const fyi_desc *weights, fy_dtype t)
{
    fyi_product_call f = *c;
    f.weights = fyi_md_own(m, fyi_md_any(weights->shape.rank, weights->shape.d, fyi_dnnl_type(t)));
    f.bias = NULL;
    return f.src && f.weights && f.dst &&
           fyi_product_pd(m->engine, FYI_FORWARD_PASS, &f, NULL, m->attr, &m->hint) == dnnl_success;
}

/* diff_dst, weights -> diff_src */
static bool make_linear_bwd_data(fyi_maker *m)
{
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_product_call c = { 0 };
    fyi_store_product(m, &src[0]);
    fyi_store_product(m, &src[1]);
    fyi_store_product(m, &dst[0]);
    c.dst = fyi_md_plain(m, &src[0]);
    c.weights = fyi_md_free_choice(m, &src[1]);
    c.src = fyi_md_plain(m, &dst[0]);
    if (!c.weights || !make_hint(m, &c, &src[1], src[1].dtype) ||
        fyi_product_pd(m->engine, FYI_DATA_PASS, &c, m->hint, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_DIFF_DST, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_WEIGHTS, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DIFF_SRC, FYI_FROM_DST, 0);
    return fyi_adopt_query(m, &src[1], dnnl_query_weights_md);
}

FYI_ONEDNN_KERNEL(linear_bwd_data);

static bool weights_pass(fyi_maker *m, fyi_product_call *c)
{
    /* As the forward pass stores them, if the gradient can be had so. */
    if (!m->is_final && m->site->precision == FY_F32) {
        const fyi_md any = c->weights;
        c->weights = dnnl_primitive_desc_query_md(m->hint, dnnl_query_weights_md, 0);
        if (fyi_product_pd(m->engine, FYI_WEIGHTS_PASS, c, m->hint, m->attr, &m->pd) ==
                dnnl_success &&
            fyi_keep_if_fast(m))
            return true;
        c->weights = any;
    }
    return fyi_product_pd(m->engine, FYI_WEIGHTS_PASS, c, m->hint, m->attr, &m->pd) == dnnl_success;
}

/* diff_dst, src -> diff_weights [, diff_bias] */
static bool make_linear_bwd_weights(fyi_maker *m)
{
    const fyi_linear_attr *a = m->site->attr;
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_product_call c = { 0 };
    fyi_store_product(m, &src[0]);
    fyi_store_product(m, &src[1]);
    fyi_store_sum(m, &dst[0]);
    c.dst = fyi_md_plain(m, &src[0]);
    c.src = fyi_md_plain(m, &src[1]);
    c.weights = fyi_md_free_choice(m, &dst[0]);
    c.bias = a->has_bias ? fyi_md_plain(m, &dst[1]) : NULL;
    if (!c.weights || !make_hint(m, &c, &dst[0], src[1].dtype) || !weights_pass(m, &c))
        return false;
    fyi_bind(m, DNNL_ARG_DIFF_DST, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DIFF_WEIGHTS, FYI_FROM_DST, 0);
    if (a->has_bias)
        fyi_bind(m, DNNL_ARG_DIFF_BIAS, FYI_FROM_DST, 1);
    return fyi_adopt_query(m, &dst[0], dnnl_query_diff_weights_md);
}

FYI_ONEDNN_KERNEL(linear_bwd_weights);

/* ---- matmul ---------------------------------------------------------------------------------- */

/* A transposed factor is the same memory with the last two axes exchanged. */
static fyi_md factor_md(fyi_maker *m, fyi_desc *d, bool transposed)
{
    const int last = d->shape.rank - 1;
    d->layout = fyi_layout_plain(d->shape.rank);
    fyi_desc as = *d;
    if (transposed) {
        as.shape.d[last] = d->shape.d[last - 1];
        as.shape.d[last - 1] = d->shape.d[last];
        as.layout.outer[last] = (uint8_t)(last - 1);
        as.layout.outer[last - 1] = (uint8_t)last;
    }
    return fyi_md_kept(m, &as);
}

static bool make_matmul(fyi_maker *m)
{
    const fyi_matmul_attr *a = m->site->attr;
    fyi_site *s = m->site;
    fyi_store_product(m, &s->src[0]);
    fyi_store_product(m, &s->src[1]);
    fyi_store_product(m, &s->dst[0]);
    const fyi_md src = factor_md(m, &s->src[0], a->trans_a);
    const fyi_md weights = factor_md(m, &s->src[1], a->trans_b);
    const fyi_md dst = fyi_md_plain(m, &s->dst[0]);
    if (!src || !weights || !dst ||
        fyi_matmul_pd(m->engine, src, weights, dst, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_WEIGHTS, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DST, FYI_FROM_DST, 0);
    return true;
}

FYI_ONEDNN_KERNEL(matmul);
