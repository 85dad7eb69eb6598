/* ref.c: what reference kernels ask of the compiler: everything in plain layout. */
#include "backend/ref/ref.h"

bool fyi_ref_propose(fy_device *dev, fyi_site *site)
{
    (void)dev;
    for (int i = 0; i < site->n_src; i++)
        site->src[i].layout = fyi_layout_plain(site->src[i].shape.rank);
    for (int i = 0; i < site->n_dst; i++)
        site->dst[i].layout = fyi_layout_plain(site->dst[i].shape.rank);
    return true;
}
