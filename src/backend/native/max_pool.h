/* max_pool.h: max pooling over channels in blocks of 16, of any windows. */
#ifndef FYI_MAX_POOL_H
#define FYI_MAX_POOL_H

#include "graph/kernel.h"

/* Of one block of channels of one image: src [h, w, 16], dst and index [oh, ow, 16]. */
typedef struct fyi_max_pool {
    int64_t h, w, oh, ow;
    int64_t kernel[2], stride[2], pad[2];
    bool is_bf16; /* src, dst and their gradients are stored so, else as f32 */
} fyi_max_pool;

fyi_max_pool fyi_max_pool_sizes(const fy_pool_opts *o, const fyi_desc *src, const fyi_desc *dst);

/* 2x2, side by side from the first element on: each element lies in one window, but for an odd last row and column. */
static inline bool fyi_max_pool_is_2x2(const fyi_max_pool *p)
{
    bool is = 2 * p->oh <= p->h && 2 * p->ow <= p->w;
    for (int i = 0; i < 2; i++)
        is &= p->kernel[i] == 2 && p->stride[i] == 2 && p->pad[i] == 0;
    return is;
}

/* `lanes` of the 16 channels exist: the others' index is 0. */
void fyi_max_pool_avx512(const fyi_max_pool *p, int lanes, const void *src, void *dst,
                         uint8_t *index);
void fyi_max_pool_bwd_avx512(const fyi_max_pool *p, const void *diff_dst, const uint8_t *index,
                             void *diff_src);
/* The same of 2x2 windows of f32 where dst is above 0, and zeros elsewhere: ReLU's gradient before it. */
void fyi_pool_relu_bwd_avx512(const fyi_max_pool *p, const float *diff_dst, const float *dst,
                              const uint8_t *index, float *diff_src);

#endif
