/* Which values a plan drops so that it fits into memory. */
#ifndef FYI_BUDGET_H
#define FYI_BUDGET_H

#include "graph/passes/recompute.h"
#include "graph/plan.h"

/* A value that could be dropped. */
typedef struct fyi_candidate {
    fyi_id value;
    double score; /* of the newest look: memory over the target that goes, per work */
    bool is_fresh;
} fyi_candidate;

typedef struct fyi_budget {
    fyi_course course;
    size_t *bytes;             /* [n_values] of roots: in the block */
    size_t *scratch;           /* [n_nodes] */
    double *work;              /* [n_nodes] */
    fyi_candidate *candidates; /* by falling work */
    size_t n_candidates;
    bool *kept;            /* [n_values] what was dropped one step before */
    int32_t *first, *last; /* [2 n_values] turns: of values, and of their copies */
    int64_t *change;       /* [2 n_order + 1] of memory at each turn */
    int64_t *base;         /* [n_order + 1] changes that are the same in all courses */
} fyi_budget;

/* From a plan that is placed and drops nothing, which must outlive it. Release always. */
fy_status fyi_budget_init(fyi_budget *b, const fy_plan *p, const fy_plan_opts *o);
void fyi_budget_release(fyi_budget *b);
/* Drops nothing any more. */
void fyi_budget_begin(fyi_budget *b);
/* Drops more until about `target` bytes of the block are needed at a time. False if it cannot: then as little as it
 * can. */
bool fyi_budget_reach(fyi_budget *b, int64_t target);
/* What it needs now. */
int64_t fyi_budget_peak(fyi_budget *b);

#endif
