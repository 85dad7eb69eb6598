/* clip.c: see graph/ops/clip.c. */
#include "backend/ref/each.h"

static double value(const double *x, const void *attr)
{
    const fyi_clip_attr *a = attr;
    return x[0] < a->lo ? a->lo : x[0] > a->hi ? a->hi : x[0];
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_each(l, value);
}

FYI_REF_KERNEL(clip, run);

static double value_bwd(const double *x, const void *attr)
{
    const fyi_clip_attr *a = attr;
    return x[1] > a->lo && x[1] < a->hi ? x[0] : 0;
}

static fy_status run_bwd(const fyi_launch *l)
{
    return fyi_ref_each(l, value_bwd);
}

FYI_REF_KERNEL(clip_bwd, run_bwd);
