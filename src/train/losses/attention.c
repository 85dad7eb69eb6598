/* attention.c: where a network looks. S. Zagoruyko and N. Komodakis (ICLR 2017), "Paying More Attention to Attention",
 * section 3.1, equation 2, with the map F^2_sum:
 *
 *   A_p = sum_c x_cp^2   Q = A / |A|   mean (Q_s - Q_t)^2
 *
 * over samples and places, as in the authors' program; the paper's equation has the distance itself, not squared. Images are
 * first averaged down to the smaller of the two. Layers add up. */
#include "train/losses/losses.h"

static fy_node attention(fy_graph *g, fy_node x)
{
    static const int channels[] = { 1 };
    return fyi_kd_unit(g, fy_flatten(g, fy_sum(g, fy_square(g, x), channels, 1, false)), FY_NO_NODE);
}

static fy_node one_layer(fy_graph *g, const fy_kd *k, const fy_kd_in *in, int i)
{
    fy_node s = in->student.layers[i], t = in->teacher.layers[i];
    (void)k;
    fyi_kd_meet(g, &s, &t);
    const fy_node off = fy_sub(g, attention(g, s), attention(g, t));
    return fyi_kd_mean(g, fyi_kd_mean_each(g, fy_square(g, off)), in->rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    return fyi_kd_sum_layers(g, k, in, one_layer);
}

const fyi_kd_loss fyi_kd_attention = {
    .name = "attention",
    .text = "where maps are large, whatever their channels (AT, Zagoruyko and Komodakis 2017)",
    .needs = FYI_KD_MAPS,
    .usual_weight = 1000,
    .build = build,
};
