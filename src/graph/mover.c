/* mover.c: one layout or type change outside a step, run by the device's own reorder kernel. */
#include "graph/plan.h"

/* The site points into the mover, so a mover stays where it was initialised. */
fy_status fyi_mover_init(fyi_mover *m, fy_device *dev, const fyi_desc *from, const fyi_desc *to)
{
    *m = (fyi_mover){ .desc = { *from, *to } };
    m->site = (fyi_site){ .op = &fyi_op_reorder,
                          .name = "reorder",
                          .n_src = 1,
                          .n_dst = 1,
                          .src = &m->desc[0],
                          .dst = &m->desc[1] };
    m->kernel = fyi_kernel_find(dev, &m->site);
    if (!m->kernel)
        return fyi_fail(FY_ENOKERNEL, "device '%s' has no reorder kernel", dev->name);
    if (m->site.scratch_bytes && !(m->scratch = fyi_alloc(m->site.scratch_bytes)))
        return fyi_enomem(m->site.scratch_bytes, "a reorder");
    return m->kernel->create ? m->kernel->create(dev, &m->site, &m->state) : FY_OK;
}

fy_status fyi_mover_run(const fyi_mover *m, fy_device *dev, const void *from, void *to)
{
    void *const src[] = { (void *)(uintptr_t)from }; /* kernels read their sources only */
    void *const dst[] = { to };
    const fyi_launch l = {
        .dev = dev, .site = &m->site, .state = m->state, .src = src, .dst = dst, .scratch = m->scratch
    };
    return m->kernel->run(&l);
}

void fyi_mover_release(fyi_mover *m)
{
    if (m->kernel && m->kernel->destroy && m->state)
        m->kernel->destroy(m->state);
    fyi_free(m->scratch);
    *m = (fyi_mover){ 0 };
}

fy_status fyi_convert(fy_device *dev, const fyi_desc *from, const void *src, const fyi_desc *to,
                      void *dst)
{
    fyi_mover m;
    fy_status st = fyi_mover_init(&m, dev, from, to);
    if (st == FY_OK)
        st = fyi_mover_run(&m, dev, src, dst);
    fyi_mover_release(&m);
    return st;
}
