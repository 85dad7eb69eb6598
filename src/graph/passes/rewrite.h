/* What the rewriting passes share: use counts over live nodes, and replacing one value by another. */
#ifndef FYI_REWRITE_H
#define FYI_REWRITE_H

#include "graph/passes/passes.h"

/* uses[v]: how many sources of live nodes, roots included, are v. alive[k]: node k is reached. */
typedef struct fyi_uses {
    int32_t *uses; /* [n_values] */
    bool *alive;   /* [n_nodes] */
    size_t n_nodes;
} fyi_uses;
fy_status fyi_uses_count(const fyi_program *p, fyi_uses *u);
void fyi_uses_release(fyi_uses *u);

/* Everything that read `from` reads `to`. */
void fyi_replace(fyi_program *p, fyi_id from, fyi_id to);
/* The node that defines v, if it is an `op`, else NULL. */
const fyi_node *fyi_def_if(const fy_graph *g, fyi_id v, const fyi_op *op);

#endif
