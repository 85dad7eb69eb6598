/* pool.h: the window arithmetic that both poolings and their fused forms share. */
#ifndef FYI_POOL_H
#define FYI_POOL_H

#include "graph/graph.h"

/* dst [n, c, oh, ow] of pooling src [n, c, h, w], with
 *   oh = (h + 2 pad - kernel) / stride + 1, rounded down, or up with ceil_mode unless the last
 * window would start in the padding after the image. Fails on options and sizes that leave a window
 * empty. */
fy_status fyi_pool_shape(const fyi_op_site *at, const fy_pool_opts *o, const fy_shape *src,
                         fy_shape *dst);
/* Type of a position in the window, kh * KW + kw: u8 where it fits. */
fy_dtype fyi_pool_index_dtype(const fy_pool_opts *o);

#endif
