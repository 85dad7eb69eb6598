/* global_pool.c: one window over the whole image, [n, c, h, w] -> [n, c], so that it runs in whatever layout the
 * convolution before it left. */
#include "graph/graph.h"

static fy_pool_opts whole_image(const fy_graph *g, fy_node x)
{
    const fy_shape s = fy_node_shape(g, x);
    fy_pool_opts o = fy_pool_defaults(1);
    for (int i = 0; i < 2; i++)
        o.kernel[i] = o.stride[i] = s.rank == 4 ? s.d[2 + i] : 1;
    return o;
}

fy_node fy_global_avg_pool(fy_graph *g, fy_node x)
{
    const fy_pool_opts o = whole_image(g, x);
    return fy_flatten(g, fy_avg_pool2d(g, x, &o));
}

fy_node fy_global_max_pool(fy_graph *g, fy_node x)
{
    const fy_pool_opts o = whole_image(g, x);
    return fy_flatten(g, fy_max_pool2d(g, x, &o));
}

fy_node fy_global_l2_pool(fy_graph *g, fy_node x)
{
    const fy_pool_opts o = whole_image(g, x);
    return fy_flatten(g, fy_l2_pool2d(g, x, &o));
}
