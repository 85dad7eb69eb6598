/* affine.c: see graph/ops/affine.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop, k0 *x + k1)

static bool propose(fy_device *dev, fyi_site *site)
{
    const fyi_affine_attr *a = site->attr;
    const bool keeps_zero = a->shift == 0.0f && isfinite(a->scale);
    return keeps_zero ? fyi_native_each(dev, site) : fyi_native_each_unpadded(dev, site);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_affine_attr *a = l->site->attr;
    return fyi_each_run(l, loop, a->scale, a->shift);
}

FYI_NATIVE_KERNEL(affine, propose, run);
