/* densenet121: four dense blocks, in which each layer reads what all before it gave; between them a 1x1 convolution
 * halves the channels and pooling the image (Huang et al. 2017, table 1; torchvision's). */
#include "nn/blocks.h"

enum { STEM = 64, GROWTH = 32, BOTTLENECK = 4 * GROWTH };

/* Norm, ReLU and convolution, in this order. */
static fy_node norm_relu_conv(fy_layers *l, fy_node x, const fyi_block *b)
{
    fy_conv_opts o = fy_conv_defaults();
    o.pad[0] = o.pad[1] = (b->k - 1) / 2;
    x = fy_relu(l->g, fy_layer_batch_norm(l, b->norm, x));
    return fy_layer_conv2d(l, b->conv, x, b->oc, b->k, &o, false);
}

static fy_node dense_layer(fy_layers *l, fy_node x)
{
    const fy_node y = norm_relu_conv(l, x, FYI_BLOCK("conv1", "norm1", BOTTLENECK, 1));
    return fy_concat2(l->g, 1, x, norm_relu_conv(l, y, FYI_BLOCK("conv2", "norm2", GROWTH, 3)));
}

static fy_node dense_block(fy_layers *l, fy_node x, int i, int n_layers)
{
    fy_layers_enter(l, "denseblock%d", i + 1);
    for (int k = 0; k < n_layers; k++) {
        fy_layers_enter(l, "denselayer%d", k + 1);
        x = fy_layers_leave(l, dense_layer(l, x));
    }
    return fy_layers_leave(l, x);
}

static fy_node transition(fy_layers *l, fy_node x, int i)
{
    const fy_pool_opts half = fy_pool_defaults(2);
    const int64_t oc = fy_node_shape(l->g, x).d[1] / 2;
    fy_layers_enter(l, "transition%d", i + 1);
    x = norm_relu_conv(l, x, FYI_BLOCK("conv", "norm", oc, 1));
    return fy_layers_leave(l, fy_avg_pool2d(l->g, x, &half));
}

static fy_node stem(fy_layers *l, fy_node x)
{
    const fy_pool_opts half = fyi_window(3, 2, 1);
    x = fyi_conv_norm_relu(l, x, FYI_BLOCK("conv0", "norm0", STEM, 7, .stride = 2));
    return fy_max_pool2d(l->g, x, &half);
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    static const int n_layers[] = { 6, 12, 24, 16 };
    fy_layers_enter(l, "features");
    x = stem(l, x);
    for (int i = 0; i < 4; i++) {
        x = dense_block(l, x, i, n_layers[i]);
        x = i < 3 ? transition(l, x, i) : fy_layer_batch_norm(l, "norm5", x);
    }
    x = fy_layers_leave(l, x);
    return fyi_head(l, o, "classifier", fyi_pool(l, o, fy_relu(l->g, x)));
}

static const fyi_init_style style = { FYI_INIT_HE_IN, FYI_INIT_ZERO, FYI_INIT_TORCH, FYI_INIT_ZERO };

const fyi_family fyi_family_densenet121 = {
    .name = "densenet121",
    .text = "DenseNet of 58 dense layers, 8 M parameters",
    .build = build,
    .style = &style,
    .takes = FYI_TAKES_POOL,
    .input = { 3, { 3, 224, 224 } },
    .n_classes = 1000,
    .pixels = &fyi_pixels_imagenet,
};
