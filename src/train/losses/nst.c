/* nst.c: which patterns the channels of a layer show. Z. Huang and N. Wang (2017), "Like What You Like: Knowledge Distill
 * via Neuron Selectivity Transfer", section 4, equations 5 and 6: the squared maximum mean discrepancy between the channels'
 * maps, each of length 1, under the polynomial kernel of degree 2 with c = 0:
 *
 *   mean k(t, t') + mean k(s, s') - 2 mean k(s, t)   k(x, y) = (x . y)^2
 *
 * over pairs of channels, averaged over samples. Images are first averaged down to the smaller of the two. Layers add up. */
#include "train/losses/losses.h"

/* Of maps [n, a, p] and [n, b, p]: [n]. */
static fy_node kernel(fy_graph *g, fy_node x, fy_node y)
{
    return fyi_kd_mean_each(g, fy_square(g, fy_matmul(g, x, false, y, true)));
}

static fy_node one_layer(fy_graph *g, const fy_kd *k, const fy_kd_in *in, int i)
{
    fy_node s = in->student.layers[i], t = in->teacher.layers[i];
    (void)k;
    fyi_kd_meet(g, &s, &t);
    s = fyi_kd_unit(g, fyi_kd_flat_maps(g, s), FY_NO_NODE);
    t = fyi_kd_unit(g, fyi_kd_flat_maps(g, t), FY_NO_NODE);
    const fy_node within = fy_add(g, kernel(g, t, t), kernel(g, s, s));
    const fy_node across = fy_scale(g, kernel(g, s, t), 2);
    return fyi_kd_mean(g, fy_sub(g, within, across), in->rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return fyi_kd_sum_layers(g, k, in, one_layer);
}

const fyi_kd_loss fyi_kd_nst = {
    .name = "nst",
    .text = "which patterns the channels of a map show (NST, Huang and Wang 2017)",
    .needs = FYI_KD_MAPS,
    .usual_weight = 50,
    .build = build,
};
