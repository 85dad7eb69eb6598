/* sigmoid.c: see graph/ops/sigmoid.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_sigmoid, fyi_sigmoidf(x))
FYI_EACH_KERNEL(sigmoid, fyi_native_each_unpadded);

FYI_LOOP2(loop_sigmoid_bwd, (x * y * (1.0f - y)))
FYI_EACH_KERNEL(sigmoid_bwd, fyi_native_each);
