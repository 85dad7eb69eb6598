/* batch_norm.c: oneDNN's batch normalisation, in whatever layout src lies. */
#include "backend/onednn/onednn.h"

/* Parameters and statistics are plain vectors [c]. */
static void want_plain_vectors(fyi_maker *m, int first_src, int first_dst)
{
    for (int i = first_src; i < m->site->n_src; i++)
        m->site->src[i].layout = fyi_layout_plain(1);
    for (int j = first_dst; j < m->site->n_dst; j++)
        m->site->dst[j].layout = fyi_layout_plain(1);
}

static fyi_norm_call call_of(const fyi_maker *m)
{
    const fyi_batch_norm_attr *a = m->site->attr;
    return (fyi_norm_call){ .eps = a->eps,
                            .flags = dnnl_use_scale | dnnl_use_shift,
                            .is_training = true };
}

static bool forward(fyi_maker *m, fyi_norm_call *c)
{
    fyi_desc *src = &m->site->src[0], *dst = &m->site->dst[0];
    want_plain_vectors(m, 1, 1);
    if (!m->is_final) {
        dst->layout = src->layout;
        dst->dtype = src->dtype;
    }
    c->src = fyi_md_kept(m, src);
    c->dst = fyi_md_kept(m, dst);
    if (!c->src || !c->dst ||
        fyi_batch_norm_pd(m->engine, FYI_FORWARD_PASS, c, NULL, m->attr, &m->pd) != dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_SRC, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_SCALE, FYI_FROM_SRC, 1);
    fyi_bind(m, DNNL_ARG_SHIFT, FYI_FROM_SRC, 2);
    fyi_bind(m, DNNL_ARG_DST, FYI_FROM_DST, 0);
    return true;
}

/* src, scale, shift -> dst, mean, var */
static bool make_batch_norm(fyi_maker *m)
{
    fyi_norm_call c = call_of(m);
    if (!forward(m, &c))
        return false;
    fyi_bind(m, DNNL_ARG_MEAN, FYI_FROM_DST, 1);
    fyi_bind(m, DNNL_ARG_VARIANCE, FYI_FROM_DST, 2);
    return true;
}

FYI_ONEDNN_KERNEL(batch_norm);

/* src, scale, shift, mean, var -> dst */
static bool make_batch_norm_infer(fyi_maker *m)
{
    fyi_norm_call c = call_of(m);
    c.is_training = false;
    c.flags |= dnnl_use_global_stats;
    if (!forward(m, &c))
        return false;
    fyi_bind(m, DNNL_ARG_MEAN, FYI_FROM_SRC, 3);
    fyi_bind(m, DNNL_ARG_VARIANCE, FYI_FROM_SRC, 4);
    return true;
}

FYI_ONEDNN_KERNEL(batch_norm_infer);

/* diff_dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift */
static bool make_batch_norm_bwd(fyi_maker *m)
{
    const fyi_batch_norm_attr *a = m->site->attr;
    fyi_desc *src = m->site->src, *dst = m->site->dst;
    fyi_norm_call c = call_of(m);
    if (!a->training)
        c.flags |= dnnl_use_global_stats;
    want_plain_vectors(m, 2, 1);
    if (!m->is_final) {
        src[0].layout = dst[0].layout = src[1].layout;
        src[0].dtype = dst[0].dtype = src[1].dtype;
    }
    c.src = fyi_md_kept(m, &src[1]);
    c.dst = fyi_md_kept(m, &src[0]);
    if (!c.src || !c.dst ||
        fyi_batch_norm_pd(m->engine, FYI_FORWARD_PASS, &c, NULL, m->attr, &m->hint) != dnnl_success ||
        fyi_batch_norm_pd(m->engine, FYI_DATA_PASS, &c, m->hint, m->attr, &m->pd) != dnnl_success)
        return false;
    static const int src_args[] = { DNNL_ARG_DIFF_DST, DNNL_ARG_SRC, DNNL_ARG_MEAN,
                                    DNNL_ARG_VARIANCE, DNNL_ARG_SCALE };
    static const int dst_args[] = { DNNL_ARG_DIFF_SRC, DNNL_ARG_DIFF_SCALE, DNNL_ARG_DIFF_SHIFT };
    for (int i = 0; i < 5; i++)
        fyi_bind(m, src_args[i], FYI_FROM_SRC, i);
    for (int j = 0; j < 3; j++)
        fyi_bind(m, dst_args[j], FYI_FROM_DST, j);
    /* 2.x asks for the shift too, and does not read it: any vector [c] will do. */
    if (dnnl_primitive_desc_query_s32(m->pd, dnnl_query_num_of_inputs_s32, 0) > 5)
        fyi_bind(m, DNNL_ARG_SHIFT, FYI_FROM_SRC, 4);
    return true;
}

FYI_ONEDNN_KERNEL(batch_norm_bwd);
