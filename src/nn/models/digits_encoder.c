/* digits_encoder: conv 32 5x5, max pool 2, ReLU, conv 64 5x5, max pool 2, ReLU, fc `hidden` (512).
 * On 28x28 the last map is 64x4x4. With n_classes, a ReLU and a linear layer follow. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fyi_layer_conv_block(l, "conv1", x, 32, 5);
    x = fy_flatten(l->g, fyi_layer_conv_block(l, "conv2", x, 64, 5));
    x = fy_layer_linear(l, "fc1", x, o->hidden ? o->hidden : 512, true);
    x = fyi_layer_name(l, "features", x);
    return o->n_classes ? fyi_last(l, o, "fc2", fy_relu(l->g, x), o->n_classes) : x;
}

const fyi_family fyi_family_digits_encoder = {
    .name = "digits_encoder",
    .text = "conv 32-64 of 5x5 with pooling, fc 512: small grey images to features",
    .build = build,
    .input = { 3, { 1, 28, 28 } }
};
