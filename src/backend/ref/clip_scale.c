/* clip_scale.c: see graph/ops/clip_scale.c. */
#include "backend/ref/ref.h"

#include <math.h>

static fy_status run(const fyi_launch *l)
{
    const fyi_clip_scale_attr *a = l->site->attr;
    double squares = 0;
    for (int i = 0; i < l->site->n_src; i++)
        for (int64_t at = 0; at < fy_shape_numel(&l->site->src[i].shape); at++)
            squares += SRC(l, i, at) * SRC(l, i, at);
    const double factor = (double)a->max_norm / (sqrt(squares) + 1e-6);
    DST(l, 0, 0, factor > 1 ? 1 : factor); /* this way round NaN stays NaN */
    return FY_OK;
}

FYI_REF_KERNEL(clip_scale, run);
