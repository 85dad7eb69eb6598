/* A step in which some values are not kept for their late readers: what is computed again, and when. */
#ifndef FYI_RECOMPUTE_H
#define FYI_RECOMPUTE_H

#include "graph/passes/passes.h"
#include "graph/passes/walk.h"

/* One launch to be: a node of the order, or a copy of one right before it. */
typedef struct fyi_turn {
    int32_t node;
    int32_t at; /* index in the order */
    bool is_copy;
} fyi_turn;

/* Lives are told in indices of the order. Memory belongs to a root: a value that is no view, with its views. */
typedef struct fyi_course {
    const fyi_program *p; /* with an order; outlives the course */
    bool *outputs;        /* [n_values] read after the step */
    bool *lasting;  /* [n_values] never in the block: sources, what updates write, what is fixed */
    fyi_id *root;   /* [n_values] */
    int32_t *last;  /* [n_values] of roots: the last reader; n_order for outputs */
    int32_t *until; /* [n_values] of roots: the last reader before the longest time without any */
    int32_t *overwritten; /* [n_values] of roots: the update that writes there, INT32_MAX if none */
    bool *drop; /* [n_values] of roots: its readers after `until` read a copy. The caller sets it */
    fyi_turn *turns; /* of fyi_course_run */
    size_t n_turns;
    bool *copied; /* [n_nodes] scratch, as the walk is */
    fyi_walk walk;
    fyi_arena arena;
} fyi_course;

/* Nothing is dropped at first. Release always. */
fy_status fyi_course_init(fyi_course *c, const fyi_program *p, const fy_plan_opts *o);
void fyi_course_release(fyi_course *c);
/* Fills turns: all of the order, and before each reader the copies that it is the first to need. False if one of these
 * would read a parameter that has been overwritten by then. */
bool fyi_course_run(fyi_course *c);
/* Must a reader at `at` read a copy of v? */
bool fyi_course_is_gone(const fyi_course *c, fyi_id v, int32_t at);

/* Rewrites p, a copy of c's program, as the last fyi_course_run says. */
fy_status fyi_pass_recompute(fyi_program *p, const fyi_course *c);

#endif
