/* exp.c: see graph/ops/exp.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_exp, fyi_expf(x))
FYI_EACH_KERNEL(exp, fyi_native_each_unpadded);
