/* find_nan.c: looks for the first parameter or optimiser state that a plan's steps have left NaN or infinite. A
 * loss may still be finite then: it was computed before the update. Values are looked at in plain order, for
 * the padding of a blocked layout means nothing. */
#include "graph/find_nan.h"
#include "graph/plan.h"

static void look(const char *kind, const char *name, const float *x, int64_t n, fyi_culprit *out)
{
    const int64_t bad = fyi_first_not_finite(x, n);
    if (bad < n)
        *out = (fyi_culprit){ kind, name, x[bad] };
}

static fy_status look_at_state(fy_plan *p, int i, fyi_culprit *out)
{
    const int64_t n = fy_shape_numel(fy_plan_state_shape(p, i));
    float *v = fyi_calloc((size_t)n, sizeof *v);
    if (!v)
        return fyi_enomem((size_t)n * sizeof *v, "a look at the optimiser's state");
    const fy_status st = fy_plan_state_read(p, i, v, n);
    if (st == FY_OK)
        look("optimiser state", fy_plan_state_name(p, i), v, n, out);
    fyi_free(v);
    return st;
}

fy_status fyi_plan_find_not_finite(fy_plan *p, fyi_culprit *out)
{
    *out = (fyi_culprit){ 0 };
    for (size_t i = 0; i < p->n_slots && !out->kind; i++) {
        fy_param *param = p->slots[i].param;
        if (!p->slots[i].moved)
            continue;
        FYI_FORWARD(fyi_param_settle(param));
        look("parameter", param->name, param->data, fy_shape_numel(&param->shape), out);
    }
    for (int i = 0; i < fy_plan_state_count(p) && !out->kind; i++)
        FYI_FORWARD(look_at_state(p, i, out));
    return FY_OK;
}
