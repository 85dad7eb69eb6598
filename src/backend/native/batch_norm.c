/* batch_norm.c: see graph/ops/batch_norm.c. */
#include "backend/cpu.h"
#include "backend/native/native.h"
#include "backend/native/norm.h"

#include <math.h>

#if FYI_X86_64

/* ---- src, scale, shift -> dst, mean, var --------------------------------------------------------- */

static bool propose(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return fyi_norm_propose(site, 0);
}

static fy_status run(const fyi_launch *l)
{
    fyi_norm_job j = fyi_norm_begin(l, 0);
    j.eps = ((const fyi_batch_norm_attr *)l->site->attr)->eps;
    j.lo = -INFINITY;
    j.hi = INFINITY;
    j.scale = l->src[1];
    j.shift = l->src[2];
    j.dst = l->dst[0];
    j.mean = l->dst[1];
    j.var = l->dst[2];
    fyi_norm_forward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(batch_norm, propose, run);

/* ---- diff_dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift -------------------------- */

static bool propose_bwd(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return ((const fyi_batch_norm_attr *)site->attr)->training && fyi_norm_propose(site, 1);
}

static fy_status run_bwd(const fyi_launch *l)
{
    fyi_norm_job j = fyi_norm_begin(l, 1);
    j.eps = ((const fyi_batch_norm_attr *)l->site->attr)->eps;
    j.diff = l->src[0];
    j.mean = l->src[2];
    j.var = l->src[3];
    j.scale = l->src[4];
    j.diff_src = l->dst[0];
    j.diff_scale = l->dst[1];
    j.diff_shift = l->dst[2];
    fyi_norm_backward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(batch_norm_bwd, propose_bwd, run_bwd);

#else

static bool decline(fy_device *dev, fyi_site *site)
{
    (void)dev;
    (void)site;
    return false;
}

FYI_NATIVE_KERNEL(batch_norm, decline, NULL);
FYI_NATIVE_KERNEL(batch_norm_bwd, decline, NULL);

#endif
