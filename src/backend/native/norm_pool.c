/* norm_pool.c: see graph/ops/norm_pool.c. An item is normalised and pooled while it is in the cache: it never goes to
 * memory, neither forward nor backward. To the bit what norm_act and max_pool2d give one after the other. */
#include "backend/cpu.h"
#include "backend/native/native.h"
#include "backend/native/norm.h"

#if FYI_X86_64

#define MIN_CHANNELS 16 /* as max_pool.c */

static fyi_max_pool pool_of(const fyi_site *s, const fyi_desc *src, const fyi_desc *dst)
{
    const fy_pool_opts *o = &((const fyi_norm_pool_attr *)s->attr)->pool;
    return fyi_max_pool_sizes(o, src, dst);
}

/* ---- src, scale, shift -> dst, index, mean, var ---------------------------------------------------- */

static bool propose(fy_device *dev, fyi_site *s)
{
    (void)dev;
    const fyi_max_pool p = pool_of(s, &s->src[0], &s->dst[0]);
    return s->src[0].shape.d[1] >= MIN_CHANNELS && fyi_norm_propose_pool(s, 0, &p, &s->dst[1]);
}

static fy_status run(const fyi_launch *l)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const fyi_max_pool p = pool_of(l->site, &l->site->src[0], &l->site->dst[0]);
    fyi_norm_job j = fyi_norm_forward_job(l, a->eps, 2);
    fyi_norm_set_pool(&j, l, &p, l->dst[1]);
    j.lo = a->lo;
    j.hi = a->hi;
    fyi_norm_forward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(norm_pool, propose, run);

/* ---- diff_dst, dst, index, src, mean, var, scale -> diff_src, diff_scale, diff_shift ---------------- */

static bool propose_bwd(fy_device *dev, fyi_site *s)
{
    (void)dev;
    const fyi_max_pool p = pool_of(s, &s->src[3], &s->src[0]);
    return s->src[3].shape.d[1] >= MIN_CHANNELS && fyi_norm_propose_pool(s, 3, &p, &s->src[2]);
}

static fy_status run_bwd(const fyi_launch *l)
{
    const fyi_norm_pool_attr *a = l->site->attr;
    const fyi_max_pool p = pool_of(l->site, &l->site->src[3], &l->site->src[0]);
    fyi_norm_job j = fyi_norm_backward_job(l, a->eps, 3);
    fyi_norm_set_pool(&j, l, &p, l->src[2]);
    j.lo = a->lo;
    j.hi = a->hi;
    j.gate = l->src[1];
    fyi_norm_backward(&j);
    return FY_OK;
}

FYI_NATIVE_KERNEL_ANY(norm_pool_bwd, propose_bwd, run_bwd);

#else

FYI_NATIVE_ABSENT(norm_pool);
FYI_NATIVE_ABSENT(norm_pool_bwd);

#endif
