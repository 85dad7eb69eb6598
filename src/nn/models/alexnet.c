/* alexnet: five convolutions, pooled to 6x6, and three fully connected layers of `hidden` (4096), `hidden` and
 * n_classes (Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks"; torchvision's). */
#include "nn/blocks.h"

static fy_node stem(fy_layers *l, fy_node x)
{
    fy_conv_opts o = fy_conv_defaults();
    o.stride[0] = o.stride[1] = 4;
    o.pad[0] = o.pad[1] = 2;
    return fyi_pool_relu(l, fy_layer_conv2d(l, "features.0", x, 64, 11, &o, true), 3, 2);
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const int64_t hidden = o->hidden ? o->hidden : 4096;
    x = stem(l, x);
    x = fyi_pool_relu(l, fyi_conv(l, x, FYI_BLOCK("features.3", NULL, 192, 5)), 3, 2);
    x = fyi_conv_relu(l, x, FYI_BLOCK("features.6", NULL, 384, 3));
    x = fyi_conv_relu(l, x, FYI_BLOCK("features.8", NULL, 256, 3));
    x = fyi_pool_relu(l, fyi_conv(l, x, FYI_BLOCK("features.10", NULL, 256, 3)), 3, 2);
    x = fy_flatten(l->g, fy_adaptive_avg_pool2d(l->g, x, 6, 6));
    x = fy_layer_linear(l, "classifier.1", fy_layer_dropout(l, x, o->dropout), hidden, true);
    x = fy_layer_dropout(l, fy_relu(l->g, x), o->dropout);
    x = fy_relu(l->g, fy_layer_linear(l, "classifier.4", x, hidden, true));
    x = fyi_layer_name(l, "features", x);
    return o->n_classes ? fyi_last(l, o, "classifier.6", x, o->n_classes) : x;
}

const fyi_family fyi_family_alexnet = {
    .name = "alexnet",
    .text = "AlexNet: five convolutions, two fully connected layers of 4096",
    .build = build,
    .input = { 3, { 3, 224, 224 } },
    .n_classes = 1000,
    .pixels = &fyi_pixels_imagenet,
    .dropout = 0.5f,
};
