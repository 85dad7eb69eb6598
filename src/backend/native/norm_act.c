/* norm_act.c: see graph/ops/norm_act.c. */
#include "backend/cpu.h"
#include "backend/native/native.h"
#include "backend/native/norm.h"

#if FYI_X86_64

/* ---- src, scale, shift [, other] -> dst, mean, var ------------------------------------------------- */

static bool propose(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return fyi_norm_propose(site, 0);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_norm_act_attr *a = l->site->attr;
    fyi_norm_job j = fyi_norm_begin(l, 0);
    j.eps = a->eps;
    j.lo = a->lo;
    j.hi = a->hi;
    j.scale = l->src[1];
    j.shift = l->src[2];
    j.other = a->has_other ? l->src[3] : NULL;
    j.dst = l->dst[0];
    j.mean = l->dst[1];
    j.var = l->dst[2];
    fyi_norm_forward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(norm_act, propose, run);

/* ---- diff_dst, dst, src, mean, var, scale -> diff_src, diff_scale, diff_shift [, diff_other] ------- */

static bool propose_bwd(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return fyi_norm_propose(site, 2);
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_norm_act_attr *a = l->site->attr;
    fyi_norm_job j = fyi_norm_begin(l, 2);
    j.eps = a->eps;
    j.lo = a->lo;
    j.hi = a->hi;
    j.diff = l->src[0];
    j.gate = l->src[1];
    j.mean = l->src[3];
    j.var = l->src[4];
    j.scale = l->src[5];
    j.diff_src = l->dst[0];
    j.diff_scale = l->dst[1];
    j.diff_shift = l->dst[2];
    j.passed = a->has_other ? l->dst[3] : NULL;
    fyi_norm_backward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(norm_act_bwd, propose_bwd, run_bwd);

#else

static bool decline(fy_device *dev, fyi_site *site)
{
    (void)dev;
    (void)site;
    return false;
}

FYI_NATIVE_KERNEL(norm_act, decline, NULL);
FYI_NATIVE_KERNEL(norm_act_bwd, decline, NULL);

#endif
