/* one_hot.c: see graph/ops/one_hot.c. */
#include "backend/ref/ref.h"

#include <math.h>

static fy_status run(const fyi_launch *l)
{
    const fy_shape *s = &l->site->dst[0].shape;
    const int32_t *labels = l->src[0];
    for (int64_t i = 0; i < s->d[0]; i++)
        for (int64_t j = 0; j < s->d[1]; j++) {
            const bool is_class = labels[i] >= 0 && labels[i] < s->d[1];
            DST(l, 0, i * s->d[1] + j, is_class ? labels[i] == j : NAN);
        }
    return FY_OK;
}

FYI_REF_KERNEL(one_hot, run);
