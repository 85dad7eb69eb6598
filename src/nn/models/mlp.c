/* mlp: fc `hidden` (256) - ReLU - fc `hidden` - ReLU - dropout - fc n_classes, on vectors; anything else is flattened. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const int64_t hidden = o->hidden ? o->hidden : 256;
    const char *activation = o->activation ? o->activation : "relu";
    x = fy_layer_linear(l, "fc1", fy_flatten(l->g, x), hidden, true);
    x = fy_layer_activation(l, activation, x);
    x = fy_layer_linear(l, "fc2", x, hidden, true);
    return fyi_head(l, o, "fc3", fy_layer_activation(l, activation, x));
}

const fyi_family fyi_family_mlp = { .name = "mlp",
                                    .text = "fc 256 - fc 256 - fc n_classes: vectors",
                                    .build = build,
                                    .input = { 1, { 64 } },
                                    .n_classes = 10 };
