/* uniform.c: L + alpha sum_m L_m moves everything: all tasks with one weight. */
#include "methods/fuse/fuse.h"

static void build(together *t)
{
    const fy_node all = fuse_loss(t, t->z, NULL);
    const fy_node each = fuse_branch_losses(t, false, NULL);
    t->loss = fy_add(t->g, all, fy_scale(t->g, each, (float)t->f->o->alpha));
}

const fuse_method fuse_uniform = { .name = "uniform",
                                   .text = "the loss of all parts and of each alone, equal weights",
                                   .build = build };
