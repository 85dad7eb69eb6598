/* api2.c: oneDNN 2.x, where a memory descriptor is an open struct and a primitive descriptor is
 * made from an operation descriptor that was filled in first. */
#include "backend/onednn/api.h"

#if DNNL_VERSION_MAJOR == 2

#include <string.h>

/* ---- memory descriptors ---------------------------------------------------------------------- */

static dnnl_memory_desc_t *new_md(void)
{
    return fyi_calloc(1, sizeof(dnnl_memory_desc_t));
}

fyi_md fyi_md_any(int rank, const int64_t *dims, dnnl_data_type_t t)
{
    dnnl_memory_desc_t *md = new_md();
    if (md && dnnl_memory_desc_init_by_tag(md, rank, dims, t, dnnl_format_tag_any) != dnnl_success) {
        fyi_free(md);
        md = NULL;
    }
    return md;
}

fyi_md fyi_md_blocked(const fyi_blocking *b, const char *text, dnnl_data_type_t t)
{
    dnnl_memory_desc_t *md = new_md();
    (void)text;
    if (!md)
        return NULL;
    md->ndims = b->rank;
    md->data_type = t;
    md->format_kind = dnnl_blocked;
    memcpy(md->dims, b->dims, sizeof md->dims);
    memcpy(md->padded_dims, b->padded, sizeof md->padded_dims);
    dnnl_blocking_desc_t *to = &md->format_desc.blocking;
    to->inner_nblks = b->n_inner;
    memcpy(to->strides, b->strides, sizeof to->strides);
    memcpy(to->inner_blks, b->inner_size, sizeof to->inner_blks);
    memcpy(to->inner_idxs, b->inner_axis, sizeof to->inner_idxs);
    return md;
}

void fyi_md_free(fyi_md md)
{
    fyi_free((void *)md);
}

bool fyi_md_read(fyi_md md, fyi_blocking *b, dnnl_data_type_t *t)
{
    const dnnl_blocking_desc_t *from = &md->format_desc.blocking;
    *t = md->data_type;
    if (md->format_kind != dnnl_blocked || md->offset0 != 0 || md->extra.flags != 0 ||
        md->ndims > FYI_MD_RANK)
        return false;
    *b = (fyi_blocking){ .rank = md->ndims, .n_inner = from->inner_nblks };
    memcpy(b->dims, md->dims, sizeof b->dims);
    memcpy(b->padded, md->padded_dims, sizeof b->padded);
    memcpy(b->strides, from->strides, sizeof b->strides);
    memcpy(b->inner_size, from->inner_blks, sizeof b->inner_size);
    memcpy(b->inner_axis, from->inner_idxs, sizeof b->inner_axis);
    return true;
}

/* ---- primitive descriptors ------------------------------------------------------------------- */

#define TRY(call)                        \
    do {                                 \
        const dnnl_status_t s_ = (call); \
        if (s_ != dnnl_success)          \
            return s_;                   \
    } while (0)

dnnl_status_t fyi_conv_pd(dnnl_engine_t e, fyi_pass pass, const fyi_conv_call *c,
                          dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out)
{
    const dnnl_alg_kind_t kind = dnnl_convolution_direct;
    dnnl_convolution_desc_t d;
    if (pass == FYI_FORWARD_PASS)
        TRY(dnnl_dilated_convolution_forward_desc_init(&d, dnnl_forward_training, kind, c->src,
                                                       c->weights, c->bias, c->dst, c->stride,
                                                       c->dilation, c->pad_l, c->pad_r));
    else if (pass == FYI_DATA_PASS)
        TRY(dnnl_dilated_convolution_backward_data_desc_init(
            &d, kind, c->src, c->weights, c->dst, c->stride, c->dilation, c->pad_l, c->pad_r));
    else
        TRY(dnnl_dilated_convolution_backward_weights_desc_init(&d, kind, c->src, c->weights,
                                                                c->bias, c->dst, c->stride,
                                                                c->dilation, c->pad_l, c->pad_r));
    return dnnl_primitive_desc_create(out, &d, attr, e, hint);
}

dnnl_status_t fyi_product_pd(dnnl_engine_t e, fyi_pass pass, const fyi_product_call *c,
                             dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                             dnnl_primitive_desc_t *out)
{
    dnnl_inner_product_desc_t d;
    if (pass == FYI_FORWARD_PASS)
        TRY(dnnl_inner_product_forward_desc_init(&d, dnnl_forward_training, c->src, c->weights,
                                                 c->bias, c->dst));
    else if (pass == FYI_DATA_PASS)
        TRY(dnnl_inner_product_backward_data_desc_init(&d, c->src, c->weights, c->dst));
    else
        TRY(dnnl_inner_product_backward_weights_desc_init(&d, c->src, c->weights, c->bias, c->dst));
    return dnnl_primitive_desc_create(out, &d, attr, e, hint);
}

dnnl_status_t fyi_pool_pd(dnnl_engine_t e, fyi_pass pass, const fyi_pool_call *c,
                          dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out)
{
    dnnl_pooling_desc_t d;
    if (pass == FYI_FORWARD_PASS)
        TRY(dnnl_pooling_forward_desc_init(&d, dnnl_forward_training, c->kind, c->src, c->dst,
                                           c->stride, c->kernel, c->pad_l, c->pad_r));
    else
        TRY(dnnl_pooling_backward_desc_init(&d, c->kind, c->src, c->dst, c->stride, c->kernel,
                                            c->pad_l, c->pad_r));
    return dnnl_primitive_desc_create(out, &d, attr, e, hint);
}

dnnl_status_t fyi_batch_norm_pd(dnnl_engine_t e, fyi_pass pass, const fyi_norm_call *c,
                                dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                                dnnl_primitive_desc_t *out)
{
    dnnl_batch_normalization_desc_t d;
    if (pass == FYI_FORWARD_PASS)
        TRY(dnnl_batch_normalization_forward_desc_init(
            &d, c->is_training ? dnnl_forward_training : dnnl_forward_inference, c->src, c->eps,
            c->flags));
    else
        TRY(dnnl_batch_normalization_backward_desc_init(&d, dnnl_backward, c->src, c->src, c->eps,
                                                        c->flags));
    return dnnl_primitive_desc_create(out, &d, attr, e, hint);
}

dnnl_status_t fyi_matmul_pd(dnnl_engine_t e, fyi_md src, fyi_md weights, fyi_md dst,
                            dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out)
{
    dnnl_matmul_desc_t d;
    TRY(dnnl_matmul_desc_init(&d, src, weights, NULL, dst));
    return dnnl_primitive_desc_create(out, &d, attr, e, NULL);
}

dnnl_status_t fyi_append_relu(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f);
}

dnnl_status_t fyi_append_clip(dnnl_post_ops_t ops, float lo, float hi)
{
    return dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_clip, lo, hi);
}

dnnl_status_t fyi_append_add(dnnl_post_ops_t ops, fyi_md other)
{
    return dnnl_post_ops_append_binary(ops, dnnl_binary_add, other);
}

dnnl_status_t fyi_append_sum(dnnl_post_ops_t ops)
{
    return dnnl_post_ops_append_sum(ops, 1.0f);
}

#else
typedef int fyi_not_this_version; /* an empty file is not C */
#endif
