/* binary.c: see graph/ops/binary.c. */
#include "backend/native/each.h"

FYI_LOOP2(loop_add, x + y)
FYI_EACH_KERNEL(add, fyi_native_each);

FYI_LOOP2(loop_sub, x - y)
FYI_EACH_KERNEL(sub, fyi_native_each);

FYI_LOOP2(loop_mul, (x * y))
FYI_EACH_KERNEL(mul, fyi_native_each);

/* 0 / 0 would leave NaN in padding. */
FYI_LOOP2(loop_div, x / y)
FYI_EACH_KERNEL(div, fyi_native_each_unpadded);
