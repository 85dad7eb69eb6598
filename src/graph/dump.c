/* dump.c: the plan as a table for eyes: what runs, with which kernel, on which shapes and layouts. */
#include "graph/fit.h"

#include <string.h>

static void put_desc(fyi_buf *b, const fyi_desc *d)
{
    char spec[FYI_SPEC_CHARS], layout[32];
    fyi_buf_printf(b, " %s:%s", fyi_spec_text(d->dtype, &d->shape, spec),
                   fyi_layout_text(&d->layout, layout));
}

static void put_run(fyi_buf *b, const fy_plan *p, const fyi_run *r)
{
    fyi_buf_printf(b, "%-5s %-24s %-22s %-16s", r->once ? "once" : "", r->site.name,
                   r->site.op->name, r->kernel->name);
    if (fyi_plan_is_measured(p) && p->steps)
        fyi_buf_printf(b, " %8.4f ms", 1e3 * r->seconds / (double)p->steps);
    for (int i = 0; i < FYI_MIN(r->site.n_src, 4); i++)
        put_desc(b, &r->site.src[i]);
    fyi_buf_puts(b, r->site.n_src > 4 ? " ... ->" : " ->");
    for (int i = 0; i < FYI_MIN(r->site.n_dst, 2); i++)
        put_desc(b, &r->site.dst[i]);
    fyi_buf_puts(b, "\n");
}

size_t fy_plan_text(const fy_plan *p, char *buf, size_t bytes)
{
    fyi_buf b = { 0 };
    for (size_t i = 0; i < p->n_runs; i++)
        put_run(&b, p, &p->runs[i]);
    fyi_buf_printf(
        &b,
        "%d kernels, %d reorders, %.1f MiB of activations (%.1f without reuse), "
        "%.1f MiB of parameters and state\n",
        p->info.n_kernels, p->info.n_reorders, (double)p->info.activation_bytes / 1048576.0,
        (double)p->info.unplanned_bytes / 1048576.0, (double)p->info.persistent_bytes / 1048576.0);
    if (p->info.n_recomputed) {
        char text[FYI_FIT_CHARS];
        fyi_fit_text(&p->info, text);
        fyi_buf_printf(&b, "%s\n", text);
    }
    const size_t len = b.len;
    if (bytes) {
        const size_t n = FYI_MIN(bytes - 1, len);
        if (n)
            memcpy(buf, b.p, n);
        buf[n] = '\0';
    }
    fyi_buf_release(&b);
    return len;
}
