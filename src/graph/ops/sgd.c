/* sgd.c: stochastic gradient descent with momentum (Polyak 1964; Nesterov 1983 as Sutskever et al.
 * 2013).
 *
 *   g = clip diff + weight_decay w;  m = momentum m + g
 *   w -= lr m, or lr (g + momentum m) with nesterov
 * m starts at zero, so the first step moves by g whatever the momentum. Without momentum there is no m. */
#include "graph/ops/optim.h"

const fyi_optim_rule fyi_sgd_rule = { .name = "sgd",
                                      .op = &fyi_op_sgd,
                                      .n_states = 1,
                                      .state_names = { "momentum" },
                                      .keeps_momentum = true };

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fy_optim *o = &((const fyi_update_attr *)at->attr)->optim;
    if (o->nesterov && o->momentum <= 0)
        return fyi_fail(FY_EINVAL,
                        "%s: nesterov looks ahead along the momentum, which is %g; set one "
                        "above 0",
                        at->name, (double)o->momentum);
    return fyi_update_infer(at, dst);
}

FYI_UPDATE_OP(sgd, infer);

fy_optim fy_sgd(float lr, float momentum, float weight_decay)
{
    return (fy_optim){
        .rule = &fyi_sgd_rule, .lr = lr, .momentum = momentum, .weight_decay = weight_decay
    };
}
