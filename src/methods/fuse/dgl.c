/* dgl.c: disentangled gradient learning (Wei et al. 2025, "Boosting Multimodal Learning via Disentangled Gradient Learning"), for any
 * number of modalities and any fusion:
 *
 *   L_d = CE(f(sg z_1, ..., sg z_M), y)      moves the fusion and nothing else
 *   alpha L_m, of branch m                    moves encoder m and nothing else: the fusion's values are constants there */
#include "methods/fuse/fuse.h"

static void build(together *t)
{
    fy_node z[FUSE_MAX];
    fuse_detached(t, z);
    const fy_node all = fuse_loss(t, z, NULL);
    const fy_node each = fuse_branch_losses(t, true, NULL);
    t->loss = fy_add(t->g, all, fy_scale(t->g, each, (float)t->f->o->alpha));
}

const fuse_method fuse_dgl = { .name = "dgl",
                               .text =
                                   "the fusion learns from all parts, each encoder from its own "
                                   "branch",
                               .build = build };
