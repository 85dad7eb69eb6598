/* What fusions share: the parts of a sample, of which some may be missing.
 *
 * A fusion is a model on x [n, M, d + 1]: for each of M modalities its d features, and behind them 1 if the part is there
 * and 0 if it is not. What stands in a part that is missing is never looked at: each fusion puts its neutral element there,
 * so that the parts that are there come out as if they were alone. Any part may be missing in any row. */
#ifndef FYI_FUSION_H
#define FYI_FUSION_H

#include "nn/blocks.h"

typedef struct fyi_parts {
    int n;                            /* M */
    int64_t rows, width;              /* d */
    fy_node z[FY_MAX_MODALITIES];     /* [n, d] */
    fy_node there[FY_MAX_MODALITIES]; /* [n, 1], 1 or 0 */
} fyi_parts;
/* A mistake of the graph unless x is [n, M, d + 1] with M from 1 to FY_MAX_MODALITIES and d at least 1. */
fyi_parts fyi_parts_of(fy_layers *l, fy_node x);

/* Rows of value where `there` is 1, `neutral` throughout where it is 0. value [n, k] */
fy_node fyi_or_neutral(fy_graph *g, fy_node value, fy_node there, float neutral);

/* fc from part m to `width`, called "<name>.<m>". */
fy_node fyi_part_linear(fy_layers *l, const char *name, const fyi_parts *p, int m, int64_t width);

#endif
