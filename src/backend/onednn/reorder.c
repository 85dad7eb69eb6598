/* reorder.c: oneDNN's change of layout or stored type, both ends as the compiler gives them. */
#include "backend/onednn/onednn.h"

static bool make_reorder(fyi_maker *m)
{
    const fyi_md from = fyi_md_kept(m, &m->site->src[0]);
    const fyi_md to = fyi_md_kept(m, &m->site->dst[0]);
    if (!from || !to ||
        dnnl_reorder_primitive_desc_create(&m->pd, from, m->engine, to, m->engine, m->attr) !=
            dnnl_success)
        return false;
    fyi_bind(m, DNNL_ARG_FROM, FYI_FROM_SRC, 0);
    fyi_bind(m, DNNL_ARG_TO, FYI_FROM_DST, 0);
    return true;
}

FYI_ONEDNN_KERNEL(reorder);
