/* linear_norm: one fully connected layer whose weights have a direction and a length each (weight normalisation, Salimans and Kingma
 * 2016, equation 2): w_k = g_k v_k / |v_k|. Classes of which some have more samples than others get no longer weights for it (Liang
 * et al. 2020, section 3.5). */
#include "nn/blocks.h"

#include <float.h>

#define LEAST_SQUARE 1e-16f

static fy_node build(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    static const fyi_init drawn = FYI_INIT_TORCH, one = FYI_INIT_ONE;
    static const int last[] = { 1 };
    const char *name = o->head ? o->head : "fc";
    const int64_t k = FYI_MAX(o->n_classes, 1);
    x = fy_flatten(l->g, x);
    const int64_t d = fy_node_shape(l->g, x).d[1];
    const fyi_fans fans = { .in = (float)d, .out = (float)k };
    const fy_node bias = fyi_layer_param(l, name, "bias", FY_SHAPE(k), drawn, fans);
    const fy_node length = fyi_layer_param(l, name, "weight_g", FY_SHAPE(k, 1), one, fans);
    const fy_node v = fyi_layer_param(l, name, "weight_v", FY_SHAPE(k, d), drawn, fans);
    const fy_node square = fy_sum(l->g, fy_square(l->g, v), last, 1, true);
    const fy_node is = fy_sqrt(l->g, fy_clip(l->g, square, LEAST_SQUARE, FLT_MAX));
    const fy_node w = fy_mul(l->g, v, fy_div(l->g, length, is));
    return fyi_layer_name(l, name, fy_bias(l->g, fy_linear(l->g, x, w), bias));
}

const fyi_family fyi_family_linear_norm = {
    .name = "linear_norm",
    .text = "one fully connected layer with weight normalisation: SHOT's classifier on features",
    .build = build,
    .n_classes = 10
};
