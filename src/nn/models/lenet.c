/* lenet: conv 20 5x5, max pool 2, conv 50 5x5, max pool 2, fc `hidden` (500), all with ReLU, fc n_classes
 * (LeCun et al. 1998 as Caffe and ADDA use it; Tzeng et al. 2017, section 5.1). Without n_classes it ends in
 * the hidden features. */
#include "nn/nn.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fyi_layer_conv_block(l, "conv1", x, 20, 5);
    x = fy_flatten(l->g, fyi_layer_conv_block(l, "conv2", x, 50, 5));
    x = fy_layer_linear(l, "fc1", x, o->hidden ? o->hidden : 500, true);
    x = fy_layer_dropout(l, fy_relu(l->g, x), o->dropout);
    return o->n_classes ? fy_layer_linear(l, "fc2", x, o->n_classes, true) : x;
}

const fyi_family fyi_family_lenet = {
    "lenet",
    "conv 20-50 of 5x5 with pooling, fc 500, fc n_classes: the digits network of ADDA's paper", build
};
