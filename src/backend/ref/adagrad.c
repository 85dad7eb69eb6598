/* adagrad.c: see graph/ops/adagrad.c. */
#include "backend/ref/update.h"

#include <math.h>

static void rule(update_element *e)
{
    e->g += (double)e->optim->weight_decay * e->w;
    e->state[0] += e->g * e->g;
    e->w -= e->lr * e->g / (sqrt(e->state[0]) + (double)e->optim->eps);
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_update(l, rule);
}

FYI_REF_UPDATE_KERNEL(adagrad);
