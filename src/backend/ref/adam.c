/* adam.c: see graph/ops/adam.c. */
#include "backend/ref/update.h"

#include <math.h>

static void rule(update_element *e)
{
    const fy_optim *o = e->optim;
    const double beta1 = (double)o->beta1, beta2 = (double)o->beta2;
    e->g += (double)o->weight_decay * e->w;
    e->state[0] = beta1 * e->state[0] + (1 - beta1) * e->g;
    e->state[1] = beta2 * e->state[1] + (1 - beta2) * e->g * e->g;
    const double deviation = sqrt(e->state[1] / (1 - pow(beta2, e->t))) + (double)o->eps;
    e->w -= e->lr / (1 - pow(beta1, e->t)) * e->state[0] / deviation;
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_update(l, rule);
}

FYI_REF_UPDATE_KERNEL(adam);
