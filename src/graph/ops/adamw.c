/* adamw.c: Adam with decoupled weight decay (Loshchilov and Hutter 2019): w shrinks by lr
 * weight_decay w before Adam's step, and the decay stays out of the moments. */
#include "graph/ops/optim.h"

const fyi_optim_rule fyi_adamw_rule = {
    .name = "adamw", .op = &fyi_op_adamw, .n_states = 2, .state_names = { "exp_avg", "exp_avg_sq" }
};

FYI_UPDATE_OP(adamw, fyi_update_infer);

fy_optim fy_adamw(float lr)
{
    fy_optim o = fy_adam(lr);
    o.rule = &fyi_adamw_rule;
    o.weight_decay = 1e-2f;
    return o;
}
