/* similarity.c: which samples are alike. F. Tung and G. Mori (ICCV 2019), "Similarity-Preserving Knowledge Distillation",
 * section 3.1, equations 1 to 4:
 *
 *   G = X X^T, each row divided by its length   |G_s - G_t|_F^2 / n^2
 *
 * X is a layer with one row per sample, so that widths and image sizes may differ. Layers add up. */
#include "train/losses/losses.h"

static fy_node one_layer(fy_graph *g, const fy_kd *k, const fy_kd_in *in, int i)
{
    (void)k;
    const fy_node s = fyi_kd_unit(g, fyi_kd_gram(g, in->student.layers[i]), in->rows);
    const fy_node t = fyi_kd_unit(g, fyi_kd_gram(g, in->teacher.layers[i]), in->rows);
    return fyi_kd_mean_pairs(g, fy_square(g, fy_sub(g, s, t)), in->rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return fyi_kd_sum_layers(g, k, in, one_layer);
}

const fyi_kd_loss fyi_kd_similarity = {
    .name = "similarity",
    .text = "which samples of a batch are alike (SP, Tung and Mori 2019)",
    .needs = FYI_KD_LAYERS,
    .usual_weight = 3000,
    .build = build,
};
