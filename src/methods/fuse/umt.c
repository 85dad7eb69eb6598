/* umt.c: Uni-Modal Teacher (Du et al. 2023, "On Uni-Modal Feature Learning in Supervised Multi-Modal Learning", section 4): joint
 * learning that keeps each encoder near what one that learned alone makes of the same part:
 *
 *   L + w sum_m MSE(z_m, t_m)     over the rows that have part m */
#include "methods/fuse/fuse.h"

static fy_node distance(together *t, int m)
{
    static const int features[] = { 1 };
    const fy_node said = fy_model_apply(t->g, t->f->teacher.encoders[m], t->x[m], FY_EVAL);
    const fy_node square = fy_square(t->g, fy_sub(t->g, t->z[m], fy_detach(t->g, said)));
    return fuse_mean(t, fy_mean(t->g, square, features, 1, false), m);
}

static void build(together *t)
{
    fy_node sum = FY_NO_NODE;
    const fy_node all = fuse_loss(t, t->z, NULL);
    for (int m = 0; m < t->f->n; m++) {
        const fy_node d = distance(t, m);
        (void)fuse_watch(t, "distance", m, d);
        sum = sum.id ? fy_add(t->g, sum, d) : d;
    }
    t->loss = fy_add(t->g, all, fy_scale(t->g, sum, (float)t->f->o->umt_weight));
}

const fuse_method fuse_umt = { .name = "umt",
                               .text = "joint, each encoder near one that learned alone",
                               .learns_alone = true,
                               .build = build };
