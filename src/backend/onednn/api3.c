/* api3.c: oneDNN 3.x, where memory descriptors are handles that are asked for their parts, and
 * primitive descriptors are made in one call. */
#include "backend/onednn/api.h"

#if DNNL_VERSION_MAJOR >= 3

#include <oneapi/dnnl/dnnl_debug.h>

#include <string.h>

/* ---- memory descriptors ---------------------------------------------------------------------- */

fyi_md fyi_md_any(int rank, const int64_t *dims, dnnl_data_type_t t)
{
    dnnl_memory_desc_t md = NULL;
    if (dnnl_memory_desc_create_with_tag(&md, rank, dims, t, dnnl_format_tag_any) != dnnl_success)
        return NULL;
    return md;
}

/* Blocked layouts are made by tag only, and tags are known by number: the one with the wanted
 * name. */
static dnnl_format_tag_t find_tag(const char *text)
{
    for (int i = dnnl_format_tag_any + 1; i < dnnl_format_tag_last; i++) {
        const char *name = dnnl_fmt_tag2str((dnnl_format_tag_t)i);
        if (name && strcmp(name, text) == 0)
            return (dnnl_format_tag_t)i;
    }
    return dnnl_format_tag_undef;
}

static bool is_as_wanted(fyi_md md, const fyi_blocking *b)
{
    fyi_blocking is;
    dnnl_data_type_t t;
    if (!fyi_md_read(md, &is, &t) || is.rank != b->rank || is.n_inner != b->n_inner)
        return false;
    const size_t n = sizeof(dnnl_dim_t) * (size_t)b->rank;
    const size_t n_inner = sizeof(dnnl_dim_t) * (size_t)b->n_inner;
    return memcmp(is.padded, b->padded, n) == 0 && memcmp(is.strides, b->strides, n) == 0 &&
           memcmp(is.inner_size, b->inner_size, n_inner) == 0 &&
           memcmp(is.inner_axis, b->inner_axis, n_inner) == 0;
}

static fyi_md by_tag(const fyi_blocking *b, const char *text, dnnl_data_type_t t)
{
    dnnl_memory_desc_t md = NULL;
    const dnnl_format_tag_t tag = find_tag(text);
    if (tag == dnnl_format_tag_undef ||
        dnnl_memory_desc_create_with_tag(&md, b->rank, b->dims, t, tag) != dnnl_success)
        return NULL;
    if (is_as_wanted(md, b))
        return md;
    fyi_md_free(md);
    return NULL;
}

fyi_md fyi_md_blocked(const fyi_blocking *b, const char *text, dnnl_data_type_t t)
{
    dnnl_memory_desc_t md = NULL;
    if (b->n_inner > 0)
        return by_tag(b, text, t);
    if (dnnl_memory_desc_create_with_strides(&md, b->rank, b->dims, t, b->strides) != dnnl_success)
        return NULL;
    return md;
}

void fyi_md_free(fyi_md md)
{
    if (md)
        dnnl_memory_desc_destroy((dnnl_memory_desc_t)md);
}

/* One of the vectors of a descriptor: false if it has none. */
static bool read_dims(fyi_md md, dnnl_query_t what, int n, dnnl_dims_t to)
{
    const dnnl_dims_t *from = NULL;
    memset(to, 0, sizeof(dnnl_dims_t));
    if (n == 0)
        return true;
    if (dnnl_memory_desc_query(md, what, (void *)&from) != dnnl_success || !from)
        return false;
    memcpy(to, *from, sizeof(dnnl_dim_t) * (size_t)n);
    return true;
}

bool fyi_md_read(fyi_md md, fyi_blocking *b, dnnl_data_type_t *t)
{
    dnnl_format_kind_t kind;
    *b = (fyi_blocking){ 0 };
    if (dnnl_memory_desc_query(md, dnnl_query_format_kind, &kind) != dnnl_success ||
        dnnl_memory_desc_query(md, dnnl_query_data_type, t) != dnnl_success ||
        dnnl_memory_desc_query(md, dnnl_query_ndims_s32, &b->rank) != dnnl_success)
        return false;
    if (kind != dnnl_blocked || b->rank > FYI_MD_RANK ||
        dnnl_memory_desc_query(md, dnnl_query_inner_nblks_s32, &b->n_inner) != dnnl_success)
        return false;
    return read_dims(md, dnnl_query_dims, b->rank, b->dims) &&
           read_dims(md, dnnl_query_padded_dims, b->rank, b->padded) &&
           read_dims(md, dnnl_query_strides, b->rank, b->strides) &&
           read_dims(md, dnnl_query_inner_blks, b->n_inner, b->inner_size) &&
           read_dims(md, dnnl_query_inner_idxs, b->n_inner, b->inner_axis);
}

/* ---- primitive descriptors ------------------------------------------------------------------- */

dnnl_status_t fyi_conv_pd(dnnl_engine_t e, fyi_pass pass, const fyi_conv_call *c,
                          dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out)
{
    const dnnl_alg_kind_t kind = dnnl_convolution_direct;
    if (pass == FYI_FORWARD_PASS)
        return dnnl_convolution_forward_primitive_desc_create(
            out, e, dnnl_forward_training, kind, c->src, c->weights, c->bias, c->dst, c->stride,
            c->dilation, c->pad_l, c->pad_r, attr);
    if (pass == FYI_DATA_PASS)
        return dnnl_convolution_backward_data_primitive_desc_create(out, e, kind, c->src, c->weights,
                                                                    c->dst, c->stride, c->dilation,
                                                                    c->pad_l, c->pad_r, hint, attr);
    return dnnl_convolution_backward_weights_primitive_desc_create(
        out, e, kind, c->src, c->weights, c->bias, c->dst, c->stride, c->dilation, c->pad_l,
        c->pad_r, hint, attr);
}

dnnl_status_t fyi_product_pd(dnnl_engine_t e, fyi_pass pass, const fyi_product_call *c,
                             dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                             dnnl_primitive_desc_t *out)
{
    if (pass == FYI_FORWARD_PASS)
        return dnnl_inner_product_forward_primitive_desc_create(
            out, e, dnnl_forward_training, c->src, c->weights, c->bias, c->dst, attr);
    if (pass == FYI_DATA_PASS)
        return dnnl_inner_product_backward_data_primitive_desc_create(out, e, c->src, c->weights,
                                                                      c->dst, hint, attr);
    return dnnl_inner_product_backward_weights_primitive_desc_create(out, e, c->src, c->weights,
                                                                     c->bias, c->dst, hint, attr);
}

dnnl_status_t fyi_pool_pd(dnnl_engine_t e, fyi_pass pass, const fyi_pool_call *c,
                          dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out)
{
    const dnnl_dims_t dense = { 0 };
    if (pass == FYI_FORWARD_PASS)
        return dnnl_pooling_forward_primitive_desc_create(out, e, dnnl_forward_training, c->kind,
                                                          c->src, c->dst, c->stride, c->kernel,
                                                          dense, c->pad_l, c->pad_r, attr);
    return dnnl_pooling_backward_primitive_desc_create(out, e, c->kind, c->src, c->dst, c->stride,
                                                       c->kernel, dense, c->pad_l, c->pad_r, hint,
                                                       attr);
}

dnnl_status_t fyi_batch_norm_pd(dnnl_engine_t e, fyi_pass pass, const fyi_norm_call *c,
                                dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                                dnnl_primitive_desc_t *out)
{
    if (pass == FYI_FORWARD_PASS)
        return dnnl_batch_normalization_forward_primitive_desc_create(
            out, e, c->is_training ? dnnl_forward_training : dnnl_forward_inference, c->src, c->dst,
            c->eps, c->flags, attr);
    return dnnl_batch_normalization_backward_primitive_desc_create(
        out, e, dnnl_backward, c->src, c->dst, c->src, c->eps, c->flags, hint, attr);
}

dnnl_status_t fyi_matmul_pd(dnnl_engine_t e, fyi_md src, fyi_md weights, fyi_md dst,
                            dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out)
{
    return dnnl_matmul_primitive_desc_create(out, e, src, weights, NULL, dst, attr);
}

dnnl_status_t fyi_append_relu(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_relu, 0.0f, 0.0f);
}

dnnl_status_t fyi_append_clip(dnnl_post_ops_t ops, float lo, float hi)
{
    return dnnl_post_ops_append_eltwise(ops, dnnl_eltwise_clip, lo, hi);
}

dnnl_status_t fyi_append_add(dnnl_post_ops_t ops, fyi_md other)
{
    return dnnl_post_ops_append_binary(ops, dnnl_binary_add, other);
}

dnnl_status_t fyi_append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f, 0, dnnl_data_type_undef);
}

#else
typedef int fyi_not_this_version; /* an empty file is not C */
#endif
