/* sum.c: W (P_1 z_1 + ... + P_M z_M) + b, in a common space of `hidden` features, by default as many as a part has. Neutral: 0 in
 * that space, biases included. */
#include "nn/fusions/fusion.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fyi_parts p = fyi_parts_of(l, x);
    fy_node sum = FY_NO_NODE;
    for (int m = 0; m < p.n; m++) {
        fy_node z = fyi_part_linear(l, "part", &p, m, o->hidden ? o->hidden : p.width);
        z = fyi_or_neutral(l->g, z, p.there[m], 0);
        sum = sum.id ? fy_add(l->g, sum, z) : z;
    }
    return fyi_head(l, o, "head", sum);
}

const fyi_family fyi_family_fusion_sum = { .name = "fusion_sum",
                                           .text = "features added in a common space",
                                           .build = build,
                                           .input = { .rank = 2, .d = { 2, 65 } },
                                           .n_classes = 10 };
