/* abs.c: see graph/ops/abs.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_abs, fabsf(x))
FYI_EACH_KERNEL(abs, fyi_native_each);

FYI_LOOP1(loop_sign, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)
FYI_EACH_KERNEL(sign, fyi_native_each);
