/* What several families build from. */
#ifndef FYI_BLOCKS_H
#define FYI_BLOCKS_H

#include "nn/nn.h"

/* A square convolution padded by (k - 1) / 2, which keeps the image's size at stride 1, and what follows it. */
typedef struct fyi_block {
    const char *conv, *norm; /* names */
    int64_t oc, k;
    int64_t stride, groups; /* 0: 1 */
} fyi_block;

/* FYI_BLOCK("conv1", "bn1", 64, 7, .stride = 2) */
#define FYI_BLOCK(conv_name, norm_name, n_out, ...) \
    (&(fyi_block){ .conv = (conv_name), .norm = (norm_name), .oc = (n_out), .k = __VA_ARGS__ })

/* Without bias, then batch norm. */
fy_node fyi_conv_norm(fy_layers *l, fy_node x, const fyi_block *b);
fy_node fyi_conv_norm_relu(fy_layers *l, fy_node x, const fyi_block *b);
/* With bias; `norm` is not looked at. */
fy_node fyi_conv(fy_layers *l, fy_node x, const fyi_block *b);
fy_node fyi_conv_relu(fy_layers *l, fy_node x, const fyi_block *b);
/* Windows of k, `stride` apart. */
fy_pool_opts fyi_window(int64_t k, int64_t stride, int64_t pad);
/* Max pooling by windows of k every `stride`, and ReLU, which keeps the order and is less work after it. */
fy_node fyi_pool_relu(fy_layers *l, fy_node x, int64_t k, int64_t stride);

/* The block of the small digits networks: conv k x k without padding, with bias, max pool 2, ReLU. */
fy_node fyi_layer_conv_block(fy_layers *l, const char *name, fy_node x, int64_t oc, int64_t k);

/* Series [n, c, t] as images of height 1, [n, c, 1, t]; vectors [n, t] have one channel. */
fy_node fyi_as_row(fy_layers *l, fy_node x);
/* Max pooling by windows of k along each axis that is at least k long. */
fy_node fyi_pool_down(fy_layers *l, fy_node x, int64_t k);
/* Of a first layer: `hidden`, or as many as were published, times `width`, and at least 1. */
int64_t fyi_channels(const fy_model_opts *o, int64_t published);

/* The last map pooled over whole images as the options say, by average unless they say: [n, c]. */
fy_node fyi_pool(fy_layers *l, const fy_model_opts *o, fy_node x);
/* The last layer to n outputs, called `name` unless the options name it. */
fy_node fyi_last(fy_layers *l, const fy_model_opts *o, const char *name, fy_node x, int64_t n);
/* What goes into the head is called "features" and is the result where there are no classes. Then dropout and the
 * last layer. */
fy_node fyi_head(fy_layers *l, const fy_model_opts *o, const char *name, fy_node features);

#endif
