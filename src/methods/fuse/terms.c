/* terms.c: losses that several methods have in common. */
#include "methods/fuse/fuse.h"

fy_node fuse_loss(together *t, const fy_node *z, fy_node *logits)
{
    const fy_node s = fuse_logits(t, z, FY_ALL_PARTS, false);
    (void)fuse_watch(t, "train.fused", -1, fy_accuracy(t->g, s, t->y));
    if (logits)
        *logits = s;
    return fuse_cross_entropy(t, s, -1);
}

/* The share of the rows with part m that its branch is right about. */
static fy_node accuracy(together *t, fy_node logits, int m)
{
    if (!t->there[m].id)
        return fy_accuracy(t->g, logits, t->y);
    const int64_t rows = t->f->o->batch, k = t->f->n_classes;
    const fy_node right = fy_mul(t->g, fy_one_hot(t->g, fy_argmax(t->g, fy_detach(t->g, logits)), k),
                                 fy_one_hot(t->g, t->y, k));
    static const int classes[] = { 1 };
    return fuse_mean(t, fy_reshape(t->g, fy_sum(t->g, right, classes, 1, false), FY_SHAPE(rows)), m);
}

fy_node fuse_branch_losses(together *t, bool is_fixed, fy_node *branches)
{
    fy_node sum = FY_NO_NODE;
    for (int m = 0; m < t->f->n; m++) {
        const fy_node s = fuse_logits(t, t->z, 1u << m, is_fixed);
        const fy_node loss = fuse_cross_entropy(t, s, m);
        (void)fuse_watch(t, "train", m, accuracy(t, s, m));
        sum = sum.id ? fy_add(t->g, sum, loss) : loss;
        if (branches)
            branches[m] = s;
    }
    return sum;
}

void fuse_detached(together *t, fy_node z[FUSE_MAX])
{
    for (int m = 0; m < t->f->n; m++)
        z[m] = fy_detach(t->g, t->z[m]);
}
