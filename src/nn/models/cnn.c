/* cnn: conv 64 3x3, ReLU, pool, 128, ReLU, pool, 256, ReLU, 256, ReLU, pool, fc `hidden` (512), ReLU, dropout 0.5, fc
 * n_classes. On 28x28 the last map is 256x3x3. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const int64_t hidden = o->hidden ? o->hidden : 512;
    x = fyi_pool_relu(l, fyi_conv(l, x, FYI_BLOCK("features.0", NULL, 64, 3)), 2, 2);
    x = fyi_pool_relu(l, fyi_conv(l, x, FYI_BLOCK("features.3", NULL, 128, 3)), 2, 2);
    x = fyi_conv_relu(l, x, FYI_BLOCK("features.6", NULL, 256, 3));
    x = fyi_pool_relu(l, fyi_conv(l, x, FYI_BLOCK("features.8", NULL, 256, 3)), 2, 2);
    x = fy_relu(l->g, fy_layer_linear(l, "classifier.fc1", fy_flatten(l->g, x), hidden, true));
    return fyi_head(l, o, "classifier.fc2", x);
}

const fyi_family fyi_family_cnn = {
    .name = "cnn",
    .text = "conv 64-128-256-256 of 3x3 with pooling, fc 512, fc n_classes: small pictures",
    .build = build,
    .input = { 3, { 1, 28, 28 } },
    .n_classes = 10,
    .dropout = 0.5f,
};
