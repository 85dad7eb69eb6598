/* sqrt.c: see graph/ops/sqrt.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_sqrt, sqrtf(x))
FYI_EACH_KERNEL(sqrt, fyi_native_each);
