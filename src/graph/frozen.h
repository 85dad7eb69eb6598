/* Where the frozen part of a graph ends: what can be computed once per sample. */
#ifndef FYI_FROZEN_H
#define FYI_FROZEN_H

#include "graph/graph.h"

/* What is asked: which values of g follow from x and from what stays. */
typedef struct fyi_frozen_of {
    const fy_graph *g;
    fy_node x; /* a fed batch */
    bool (*moves)(const void *arg,
                  const fy_param *p); /* NULL: what the graph's objectives move does */
    const void *arg;
    const fy_node *read; /* values that are read besides those that nodes read: a plan's outputs */
    int n_read;
} fyi_frozen_of;

/* Values that depend on x, on frozen parameters and on nothing else, one row per sample, and that something else
 * reads; the deepest first. x itself is never one. The log says when there are more than FYI_MAX_CUT. */
#define FYI_MAX_CUT 32
fy_status fyi_frozen_cut(const fyi_frozen_of *of, fy_node cut[FYI_MAX_CUT], int *n);

/* frozen_part.c: what the cut values are computed from, as a graph of its own for batches of another size. */
typedef struct fyi_frozen_part {
    fy_graph *g; /* lends its attributes' data from the graph it was taken of */
    fy_node x, cut[FYI_MAX_CUT];
} fyi_frozen_part;
/* Free out->g. */
fy_status fyi_frozen_part_of(const fy_graph *g, fy_node x, const fy_node *cut, int n, int64_t batch,
                             fyi_frozen_part *out);

/* Of all that the cut values are computed from: operators, attributes, and the bytes of constants and parameters.
 * *is_known: false where an operator's attributes cannot be hashed. */
fy_status fyi_frozen_hash(const fy_graph *g, const fy_node *cut, int n, fyi_sha256 *h,
                          bool *is_known);
/* attr_hash.c: of what makes one use of an operator differ from another. False for an operator that it does not know. */
bool fyi_attr_hash(const fyi_node *n, fyi_sha256 *h);
/* As fy_plan_new, but without memory: it tells its kernels, and is not run before it has taken it, once. */
fy_status fyi_plan_new_bare(const fy_graph *g, fy_device *dev, const fy_plan_opts *o, fy_plan **out);
fy_status fyi_plan_take_memory(fy_plan *p);
/* Of the kernels that a plan runs, in their order, and the types they read and give. *by_threads: a kernel is among
 * them whose results are the same for the same number of threads only. */
void fyi_plan_hash_kernels(const fy_plan *p, fyi_sha256 *h, bool *by_threads);
/* Does anything that runs read this input? */
bool fyi_plan_reads(const fy_plan *p, fy_node input);

#endif
