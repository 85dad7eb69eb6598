/* space.h: what the tools for features x [n, d] share. */
#ifndef FYI_SPACE_H
#define FYI_SPACE_H

#include "tensor/tensor.h"

#include <ferry/train.h>

/* FY_EDTYPE or FY_ESHAPE unless x is f32 [n, d] with n, d >= 1, FY_ENAN naming the first value that is not
 * finite; `what` begins the sentence. */
fy_status fyi_check_points(const fy_tensor *x, const char *what);

#endif
