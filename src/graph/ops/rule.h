/* rule.h: what the shape rules of several operators check, so that one mistake reads alike
 * everywhere. */
#ifndef FYI_RULE_H
#define FYI_RULE_H

#include "graph/graph.h"

/* Source i, called `role` in messages, is of floats and has rank_min to rank_max axes: `axes` is
 * how a message writes them, "[n, c, h, w]". */
fy_status fyi_want_axes(const fyi_op_site *at, int i, const char *role, int rank_min, int rank_max,
                        const char *axes);
/* Source i is of floats and exactly of this shape. */
fy_status fyi_want_shape(const fyi_op_site *at, int i, const char *role, fy_shape shape);
/* Sources first .. first + n - 1 are vectors [c]. */
fy_status fyi_want_vectors(const fyi_op_site *at, int first, int n, const char *const *roles,
                           int64_t c);
/* Source i is of this type. */
fy_status fyi_want_dtype(const fyi_op_site *at, int i, const char *role, fy_dtype dtype);

#endif
