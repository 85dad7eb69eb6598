/* Copying along an axis, for concat and slice: runs of bytes between [outer, size, inner] tensors.
 */
#ifndef FYI_NATIVE_AXIS_H
#define FYI_NATIVE_AXIS_H

#include "backend/native/native.h"
#include "graph/ops/axis.h"

#include <string.h>

/* Plain, or along the first axis any common layout that keeps each of its indices in one piece:
 * features of two batches can be joined and parted as the convolutions left them. */
bool fyi_native_along(fy_device *dev, fyi_site *site);
/* Bytes that one index of the axis covers, padding included. */
int64_t fyi_native_index_bytes(const fyi_desc *d, int axis);
/* outer times: n bytes from src to dst, which advance by their own steps. */
void fyi_native_copy_runs(int64_t outer, int64_t n, char *dst, int64_t dst_step, const char *src,
                          int64_t src_step);

#endif
