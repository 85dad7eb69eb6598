/* l2_pool2d.c: the root of the mean of the squares of each window, and pooling of whole images.
 *
 *   src [n, c, h, w]   dst [n, c, oh, ow] = sqrt(avg_pool2d(src^2) + 1e-12)
 * The root has no slope at 0, and a channel that a ReLU has switched off everywhere is 0: the small number
 * makes its gradient 0 instead of NaN. */
#include "graph/graph.h"

fy_node fy_l2_pool2d(fy_graph *g, fy_node x, const fy_pool_opts *o)
{
    return fy_sqrt(g, fy_affine(g, fy_avg_pool2d(g, fy_square(g, x), o), 1.0f, 1e-12f));
}
