/* tanh.c: see graph/ops/tanh.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_tanh, fyi_tanhf(x))
FYI_EACH_KERNEL(tanh, fyi_native_each);

FYI_LOOP2(loop_tanh_bwd, (x * (1.0f - y * y)))
FYI_EACH_KERNEL(tanh_bwd, fyi_native_each);
