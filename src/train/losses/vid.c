/* vid.c: how much the student knows of the teacher's values. S. Ahn, S. X. Hu, A. Damianou, N. D. Lawrence and Z. Dai (CVPR
 * 2019), "Variational Information Distillation for Knowledge Transfer", section 2.1, equations 5 and 6: minus the log of a
 * Gaussian whose mean a regressor gives and whose variance is a number per channel,
 *
 *   mean ((mu(s) - t)^2 / v + ln v) / 2   v = softplus(a) + 1e-5
 *
 * over samples and elements, where the paper has the sum over elements. mu is three linear maps of the channels with ReLU
 * between, without bias, and v is 5 at first, as in the authors' program. Images are first averaged down to the smaller of
 * the two. Layers add up. The value is not 0 for equal networks and may be negative. */
#include "train/losses/losses.h"

#include <math.h>

#define LEAST_VARIANCE 1e-5
#define FIRST_VARIANCE 5.0

static fy_node one_map(fy_layers *l, const char *name, bool is_map, fy_node x, int64_t width)
{
    return is_map ? fy_layer_conv2d(l, name, x, width, 1, NULL, false)
                  : fy_layer_linear(l, name, x, width, false);
}

static fy_node regress(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    const bool is_map = o->input.rank == 3;
    const double first = log(expm1(FIRST_VARIANCE - LEAST_VARIANCE));
    fy_layer_values(l, "variance", FY_SHAPE(o->n_classes), (float)first);
    x = fy_layer_activation(l, "relu", one_map(l, "map1", is_map, x, o->hidden));
    x = fy_layer_activation(l, "relu", one_map(l, "map2", is_map, x, o->hidden));
    return one_map(l, "map3", is_map, x, o->n_classes);
}

static fy_status open(fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    for (int i = 0; i < in->student.n_layers; i++) {
        const int64_t width = fy_node_shape(g, in->teacher.layers[i]).d[1];
        FYI_FORWARD(fyi_kd_add_adapter(k, regress, fy_node_shape(g, in->student.layers[i]), width,
                                       k->o.width ? k->o.width : width));
    }
    return FY_OK;
}

/* softplus(a) + 1e-5, [1, c] or [1, c, 1, 1]; softplus is the cross-entropy of a logit against 0. */
static fy_node variance(fy_graph *g, fy_model *m, int rank)
{
    const fy_node a = fy_use(g, fy_model_find(m, "variance.value"));
    const fy_shape s = fy_node_shape(g, a);
    const fy_node softplus = fy_bce_logits(g, a, fy_fill(g, s, 0));
    const fy_shape wide = rank == 4 ? FY_SHAPE(1, s.d[0], 1, 1) : FY_SHAPE(1, s.d[0]);
    return fy_reshape(g, fy_affine(g, softplus, 1, (float)LEAST_VARIANCE), wide);
}

static fy_node one_layer(fy_graph *g, const fy_kd *k, const fy_kd_in *in, int i)
{
    fy_node s = in->student.layers[i], t = in->teacher.layers[i];
    fyi_kd_meet(g, &s, &t);
    const fy_node v = variance(g, k->adapters[i], fy_node_shape(g, t).rank);
    const fy_node off = fy_sub(g, fy_model_apply(g, k->adapters[i], s, FY_TRAIN), t);
    const fy_node surprise = fy_add(g, fy_div(g, fy_square(g, off), v), fy_log(g, v));
    return fy_scale(g, fyi_kd_mean(g, fyi_kd_mean_each(g, surprise), in->rows), 0.5f);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return fyi_kd_sum_layers(g, k, in, one_layer);
}

const fyi_kd_loss fyi_kd_vid = {
    .name = "vid",
    .text = "values, through a regressor that also learns how sure it is (VID, Ahn et al. 2019)",
    .needs = FYI_KD_LAYERS,
    .usual_weight = 1,
    .defaults = { .width = -1 },
    .open = open,
    .build = build,
};
