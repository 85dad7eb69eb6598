/* digits_bn: conv 20 5x5, batch norm, max pool 2, ReLU, conv 50 5x5, batch norm, dropout 0.5, max pool 2, ReLU, fc `hidden` (256),
 * batch norm: the digits network of SHOT and CDAN with its bottleneck (Liang et al. 2020, section 4.1; Long et al. 2018). Without
 * n_classes it ends in the bottleneck's features. */
#include "nn/blocks.h"

static fy_node conv_norm(fy_layers *l, const char *conv, const char *norm, fy_node x, int64_t oc)
{
    return fy_layer_batch_norm(l, norm, fy_layer_conv2d(l, conv, x, oc, 5, NULL, true));
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fyi_pool_relu(l, conv_norm(l, "conv1", "bn1", x, 20), 2, 2);
    x = fy_layer_dropout(l, conv_norm(l, "conv2", "bn2", x, 50), o->dropout);
    x = fy_flatten(l->g, fyi_pool_relu(l, x, 2, 2));
    x = fy_layer_linear(l, "fc1", x, o->hidden ? o->hidden : 256, true);
    x = fyi_layer_name(l, "features", fy_layer_batch_norm(l, "bn3", x));
    return o->n_classes ? fyi_last(l, o, "fc2", x, o->n_classes) : x;
}

const fyi_family fyi_family_digits_bn = {
    .name = "digits_bn",
    .text = "conv 20-50 of 5x5 with batch norm and pooling, fc 256 with batch norm: the digits "
            "network of SHOT",
    .build = build,
    .input = { 3, { 1, 28, 28 } },
    .dropout = 0.5f,
};
