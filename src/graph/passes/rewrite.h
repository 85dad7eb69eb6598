/* What the rewriting passes share: use counts over live nodes, and replacing one value by another. */
#ifndef FYI_REWRITE_H
#define FYI_REWRITE_H

#include "graph/passes/passes.h"

/* uses[v]: how many sources of live nodes, roots included, are v. alive[k]: node k is reached. */
typedef struct fyi_uses {
    int32_t *uses; /* [n_values] */
    bool *alive;   /* [n_nodes] */
    size_t n_values, n_nodes;
    size_t cap_values, cap_nodes;
} fyi_uses;
/* Release always. */
fy_status fyi_uses_count(const fyi_program *p, fyi_uses *u);
void fyi_uses_release(fyi_uses *u);
/* Takes up what has been appended since: unused, and dead. */
fy_status fyi_uses_extend(const fy_graph *g, fyi_uses *u);
/* Debug builds: are the counts what counting anew gives? */
fy_status fyi_uses_check(const fyi_program *p, const fyi_uses *u);

/* Everything that read `from` reads `to`. The counts follow: `to`'s node lives if `from`'s did, which dies once none of
 * its destinations is read. */
void fyi_replace(fyi_program *p, fyi_uses *u, fyi_id from, fyi_id to);
/* A node's sources, to be changed: a plan's graph is its own, and they lie in its arena. */
fyi_id *fyi_sources_of(fy_graph *g, size_t node);
/* The node that defines v, if it is an `op`, else NULL. */
const fyi_node *fyi_def_if(const fy_graph *g, fyi_id v, const fyi_op *op);

#endif
