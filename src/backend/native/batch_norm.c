/* batch_norm.c: see graph/ops/batch_norm.c. */
#include "backend/cpu.h"
#include "backend/native/native.h"
#include "backend/native/norm.h"

#if FYI_X86_64

/* ---- src, scale, shift -> dst, mean, var --------------------------------------------------------- */

static bool propose(fy_device *dev, fyi_site *site)
{
    (void)dev;
    return fyi_norm_propose(site, 0);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_norm_job j =
        fyi_norm_forward_job(l, ((const fyi_batch_norm_attr *)l->site->attr)->eps, 1);
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
    const fyi_norm_job j =
        fyi_norm_backward_job(l, ((const fyi_batch_norm_attr *)l->site->attr)->eps, 1);
    fyi_norm_backward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(batch_norm_bwd, propose_bwd, run_bwd);

#else

FYI_NATIVE_ABSENT(batch_norm);
FYI_NATIVE_ABSENT(batch_norm_bwd);

#endif
