/* lenet: conv 20 5x5, max pool 2, conv 50 5x5, max pool 2, fc `hidden` (500), all with ReLU, fc n_classes
 * (LeCun et al. 1998 as Caffe and ADDA use it; Tzeng et al. 2017, section 5.1). Without n_classes it ends in
 * the hidden features. */
#include "nn/nn.h"

static fy_node block(fy_layers *l, const char *name, fy_node x, int64_t oc)
{
    const fy_pool_opts half = fy_pool_defaults(2);
    x = fy_layer_conv2d(l, name, x, oc, 5, NULL, true);
    return fy_relu(l->g, fy_max_pool2d(l->g, x, &half));
}

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = block(l, "conv1", x, 20);
    x = fy_flatten(l->g, block(l, "conv2", x, 50));
    x = fy_layer_linear(l, "fc1", x, o->hidden ? o->hidden : 500, true);
    x = fy_layer_dropout(l, fy_relu(l->g, x), o->dropout);
    return o->n_classes ? fy_layer_linear(l, "fc2", x, o->n_classes, true) : x;
}

const fyi_family fyi_family_lenet = {
    "lenet",
    "conv 20-50 of 5x5 with pooling, fc 500, fc n_classes: the digits network of ADDA's paper", build
};
