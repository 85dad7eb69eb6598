/* film.c: the last modality's features, scaled and shifted by each other one in turn (Perez et al. 2018, "FiLM: Visual Reasoning
 * with a General Conditioning Layer", equations 1 and 2):
 *
 *   f = P_M z_M;  f <- (1 + G_m z_m) * f + S_m z_m for m < M;  W f + b
 *
 * in `hidden` features, by default as many as a part has. Neutral: no scaling and no shift, biases included, and content of 1
 * where the last one is missing. */
#include "nn/fusions/fusion.h"

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const fyi_parts p = fyi_parts_of(l, x);
    const int64_t width = o->hidden ? o->hidden : p.width;
    const int last = p.n - 1;
    fy_graph *g = l->g;
    if (p.n == 0)
        return FY_NO_NODE;
    fy_node f = fyi_or_neutral(g, fyi_part_linear(l, "content", &p, last, width), p.there[last], 1);
    for (int m = 0; m < last; m++) {
        const fy_node scale = fyi_part_linear(l, "scale", &p, m, width);
        const fy_node shift = fyi_part_linear(l, "shift", &p, m, width);
        f = fy_mul(g, f, fy_affine(g, fyi_or_neutral(g, scale, p.there[m], 0), 1, 1));
        f = fy_add(g, f, fyi_or_neutral(g, shift, p.there[m], 0));
    }
    return fyi_head(l, o, "head", f);
}

const fyi_family fyi_family_fusion_film = {
    .name = "fusion_film",
    .text = "the last modality scaled and shifted by the others",
    .build = build,
    .input = { .rank = 2, .d = { 2, 65 } },
    .n_classes = 10
};
