/* adam.c: adaptive moments (Kingma and Ba 2015, algorithm 1), weight decay as L2.
 *
 *   g = clip diff + weight_decay w;  m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
 *   w -= lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps), t counting from 1 */
#include "graph/ops/optim.h"

const fyi_optim_rule fyi_adam_rule = {
    .name = "adam", .op = &fyi_op_adam, .n_states = 2, .state_names = { "exp_avg", "exp_avg_sq" }
};

FYI_UPDATE_OP(adam, fyi_update_infer);

fy_optim fy_adam(float lr)
{
    return (
        fy_optim){ .rule = &fyi_adam_rule, .lr = lr, .beta1 = 0.9f, .beta2 = 0.999f, .eps = 1e-8f };
}
