/* head: fc `hidden` - ReLU - dropout - fc n_classes: a classifier on features. hidden 0 takes the input's width. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fy_node flat = fy_flatten(l->g, x);
    const int64_t hidden = o->hidden ? o->hidden : fy_node_shape(l->g, flat).d[1];
    const fy_node inner = fy_relu(l->g, fy_layer_linear(l, "fc1", flat, hidden, true));
    return fyi_head(l, o, "fc2", inner);
}

const fyi_family fyi_family_head = { .name = "head",
                                     .text = "fc, ReLU, dropout, fc n_classes: a classifier on "
                                             "features",
                                     .build = build,
                                     .input = { 1, { 64 } },
                                     .n_classes = 10,
                                     .dropout = 0.5f };
