/* sgd.c: see graph/ops/sgd.c. */
#include "backend/ref/update.h"

static void rule(update_element *e)
{
    const double momentum = (double)e->optim->momentum;
    e->g += (double)e->optim->weight_decay * e->w;
    if (momentum > 0) {
        e->state[0] = momentum * e->state[0] + e->g;
        e->g = e->optim->nesterov ? e->g + momentum * e->state[0] : e->state[0];
    }
    e->w -= e->lr * e->g;
}

static fy_status run(const fyi_launch *l)
{
    return fyi_ref_update(l, rule);
}

FYI_REF_UPDATE_KERNEL(sgd);
