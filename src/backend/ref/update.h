/* update.h: the loop that the reference optimisers share: each parameter element moves on its own. */
#ifndef FYI_REF_UPDATE_H
#define FYI_REF_UPDATE_H

#include "backend/ref/ref.h"
#include "graph/ops/optim.h"

/* One element: its parameter, gradient (clipped already) and states, which the rule changes in place. */
typedef struct update_element {
    const fy_optim *optim;
    double lr, t; /* t: this step's number, from 1 */
    double w, g, state[2];
} update_element;

typedef void (*update_rule)(update_element *e);

fy_status fyi_ref_update(const fyi_launch *l, update_rule rule);

/* Every parameter in the layout it lies in, and its gradient and states likewise: elements move on their own,
 * and padding, zero throughout, stays zero. */
bool fyi_ref_update_propose(fy_device *dev, fyi_site *site);

#define FYI_REF_UPDATE_KERNEL(op_name)                                                        \
    const fyi_kernel fyi_ref_##op_name = {                                                    \
        .name = "ref", .op = &fyi_op_##op_name, .propose = fyi_ref_update_propose, .run = run \
    }

#endif
