/* hint.c: the teacher's values, as far as a regressor can tell them from the student's. A. Romero, N. Ballas,
 * S. Ebrahimi Kahou, A. Chassang, C. Gatta and Y. Bengio (ICLR 2015), "FitNets: Hints for Thin Deep Nets", section 2.2,
 * equation 3:
 *
 *   mean (r(s) - t)^2
 *
 * over samples and elements, where the paper has half the sum. r is one linear map of the channels for each layer, a 1x1
 * convolution (the paper's is larger), and images are first averaged down to the smaller of the two. Layers add up. */
#include "train/losses/losses.h"

static fy_node regress(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return o->input.rank == 3 ? fy_layer_conv2d(l, "regressor", x, o->n_classes, 1, NULL, true)
                              : fy_layer_linear(l, "regressor", x, o->n_classes, true);
}

static fy_status open(fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    for (int i = 0; i < in->student.n_layers; i++)
        FYI_FORWARD(fyi_kd_add_adapter(k, regress, fy_node_shape(g, in->student.layers[i]),
                                       fy_node_shape(g, in->teacher.layers[i]).d[1], 0));
    return FY_OK;
}

static fy_node one_layer(fy_graph *g, const fy_kd *k, const fy_kd_in *in, int i)
{
    fy_node s = in->student.layers[i], t = in->teacher.layers[i];
    fyi_kd_meet(g, &s, &t);
    const fy_node off = fy_sub(g, fy_model_apply(g, k->adapters[i], s, FY_TRAIN), t);
    return fyi_kd_mean(g, fyi_kd_mean_each(g, fy_square(g, off)), in->rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return fyi_kd_sum_layers(g, k, in, one_layer);
}

const fyi_kd_loss fyi_kd_hint = {
    .name = "hint",
    .text = "values, through a linear regressor that learns along (FitNets, Romero et al. 2015)",
    .needs = FYI_KD_LAYERS,
    .usual_weight = 100,
    .open = open,
    .build = build,
};
