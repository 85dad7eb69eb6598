/* adagrad.c: steps that shrink with the squared gradients seen so far (Duchi et al. 2011).
 *
 *   g = clip diff + weight_decay w;  s = s + g^2;  w -= lr g / (sqrt(s) + eps) */
#include "graph/ops/optim.h"

const fyi_optim_rule fyi_adagrad_rule = {
    .name = "adagrad", .op = &fyi_op_adagrad, .n_states = 1, .state_names = { "sum" }
};

FYI_UPDATE_OP(adagrad, fyi_update_infer);

fy_optim fy_adagrad(float lr)
{
    return (fy_optim){ .rule = &fyi_adagrad_rule, .lr = lr, .eps = 1e-10f };
}
