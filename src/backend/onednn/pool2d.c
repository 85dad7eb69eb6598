/* pool2d.c: oneDNN's maximum and average pooling. Its workspace is Ferry's index: the position
 * kh * KW + kw of the first maximum, u8 for small windows. */
#include "backend/onednn/onednn.h"

/* Padding after the image is whatever the last window needs. */
static void set_geometry(fyi_pool_call *c, const fy_pool_opts *o, const fy_shape *src,
                         const fy_shape *dst)
{
    for (int i = 0; i < 2; i++) {
        const int64_t reach = (dst->d[2 + i] - 1) * o->stride[i] + o->kernel[i];
        c->stride[i] = o->stride[i];
        c->kernel[i] = o->kernel[i];
        c->pad_l[i] = o->pad[i];
        c->pad_r[i] = FYI_MAX(reach - src->d[2 + i] - o->pad[i], 0);
    }
}

/* In plain layout the library is slow; where channels fill whole blocks, ask for those. */
static void prefer_blocks(fyi_desc *d)
{
    if (fyi_layout_is_plain(&d->layout) && d->shape.d[1] % 16 == 0)
        d->layout = fyi_layout_channel_block(4, 16);
}

/* ---- forward --------------------------------------------------------------------------------- */

static bool forward(fyi_maker *m, dnnl_alg_kind_t kind)
{
    const fyi_pool_attr *a = m->site->attr;
    fyi_desc *src = &m->site->src[0], *dst = &m->site->dst[0];
    fyi_pool_call c = { .kind = kind };
    if (!m->is_final) {
        prefer_blocks(src);
        dst->dtype = src->dtype;
    }
    set_geometry(&c, &a->o, &src->shape, &dst->shape);
    c.src = fyi_md_kept(m, src);
    c.dst = fyi_md_free_choice(m, dst);
    if (!c.src || !c.dst ||
        fyi_pool_pd(m->engine, FYI_FORWARD_PASS, &c, NULL, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_DST, FYI_FROM_DST, 0);
    return fyi_adopt_query(m, dst, dnnl_query_dst_md);
}

static bool make_max_pool2d(fyi_maker *m)
{
    if (!forward(m, dnnl_pooling_max))
        return false;
    fyi_bind(m, DNNL_ARG_WORKSPACE, FYI_FROM_DST, 1);
    return fyi_adopt_query(m, &m->site->dst[1], dnnl_query_workspace_md);
}

FYI_ONEDNN_KERNEL(max_pool2d);

/* The divisor of a window that hangs over the padded image is the part inside; the library knows
 * only whole windows and what lies inside the image. */
static bool average_kind(const fyi_site *s, const fy_shape *src, const fy_shape *dst,
                         dnnl_alg_kind_t *kind)
{
    const fyi_pool_attr *a = s->attr;
    bool hangs_over = false;
    for (int i = 0; i < 2; i++)
        hangs_over |=
            (dst->d[2 + i] - 1) * a->o.stride[i] + a->o.kernel[i] > src->d[2 + i] + 2 * a->o.pad[i];
    *kind = a->o.count_include_pad ? dnnl_pooling_avg_include_padding
                                   : dnnl_pooling_avg_exclude_padding;
    return !(hangs_over && a->o.count_include_pad);
}

static bool make_avg_pool2d(fyi_maker *m)
{
    dnnl_alg_kind_t kind;
    return average_kind(m->site, &m->site->src[0].shape, &m->site->dst[0].shape, &kind) &&
           forward(m, kind);
}

FYI_ONEDNN_KERNEL(avg_pool2d);

/* ---- gradients ------------------------------------------------------------------------------- */

/* diff_src lies as diff_dst does. */
static bool backward(fyi_maker *m, dnnl_alg_kind_t kind)
{
    const fyi_pool_attr *a = m->site->attr;
    fyi_desc *diff_dst = &m->site->src[0], *diff_src = &m->site->dst[0];
    fyi_pool_call c = { .kind = kind };
    set_geometry(&c, &a->o, &diff_src->shape, &diff_dst->shape);
    if (!m->is_final) {
        diff_src->layout = diff_dst->layout;
        diff_src->dtype = diff_dst->dtype;
    }
    c.src = fyi_md_kept(m, diff_src);
    c.dst = fyi_md_kept(m, diff_dst);
    if (!c.src || !c.dst ||
        fyi_pool_pd(m->engine, FYI_FORWARD_PASS, &c, NULL, m->attr, &m->hint) != dnnl_success ||
        fyi_pool_pd(m->engine, FYI_DATA_PASS, &c, m->hint, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_DIFF_DST, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_DIFF_SRC, FYI_FROM_DST, 0);
    return true;
}

/* diff_dst, index -> diff_src: everything in the layout the index was left in. */
static bool make_max_pool2d_bwd(fyi_maker *m)
{
    fyi_desc *src = m->site->src;
    if (!m->is_final) {
        prefer_blocks(&src[1]);
        src[0].layout = src[1].layout;
    }
    if (!backward(m, dnnl_pooling_max))
        return false;
    fyi_bind(m, DNNL_ARG_WORKSPACE, FYI_FROM_SRC, 1);
    return fyi_adopt_query(m, &src[1], dnnl_query_workspace_md);
}

FYI_ONEDNN_KERNEL(max_pool2d_bwd);

static bool make_avg_pool2d_bwd(fyi_maker *m)
{
    dnnl_alg_kind_t kind;
    if (!m->is_final)
        prefer_blocks(&m->site->src[0]);
    return average_kind(m->site, &m->site->dst[0].shape, &m->site->src[0].shape, &kind) &&
           backward(m, kind);
}

FYI_ONEDNN_KERNEL(avg_pool2d_bwd);
