/* fsp.c: how one layer becomes the next. J. Yim, D. Joo, J. Bae and J. Kim (CVPR 2017), "A Gift from Knowledge
 * Distillation: Fast Optimization, Network Minimization and Transfer Learning", sections 3.2 and 3.3, equations 1 and 2:
 *
 *   G_ab = sum over places F1_a F2_b / (h w)   mean (G_s - G_t)^2
 *
 * for each layer and the next, the larger image averaged down to the smaller; over samples and elements, where the paper has
 * the sum over elements. G has the layers' channels on its sides, so those must be the teacher's. Pairs add up. */
#include "train/losses/losses.h"

static fy_status check(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    for (int i = 0; i < in->student.n_layers; i++) {
        const int64_t s = fy_node_shape(g, in->student.layers[i]).d[1];
        const int64_t t = fy_node_shape(g, in->teacher.layers[i]).d[1];
        if (s != t)
            return fyi_fail(FY_ESHAPE,
                            "loss '%s' of '%s' compares products of channels, and layer %d has "
                            "%lld in the student and %lld in the teacher; hint, attention and "
                            "similarity do not ask for equal numbers",
                            k->loss->name, k->name, i + 1, (long long)s, (long long)t);
    }
    return FY_OK;
}

/* Of layer i and the next: [n, c1, c2]. */
static fy_node flow(fy_graph *g, const fy_kd_view *v, int i)
{
    fy_node from = v->layers[i], to = v->layers[i + 1];
    fyi_kd_meet(g, &from, &to);
    from = fyi_kd_flat_maps(g, from);
    to = fyi_kd_flat_maps(g, to);
    const float places = (float)FYI_MAX(fy_node_shape(g, from).d[2], 1);
    return fy_scale(g, fy_matmul(g, from, false, to, true), 1 / places);
}

static fy_node one_pair(fy_graph *g, const fy_kd_in *in, int i)
{
    const fy_node off = fy_sub(g, flow(g, &in->student, i), flow(g, &in->teacher, i));
    return fyi_kd_mean(g, fyi_kd_mean_each(g, fy_square(g, off)), in->rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    fy_node sum = one_pair(g, in, 0);
    (void)k;
    for (int i = 1; i + 1 < in->student.n_layers; i++)
        sum = fy_add(g, sum, one_pair(g, in, i));
    return sum;
}

const fyi_kd_loss fyi_kd_fsp = {
    .name = "fsp",
    .text = "how each layer becomes the next, two layers or more (FSP, Yim et al. 2017)",
    .needs = FYI_KD_MAPS,
    .min_layers = 2,
    .usual_weight = 50,
    .check = check,
    .build = build,
};
