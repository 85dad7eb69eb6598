/* clip.c: see graph/ops/clip.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop_clip, x<k0 ? k0 : x> k1 ? k1 : x)
FYI_LOOP2(loop_clip_bwd, y > k0 && y < k1 ? x : 0.0f)

static bool propose(fy_device *dev, fyi_site *site)
{
    const fyi_clip_attr *a = site->attr;
    const bool keeps_zero = a->lo <= 0.0f && a->hi >= 0.0f;
    return keeps_zero ? fyi_native_each(dev, site) : fyi_native_each_unpadded(dev, site);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_clip_attr *a = l->site->attr;
    return fyi_each_run(l, loop_clip, a->lo, a->hi);
}

FYI_NATIVE_KERNEL_ANY(clip, propose, run);

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_clip_attr *a = l->site->attr;
    return fyi_each_run(l, loop_clip_bwd, a->lo, a->hi);
}

FYI_NATIVE_KERNEL_ANY(clip_bwd, fyi_native_each, run_bwd);
