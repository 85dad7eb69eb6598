/* Copying along an axis, for concat, slice and pad: runs of bytes between [outer, size, inner] tensors. */
#ifndef FYI_NATIVE_AXIS_H
#define FYI_NATIVE_AXIS_H

#include "backend/native/native.h"
#include "graph/ops/axis.h"

#include <string.h>

/* Plain; or along the first axis any common layout that keeps each of its indices in one piece, so that
 * features of two batches can be joined and parted as the convolutions left them; or along the channels
 * blocks of them that no piece cuts, as dense blocks and inceptions join theirs. */
bool fyi_native_along(fy_device *dev, fyi_site *site);
/* Bytes that one index of the axis covers, padding included; of a block of channels its share. */
int64_t fyi_native_index_bytes(const fyi_desc *d, int axis);
/* outer times n runs of `bytes` bytes: run (o, k) goes from src + o * src_outer + k * src_step to its like in
 * dst. */
typedef struct fyi_runs {
    int64_t outer, n, bytes;
    char *dst;
    int64_t dst_outer, dst_step;
    const char *src;
    int64_t src_outer, src_step;
} fyi_runs;
void fyi_native_copy_runs(const fyi_runs *runs);

#endif
