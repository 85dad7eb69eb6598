/* optim.c: options of an optimiser as methods take them. */
#include "optim.h"

fy_status optim_of(const fy_optim_opts *o, fy_optim *out)
{
    const fy_status st = fy_optim_named(o->name, (float)o->lr, out);
    out->momentum = (float)o->momentum;
    out->nesterov = o->nesterov;
    out->beta1 = (float)o->beta1;
    out->weight_decay = (float)o->weight_decay;
    out->clip_norm = (float)o->clip_norm;
    return st;
}
