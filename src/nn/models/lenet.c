/* lenet: conv 20 5x5, max pool 2, conv 50 5x5, max pool 2, fc `hidden` (500), all with ReLU, fc n_classes
 * (LeCun et al. 1998 as Caffe and ADDA use it; Tzeng et al. 2017, section 5.1). Without n_classes it ends in
 * the hidden features. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fyi_layer_conv_block(l, "conv1", x, 20, 5);
    x = fy_flatten(l->g, fyi_layer_conv_block(l, "conv2", x, 50, 5));
    x = fy_relu(l->g, fy_layer_linear(l, "fc1", x, o->hidden ? o->hidden : 500, true));
    return fyi_head(l, o, "fc2", x);
}

const fyi_family fyi_family_lenet = {
    .name = "lenet",
    .text =
        "conv 20-50 of 5x5 with pooling, fc 500, fc n_classes: the digits network of ADDA's paper",
    .build = build,
    .input = { 3, { 1, 28, 28 } },
    .n_classes = 10
};
