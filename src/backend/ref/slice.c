/* slice.c: see graph/ops/slice.c. */
#include "backend/ref/ref.h"
#include "graph/ops/axis.h"

/* src [outer, whole, inner] -> dst [outer, size, inner] */
static fy_status run(const fyi_launch *l)
{
    const fyi_axis_attr *a = l->site->attr;
    const fyi_axis src = fyi_axis_of(&l->site->src[0].shape, a->axis);
    for (int64_t o = 0; o < src.outer; o++)
        for (int64_t k = 0; k < a->size; k++)
            for (int64_t i = 0; i < src.inner; i++)
                DST(l, 0, (o * a->size + k) * src.inner + i,
                    SRC(l, 0, (o * src.size + a->begin + k * a->step) * src.inner + i));
    return FY_OK;
}

FYI_REF_KERNEL(slice, run);
