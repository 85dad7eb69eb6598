/* linear: one fully connected layer to n_classes; images are flattened. */
#include "nn/blocks.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fyi_last(l, o, "fc", fy_flatten(l->g, x), FYI_MAX(o->n_classes, 1));
}

const fyi_family fyi_family_linear = { .name = "linear",
                                       .text =
                                           "one fully connected layer: a classifier on features",
                                       .build = build,
                                       .n_classes = 10 };
