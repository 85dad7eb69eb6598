/* low_rank.c: a product of all modalities, of which each has a constant 1 beside its features, so that products of fewer are in it as
 * well (Liu et al. 2018, "Efficient Low-rank Multimodal Fusion with Modality-Specific Factors", equation 5): the element-wise product over the
 * modalities of U_m [z_m; 1], then a head, W (...) + b. `hidden` is the rank, by default as many as a part has features. For two
 * modalities this is a bilinear form of that rank. Neutral: the vector [0; 1], which leaves the factor's bias. */
#include "nn/fusions/fusion.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fyi_parts p = fyi_parts_of(l, x);
    fy_node product = FY_NO_NODE;
    for (int m = 0; m < p.n; m++) {
        p.z[m] = fyi_or_neutral(l->g, p.z[m], p.there[m], 0);
        const fy_node h = fyi_part_linear(l, "factor", &p, m, o->hidden ? o->hidden : p.width);
        product = product.id ? fy_mul(l->g, product, h) : h;
    }
    return fyi_head(l, o, "head", product);
}

const fyi_family fyi_family_fusion_low_rank = {
    .name = "fusion_low_rank",
    .text = "a product of all modalities, each with a constant beside it",
    .build = build,
    .input = { .rank = 2, .d = { 2, 65 } },
    .n_classes = 10
};
