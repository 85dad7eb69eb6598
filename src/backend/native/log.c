/* log.c: see graph/ops/log.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_log, logf(x))
FYI_EACH_KERNEL(log, fyi_native_each_unpadded);
