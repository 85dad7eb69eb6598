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
    fyi_norm_job j = fyi_norm_forward_job(l, a->eps, 1);
    j.lo = a->lo;
    j.hi = a->hi;
    j.other = a->has_other ? l->src[3] : NULL;
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
    fyi_norm_job j = fyi_norm_backward_job(l, a->eps, 2);
    j.lo = a->lo;
    j.hi = a->hi;
    j.gate = l->src[1];
    j.passed = a->has_other ? l->dst[3] : NULL;
    fyi_norm_backward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(norm_act_bwd, propose_bwd, run_bwd);

#else

FYI_NATIVE_ABSENT(norm_act);
FYI_NATIVE_ABSENT(norm_act_bwd);

#endif
