/* gated.c: the last modality's features, each let through as far as the others open it (Kiela et al. 2018, "Efficient Large-Scale
 * Multi-Modal Classification", section 3.3; in the form of OGM-GE's programs):
 *
 *   W (P_M z_M * sigmoid(P_1 z_1) * ... * sigmoid(P_{M-1} z_{M-1})) + b
 *
 * in `hidden` features, by default as many as a part has. Neutral: a gate of 1, and content of 1 where the last one is missing. */
#include "nn/fusions/fusion.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fyi_parts p = fyi_parts_of(l, x);
    fy_node product = FY_NO_NODE;
    for (int m = 0; m < p.n; m++) {
        const bool is_gate = m < p.n - 1;
        fy_node h = fyi_part_linear(l, "part", &p, m, o->hidden ? o->hidden : p.width);
        h = fyi_or_neutral(l->g, is_gate ? fy_sigmoid(l->g, h) : h, p.there[m], 1);
        product = product.id ? fy_mul(l->g, product, h) : h;
    }
    return fyi_head(l, o, "head", product);
}

const fyi_family fyi_family_fusion_gated = { .name = "fusion_gated",
                                             .text =
                                                 "the last modality through gates of the others",
                                             .build = build,
                                             .input = { .rank = 2, .d = { 2, 65 } },
                                             .n_classes = 10 };
