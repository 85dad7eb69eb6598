/* joint.c: L = CE(f(z_1, ..., z_M), y) moves everything. */
#include "methods/fuse/fuse.h"

static void build(together *t)
{
    t->loss = fuse_loss(t, t->z, NULL);
}

const fuse_method fuse_joint = { .name = "joint",
                                 .text = "one loss of all parts together moves everything",
                                 .build = build };
