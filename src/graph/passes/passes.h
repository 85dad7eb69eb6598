/* The compiler's passes, in the order fy_plan_new runs them over the plan's own copy of the graph:
 *
 *   sequence   objectives become gradient and update nodes, in segments that run one after the other
 *   fold       batch norm in evaluation mode folds into the convolution before it
 *   fuse       neighbours become one node where the device has a fast kernel for it
 *   order      live nodes in execution order; what is dead is left out
 *   recompute  where memory is short: values that are dropped after use and computed again for late readers
 *   place      kernels, layouts and reorders (place.c)
 *   lifetime   every buffer gets an offset in one block (lifetime.c) */
#ifndef FYI_PASSES_H
#define FYI_PASSES_H

#include "graph/graph.h"

/* What has to be computed between two updates. */
typedef struct fyi_segment {
    fyi_id *roots; /* values computed before anything is overwritten: sources of the updates, outputs */
    size_t n_roots, cap_roots;
    int32_t *updates; /* nodes that overwrite parameters, in order */
    size_t n_updates, cap_updates;
} fyi_segment;

typedef struct fyi_program {
    fy_graph *g;           /* the plan's copy */
    fyi_segment *segments; /* one per objective; at least one */
    size_t n_segments;
    /* For each value of the caller's graph: the value that holds it after a step. */
    fyi_id *shown;
    size_t n_shown;
    int32_t *order; /* nodes in execution order */
    size_t n_order, cap_order;
} fyi_program;

fy_status fyi_segment_root(fyi_segment *s, fyi_id value);
fy_status fyi_segment_update(fyi_segment *s, int32_t node);
/* A copy of a program with an order, whose graph is its own. It has no segments: after `order` nobody asks. Release
 * always. */
fy_status fyi_program_clone(const fyi_program *p, fyi_program *out);
void fyi_program_release(fyi_program *p);

fy_status fyi_pass_sequence(fyi_program *p, const fy_plan_opts *o);
fy_status fyi_pass_fold(fyi_program *p);
fy_status fyi_pass_fuse(fyi_program *p, fy_device *dev, fy_dtype precision);
fy_status fyi_pass_order(fyi_program *p);

/* fixed[v]: does v depend on frozen parameters and constants only? outputs[v]: is it read after the step? Both
 * [n_values], false at first. */
void fyi_mark_fixed(const fyi_program *p, bool *fixed);
void fyi_mark_outputs(const fyi_program *p, const fy_plan_opts *o, bool *outputs);

/* Debug builds call it after every pass: ids in range, shapes and types as the rules say, updates alias; and in an order,
 * if there is one, every value is computed before it is read and not overwritten by then. */
fy_status fyi_check(const fyi_program *p, const char *after);

#endif
