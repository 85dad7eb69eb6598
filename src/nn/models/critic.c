/* critic: fc `hidden` - fc `hidden` - fc n_classes (2: which domain), with an activation between, ReLU unless
 * said otherwise. hidden 0 takes the input's width, at least 64 and at most 512. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const char *activation = o->activation ? o->activation : "relu";
    const int64_t width = fy_node_shape(l->g, fy_flatten(l->g, x)).d[1];
    const int64_t hidden = o->hidden ? o->hidden : FYI_MIN(FYI_MAX(width, 64), 512);
    x = fy_layer_linear(l, "fc1", fy_flatten(l->g, x), hidden, true);
    x = fy_layer_activation(l, activation, x);
    x = fy_layer_linear(l, "fc2", x, hidden, true);
    x = fy_layer_activation(l, activation, x);
    return fyi_last(l, o, "fc3", x, o->n_classes ? o->n_classes : 2);
}

const fyi_family fyi_family_critic = {
    .name = "critic",
    .text = "three fully connected layers: tells domains apart by features",
    .build = build,
    .n_classes = 2
};
