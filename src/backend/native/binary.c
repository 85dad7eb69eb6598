/* binary.c: see graph/ops/binary.c. */
#include "backend/native/each.h"

FYI_LOOP2(loop_add, x + y)
static fy_status run_add(const fyi_launch *l)
{
    return fyi_each_run(l, loop_add, 0.0f, 0.0f);
}

/* Residual connections and the sums of their gradients. */
FYI_NATIVE_KERNEL_ANY(add, fyi_native_each, run_add);

FYI_LOOP2(loop_sub, x - y)
FYI_EACH_KERNEL(sub, fyi_native_each);

FYI_LOOP2(loop_mul, (x * y))
FYI_EACH_KERNEL(mul, fyi_native_each);

/* 0 / 0 would leave NaN in padding. */
FYI_LOOP2(loop_div, x / y)
FYI_EACH_KERNEL(div, fyi_native_each_unpadded);
