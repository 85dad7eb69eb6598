/* bce_logits.c: see graph/ops/bce_logits.c. */
#include "backend/native/each.h"

FYI_LOOP2(loop_bce_logits, (x > 0.0f ? x : 0.0f) - x * y + fyi_log1pf_to_one(fyi_expf(-fabsf(x))))
FYI_EACH_KERNEL(bce_logits, fyi_native_each_unpadded);

FYI_LOOP3(loop_bce_logits_bwd, (x * (fyi_sigmoidf(y) - z)))
FYI_EACH_KERNEL(bce_logits_bwd, fyi_native_each);
