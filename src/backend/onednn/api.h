/* api.h: the calls in which oneDNN 2.x and 3.x differ, under one set of names. api2.c and api3.c
 * hold the two implementations, of which one is compiled; the other files call only what both
 * versions share. */
#ifndef FYI_ONEDNN_API_H
#define FYI_ONEDNN_API_H

#include "graph/kernel.h"

#include <oneapi/dnnl/dnnl.h>

/* A memory descriptor: a struct in 2.x, a handle in 3.x. Made by fyi_md_*, freed by fyi_md_free;
 * one that was queried from a primitive descriptor is lent. NULL stands for none, and for one
 * that failed. */
#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t fyi_md;
#else
typedef const dnnl_memory_desc_t *fyi_md;
#endif

/* How a tensor of rank <= FYI_MD_RANK lies, as both versions can tell it. Weights of grouped
 * convolutions have one axis more than Ferry's. */
#define FYI_MD_RANK (FY_MAX_RANK + 1)
typedef struct fyi_blocking {
    int rank, n_inner;
    dnnl_dims_t dims, padded, strides; /* strides between whole blocks, in elements */
    dnnl_dims_t inner_size, inner_axis;
} fyi_blocking;

/* dnnl_data_type_undef for types the library has not. */
dnnl_data_type_t fyi_dnnl_type(fy_dtype t);

/* The library chooses the layout. */
fyi_md fyi_md_any(int rank, const int64_t *dims, dnnl_data_type_t t);
/* `text` is the blocking as a format tag's name ("aBcd16b"), for the version that can only be told
 * so. */
fyi_md fyi_md_blocked(const fyi_blocking *b, const char *text, dnnl_data_type_t t);
void fyi_md_free(fyi_md md); /* accepts NULL */
/* False if the layout is not dense blocks (Winograd's packed weights). */
bool fyi_md_read(fyi_md md, fyi_blocking *b, dnnl_data_type_t *t);

typedef enum fyi_pass { FYI_FORWARD_PASS, FYI_DATA_PASS, FYI_WEIGHTS_PASS } fyi_pass;

/* Tensors of a pass, or their gradients: src stands for diff_src where that is written, and so on. */
typedef struct fyi_conv_call {
    fyi_md src, weights, bias, dst;             /* bias NULL if none */
    dnnl_dims_t stride, dilation, pad_l, pad_r; /* dilation as the library counts: 0 is dense */
} fyi_conv_call;

typedef struct fyi_product_call {
    fyi_md src, weights, bias, dst;
} fyi_product_call;

typedef struct fyi_pool_call {
    dnnl_alg_kind_t kind;
    fyi_md src, dst;
    dnnl_dims_t stride, kernel, pad_l, pad_r;
} fyi_pool_call;

typedef struct fyi_norm_call {
    fyi_md src, dst; /* dst is also diff_dst, and src diff_src, in the backward pass */
    float eps;
    unsigned flags;
    bool is_training;
} fyi_norm_call;

/* `hint` is the forward pass's descriptor; NULL in the forward pass. */
dnnl_status_t fyi_conv_pd(dnnl_engine_t e, fyi_pass pass, const fyi_conv_call *c,
                          dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out);
dnnl_status_t fyi_product_pd(dnnl_engine_t e, fyi_pass pass, const fyi_product_call *c,
                             dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                             dnnl_primitive_desc_t *out);
dnnl_status_t fyi_pool_pd(dnnl_engine_t e, fyi_pass pass, const fyi_pool_call *c,
                          dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                          dnnl_primitive_desc_t *out);
dnnl_status_t fyi_batch_norm_pd(dnnl_engine_t e, fyi_pass pass, const fyi_norm_call *c,
                                dnnl_primitive_desc_t hint, dnnl_primitive_attr_t attr,
                                dnnl_primitive_desc_t *out);
/* dst = src weights */
dnnl_status_t fyi_matmul_pd(dnnl_engine_t e, fyi_md src, fyi_md weights, fyi_md dst,
                            dnnl_primitive_attr_t attr, dnnl_primitive_desc_t *out);

/* What follows the operation proper: relu, clipping, adding another tensor, adding what dst held before. */
dnnl_status_t fyi_append_relu(dnnl_post_ops_t ops);
dnnl_status_t fyi_append_clip(dnnl_post_ops_t ops, float lo, float hi);
dnnl_status_t fyi_append_add(dnnl_post_ops_t ops, fyi_md other);
dnnl_status_t fyi_append_sum(dnnl_post_ops_t ops);

#endif
