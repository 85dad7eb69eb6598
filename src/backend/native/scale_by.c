/* scale_by.c: see graph/ops/scale_by.c. */
#include "backend/native/each.h"

FYI_LOOP1(loop, k0 *x)

/* src and dst in one layout; the coefficient is a scalar. Its value is not known yet: infinity
 * would leave NaN in padding, so there must be none. */
static bool propose(fy_device *dev, fyi_site *site)
{
    fyi_site x = *site;
    x.n_src = 1;
    return site->src[1].dtype == FY_F32 && fyi_native_each_unpadded(dev, &x);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_affine_attr *a = l->site->attr;
    return fyi_each_run(l, loop, a->scale * *(const float *)l->src[1], 0.0f);
}

FYI_NATIVE_KERNEL(scale_by, propose, run);
