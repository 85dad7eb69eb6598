/* late.c: late fusion: each part's own classifier, and their logits added: sum_m (W_m z_m + b_m). Neutral: logits of 0. */
#include "nn/fusions/fusion.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fyi_parts p = fyi_parts_of(l, x);
    fy_node sum = FY_NO_NODE;
    for (int m = 0; m < p.n; m++) {
        fy_node s = fyi_part_linear(l, "head", &p, m, FYI_MAX(o->n_classes, 1));
        s = fyi_or_neutral(l->g, s, p.there[m], 0);
        sum = sum.id ? fy_add(l->g, sum, s) : s;
    }
    return sum;
}

const fyi_family fyi_family_fusion_late = { .name = "fusion_late",
                                            .text = "each part's own classifier, logits added",
                                            .build = build,
                                            .input = { .rank = 2, .d = { 2, 65 } },
                                            .n_classes = 10 };
