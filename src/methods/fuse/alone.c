/* alone.c: each modality by itself. The figures of both are made of the same encoders and classifiers: the best of them, or the sum of
 * their logits, which is what every fusion has to be held against. */
#include "methods/fuse/fuse.h"

/* The best modality by itself is all that there is; a sample that lacks it is guessed. */
static void take_best(const fusing *f, fy_fused_figures *v)
{
    int best = 0;
    for (int m = 1; m < f->n; m++)
        if (v->branches[m].val > v->branches[best].val)
            best = m;
    v->fused = v->subsets[1u << best];
    v->fused_val = v->branches[best].val;
}

const fuse_method fuse_alone = { .name = "alone",
                                 .text = "each modality by itself, and the best of them",
                                 .learns_alone = true,
                                 .add_figures = take_best };

const fuse_method fuse_late = { .name = "late",
                                .text = "each modality by itself, their logits added",
                                .learns_alone = true };
