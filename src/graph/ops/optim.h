/* optim.h: what the four update operators share. fyi_update_attr in graph/graph.h lists their
 * sources and destinations. */
#ifndef FYI_OPTIM_H
#define FYI_OPTIM_H

#include "graph/graph.h"

extern const fyi_optim_rule fyi_sgd_rule, fyi_adam_rule, fyi_adamw_rule, fyi_adagrad_rule;

/* The shape rule: every parameter, its gradient and its states are alike. */
fy_status fyi_update_infer(const fyi_op_site *at, fyi_spec *dst);
int fyi_update_count(const fyi_op_site *at);
bool fyi_update_own(fyi_arena *arena, void *attr);

/* Defines fyi_op_<op_name>, the operator of one optimiser. */
#define FYI_UPDATE_OP(op_name, check)                                        \
    const fyi_op fyi_op_##op_name = { .name = #op_name,                      \
                                      .n_src = -1,                           \
                                      .min_src = 2,                          \
                                      .n_dst = -1,                           \
                                      .attr_bytes = sizeof(fyi_update_attr), \
                                      .flags = FYI_OP_UPDATE | FYI_OP_OPTIM, \
                                      .infer = (check),                      \
                                      .count_dst = fyi_update_count,         \
                                      .own_attr = fyi_update_own }

/* Where things stand among an update's sources and destinations. */
static inline int fyi_update_step_src(const fyi_update_attr *a)
{
    return a->n_groups + a->has_clip;
}

/* Source index of parameter i; its gradient and its states follow. */
static inline int fyi_update_param_src(const fyi_update_attr *a, int i)
{
    return fyi_update_step_src(a) + 1 + i * (2 + a->n_states);
}

/* Destination index of parameter i; its states follow. Destination 0 is the step count. */
static inline int fyi_update_param_dst(const fyi_update_attr *a, int i)
{
    return 1 + i * (1 + a->n_states);
}

#endif
