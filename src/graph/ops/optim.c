/* optim.c: the optimisers by name, and the shape rule that their update operators share.
 *
 * One node updates every parameter of an objective, so that small tensors cost no launches of their
 * own. Its formulas are PyTorch's, step for step. */
#include "graph/ops/optim.h"
#include "graph/ops/rule.h"

#include <string.h>

typedef fy_optim (*optim_maker)(float lr);

static fy_optim bare_sgd(float lr)
{
    return fy_sgd(lr, 0, 0);
}

static const char *const names[] = { "sgd", "adam", "adamw", "adagrad", NULL };
static const optim_maker makers[] = { bare_sgd, fy_adam, fy_adamw, fy_adagrad };

const char *const *fy_optim_names(void)
{
    return names;
}

fy_status fy_optim_named(const char *name, float lr, fy_optim *out)
{
    for (size_t i = 0; i < FYI_LEN(makers); i++)
        if (strcmp(name, names[i]) == 0) {
            *out = makers[i](lr);
            return FY_OK;
        }
    const char *near = fyi_nearest(name, names);
    memset(out, 0, sizeof *out);
    return fyi_fail(FY_EINVAL,
                    "no optimiser is called '%s'%s%s%s; there are sgd, adam, adamw and adagrad",
                    name, near ? " (is '" : "", near ? near : "", near ? "' meant?)" : "");
}

int fyi_optim_states(const fy_optim *o)
{
    return o->rule->keeps_momentum && !(o->momentum > 0) ? 0 : o->rule->n_states;
}

/* ---- the shape rule -------------------------------------------------------------------------- */

static int n_sources(const fyi_update_attr *a)
{
    return fyi_update_param_src(a, a->n_params);
}

int fyi_update_count(const fyi_op_site *at)
{
    return fyi_update_param_dst(at->attr, ((const fyi_update_attr *)at->attr)->n_params);
}

static fy_status check_options(const fyi_op_site *at, const fy_optim *o)
{
    if (o->beta1 < 0 || o->beta1 >= 1 || o->beta2 < 0 || o->beta2 >= 1)
        return fyi_fail(FY_EINVAL, "%s: beta1 and beta2 must be in [0, 1), they are %g and %g",
                        at->name, (double)o->beta1, (double)o->beta2);
    if (o->momentum < 0 || o->eps < 0 || o->weight_decay < 0 || o->clip_norm < 0)
        return fyi_fail(FY_EINVAL,
                        "%s: momentum, eps, weight_decay and clip_norm must be 0 or more, "
                        "they are %g, %g, %g and %g",
                        at->name, (double)o->momentum, (double)o->eps, (double)o->weight_decay,
                        (double)o->clip_norm);
    return FY_OK;
}

fy_status fyi_update_infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_update_attr *a = at->attr;
    FYI_FORWARD(check_options(at, &a->optim));
    if (at->n_src != n_sources(a))
        return fyi_fail(FY_EINVAL,
                        "%s: %d parameters with %d states each need %d sources, %d were given",
                        at->name, a->n_params, a->n_states, n_sources(a), at->n_src);
    for (int i = 0; i <= fyi_update_step_src(a); i++)
        FYI_FORWARD(fyi_want_shape(at, i, "each learning rate, the clip scale and the step count",
                                   FY_SCALAR));
    dst[0] = at->src[fyi_update_step_src(a)];
    for (int i = 0; i < a->n_params; i++) {
        const int from = fyi_update_param_src(a, i), to = fyi_update_param_dst(a, i);
        if (a->group_of[i] < 0 || a->group_of[i] >= a->n_groups)
            return fyi_fail(FY_EINVAL, "%s: parameter %d is in group %d of %d", at->name, i,
                            a->group_of[i], a->n_groups);
        FYI_FORWARD(fyi_want_shape(at, from + 1, "a gradient", at->src[from].shape));
        dst[to] = at->src[from];
        for (int k = 1; k <= a->n_states; k++) {
            FYI_FORWARD(fyi_want_shape(at, from + 1 + k, "optimiser state", at->src[from].shape));
            dst[to + k] = at->src[from + 1 + k];
        }
    }
    return FY_OK;
}

bool fyi_update_own(fyi_arena *arena, void *attr)
{
    fyi_update_attr *a = attr;
    a->group_of = fyi_arena_dup(arena, a->group_of, (size_t)a->n_params * sizeof *a->group_of);
    return a->group_of != NULL;
}
