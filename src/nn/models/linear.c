/* linear: one fully connected layer to n_classes; images are flattened. */
#include "nn/nn.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fy_layer_linear(l, "fc", fy_flatten(l->g, x), FYI_MAX(o->n_classes, 1), true);
}

const fyi_family fyi_family_linear = { "linear",
                                       "one fully connected layer: a classifier on features",
                                       build };
