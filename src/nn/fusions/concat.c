/* concat.c: features side by side, and a linear head: W [z_1, ..., z_M] + b. Neutral: 0, which leaves the products of the parts that
 * are there. */
#include "nn/fusions/fusion.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fyi_parts p = fyi_parts_of(l, x);
    fy_node z[FY_MAX_MODALITIES];
    for (int m = 0; m < p.n; m++)
        z[m] = fyi_or_neutral(l->g, p.z[m], p.there[m], 0);
    return fyi_head(l, o, "head", p.n ? fy_concat(l->g, 1, z, p.n) : FY_NO_NODE);
}

const fyi_family fyi_family_fusion_concat = { .name = "fusion_concat",
                                              .text = "features side by side and a linear head",
                                              .build = build,
                                              .input = { .rank = 2, .d = { 2, 65 } },
                                              .n_classes = 10 };
