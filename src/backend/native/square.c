/* square.c: see graph/ops/square.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_square, (x * x))
FYI_EACH_KERNEL(square, fyi_native_each);
