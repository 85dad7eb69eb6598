/* conv2d.c: oneDNN's direct convolution and its two gradients, every tensor in the layout the
 * library wants. Parameters are stored as the forward pass wants them, so the weights' gradient
 * is asked for in that same layout: the update then needs no reorder. */
#include "backend/onednn/onednn.h"

#include <math.h>

/* ---- the description shared by the passes ---------------------------------------------------- */

static fyi_md weights_md(fyi_maker *m, const fyi_desc *d, int64_t groups)
{
    if (groups == 1)
        return fyi_md_free_choice(m, d);
    return fyi_md_own(m, m->is_final ? fyi_md_of_grouped(d, groups) : fyi_md_grouped_any(d, groups));
}

static bool adopt_weights(fyi_desc *d, fyi_md md, int64_t groups)
{
    return groups == 1 ? fyi_adopt(d, md) : fyi_md_to_layout_grouped(md, d, groups, &d->layout);
}

static void set_geometry(fyi_conv_call *c, const fy_conv_opts *o)
{
    for (int i = 0; i < 2; i++) {
        c->stride[i] = o->stride[i];
        c->dilation[i] = o->dilation[i] - 1;
        c->pad_l[i] = c->pad_r[i] = o->pad[i];
    }
}

/* What the forward pass would choose for the same problem. */
static bool make_hint(fyi_maker *m, const fyi_conv_call *c, const fyi_desc *src,
                      const fyi_desc *weights, const fyi_desc *dst, int64_t groups)
{
    const bool was_final = m->is_final;
    fyi_conv_call f = *c;
    fyi_desc factor = *weights; /* its gradient may be wider */
    factor.dtype = src->dtype;
    m->is_final = false;
    f.src = fyi_md_free_choice(m, src);
    f.weights = weights_md(m, &factor, groups);
    f.dst = fyi_md_free_choice(m, dst);
    f.bias = NULL;
    m->is_final = was_final;
    return f.src && f.weights && f.dst &&
           fyi_conv_pd(m->engine, FYI_FORWARD_PASS, &f, NULL, m->attr, &m->hint) == dnnl_success;
}

/* ---- forward --------------------------------------------------------------------------------- */

static dnnl_status_t append_act(const fyi_maker *m, const fyi_conv_attr *a)
{
    return a->lo == 0 && isinf(a->hi) ? fyi_append_relu(m->post_ops)
                                      : fyi_append_clip(m->post_ops, a->lo, a->hi);
}

/* Adding `other` straight from its own memory saves a copy, but not every kernel can. */
static bool forward_with(fyi_maker *m, const fyi_conv_call *c, const fyi_conv_attr *a, fyi_md other)
{
    bool ok = fyi_reset_post_ops(m);
    if (other)
        ok = ok && fyi_append_add(m->post_ops, other) == dnnl_success;
    else if (a->has_other)
        ok = ok && fyi_append_sum(m->post_ops) == dnnl_success;
    if (a->has_act)
        ok = ok && append_act(m, a) == dnnl_success;
    return ok && fyi_set_post_ops(m) &&
           fyi_conv_pd(m->engine, FYI_FORWARD_PASS, c, NULL, m->attr, &m->pd) == dnnl_success;
}

static bool bind_other(fyi_maker *m, int i, const fyi_conv_call *c, const fyi_conv_attr *a)
{
    fyi_desc *other = &m->site->src[i];
    if (!m->is_final) {
        other->layout = m->site->dst[0].layout;
        other->dtype = m->site->dst[0].dtype;
    }
    const fyi_md md = fyi_md_kept(m, other);
    const dnnl_primitive_desc_t summing = m->pd;
    if (md && forward_with(m, c, a, md) && fyi_keep_if_fast(m)) {
        dnnl_primitive_desc_destroy(summing);
        fyi_bind(m, DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, FYI_FROM_SRC, i);
        return true;
    }
    m->pd = summing;
    m->copied_src = i;
    return md != NULL;
}

static bool make_conv2d(fyi_maker *m)
{
    const fyi_conv_attr *a = m->site->attr;
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_conv_call c = { 0 };
    set_geometry(&c, &a->o);
    fyi_store_product(m, &src[0]);
    fyi_store_product(m, &src[1]);
    fyi_store_product(m, &dst[0]);
    c.src = fyi_md_free_choice(m, &src[0]);
    c.weights = weights_md(m, &src[1], a->o.groups);
    c.dst = fyi_md_free_choice(m, &dst[0]);
    c.bias = a->has_bias ? fyi_md_plain(m, &src[2]) : NULL;
    if (!c.src || !c.weights || !c.dst || !forward_with(m, &c, a, NULL))
        return false;
    if (!m->is_final &&
        !adopt_weights(&src[1], dnnl_primitive_desc_query_md(m->pd, dnnl_query_weights_md, 0),
                       a->o.groups))
        return false;
    if (!fyi_adopt_query(m, &src[0], dnnl_query_src_md) ||
        !fyi_adopt_query(m, &dst[0], dnnl_query_dst_md))
        return false;
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_WEIGHTS, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DST, FYI_FROM_DST, 0);
    if (a->has_bias)
        fyi_bind(m, DNNL_ARG_BIAS, FYI_FROM_SRC, 2);
    return !a->has_other || bind_other(m, 2 + a->has_bias, &c, a);
}

FYI_ONEDNN_KERNEL(conv2d);

/* ---- gradient of src: diff_dst, weights -> diff_src ------------------------------------------ */

static bool make_conv2d_bwd_data(fyi_maker *m)
{
    const fyi_conv_attr *a = m->site->attr;
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_conv_call c = { 0 };
    set_geometry(&c, &a->o);
    fyi_store_product(m, &src[0]);
    fyi_store_product(m, &src[1]);
    fyi_store_product(m, &dst[0]);
    c.src = fyi_md_free_choice(m, &dst[0]);
    c.weights = weights_md(m, &src[1], a->o.groups);
    c.dst = fyi_md_free_choice(m, &src[0]);
    if (!c.src || !c.weights || !c.dst ||
        !make_hint(m, &c, &dst[0], &src[1], &src[0], a->o.groups) ||
        fyi_conv_pd(m->engine, FYI_DATA_PASS, &c, m->hint, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_DIFF_DST, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_WEIGHTS, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DIFF_SRC, FYI_FROM_DST, 0);
    return m->is_final ||
           (adopt_weights(&src[1], dnnl_primitive_desc_query_md(m->pd, dnnl_query_weights_md, 0),
                          a->o.groups) &&
            fyi_adopt_query(m, &src[0], dnnl_query_diff_dst_md) &&
            fyi_adopt_query(m, &dst[0], dnnl_query_diff_src_md));
}

FYI_ONEDNN_KERNEL(conv2d_bwd_data);

/* ---- gradient of the weights: diff_dst, src -> diff_weights [, diff_bias] -------------------- */

static bool weights_pass(fyi_maker *m, fyi_conv_call *c)
{
    /* As the forward pass stores them, if the gradient can be had so. */
    if (!m->is_final && m->site->precision == FY_F32) {
        const fyi_md any = c->weights;
        c->weights = dnnl_primitive_desc_query_md(m->hint, dnnl_query_weights_md, 0);
        if (fyi_conv_pd(m->engine, FYI_WEIGHTS_PASS, c, m->hint, m->attr, &m->pd) == dnnl_success &&
            fyi_keep_if_fast(m))
            return true;
        c->weights = any;
    }
    return fyi_conv_pd(m->engine, FYI_WEIGHTS_PASS, c, m->hint, m->attr, &m->pd) == dnnl_success;
}

static bool make_conv2d_bwd_weights(fyi_maker *m)
{
    const fyi_conv_attr *a = m->site->attr;
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_conv_call c = { 0 };
    set_geometry(&c, &a->o);
    fyi_store_product(m, &src[0]);
    fyi_store_product(m, &src[1]);
    fyi_store_sum(m, &dst[0]);
    c.src = fyi_md_free_choice(m, &src[1]);
    c.weights = weights_md(m, &dst[0], a->o.groups);
    c.dst = fyi_md_free_choice(m, &src[0]);
    c.bias = a->has_bias ? fyi_md_plain(m, &dst[1]) : NULL;
    if (!c.src || !c.weights || !c.dst ||
        !make_hint(m, &c, &src[1], &dst[0], &src[0], a->o.groups) || !weights_pass(m, &c))
        return false;
    fyi_bind(m, DNNL_ARG_DIFF_DST, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_DIFF_WEIGHTS, FYI_FROM_DST, 0);
    if (a->has_bias)
        fyi_bind(m, DNNL_ARG_DIFF_BIAS, FYI_FROM_DST, 1);
    return m->is_final ||
           (adopt_weights(&dst[0],
                          dnnl_primitive_desc_query_md(m->pd, dnnl_query_diff_weights_md, 0),
                          a->o.groups) &&
            fyi_adopt_query(m, &src[0], dnnl_query_diff_dst_md) &&
            fyi_adopt_query(m, &src[1], dnnl_query_src_md));
}

FYI_ONEDNN_KERNEL(conv2d_bwd_weights);
