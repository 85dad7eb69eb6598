/* optim.c: the multi-tensor loop of the reference optimisers. fyi_update_attr lists sources and
 * destinations. */
#include "backend/ref/update.h"

/* Source 0 is lr's first group; the clip scale, if there is one, stands before the step count. */
static double clip_of(const fyi_launch *l, const fyi_update_attr *a)
{
    return a->has_clip ? SRC(l, a->n_groups, 0) : 1;
}

static void update_param(const fyi_launch *l, const fyi_update_attr *a, int i, update_rule rule,
                         double t)
{
    const int from = fyi_update_param_src(a, i), to = fyi_update_param_dst(a, i);
    const fyi_desc *d = &l->site->src[from];
    const int64_t n = fyi_layout_numel(&d->layout, &d->shape);
    const double clip = clip_of(l, a);
    update_element e = { .optim = &a->optim, .lr = SRC(l, a->group_of[i], 0), .t = t };
    for (int64_t at = 0; at < n; at++) {
        e.w = SRC(l, from, at);
        e.g = SRC(l, from + 1, at) * clip;
        for (int k = 0; k < a->n_states; k++)
            e.state[k] = SRC(l, from + 2 + k, at);
        rule(&e);
        DST(l, to, at, e.w);
        for (int k = 0; k < a->n_states; k++)
            DST(l, to + 1 + k, at, e.state[k]);
    }
}

bool fyi_ref_update_propose(fy_device *dev, fyi_site *site)
{
    const fyi_update_attr *a = site->attr;
    (void)dev;
    for (int i = 0; i < a->n_params; i++) {
        const int from = fyi_update_param_src(a, i), to = fyi_update_param_dst(a, i);
        const fyi_layout layout = site->src[from].layout;
        for (int k = 1; k < 2 + a->n_states; k++)
            site->src[from + k].layout = layout;
        for (int k = 0; k < 1 + a->n_states; k++)
            site->dst[to + k].layout = layout;
    }
    return true;
}

fy_status fyi_ref_update(const fyi_launch *l, update_rule rule)
{
    const fyi_update_attr *a = l->site->attr;
    const double t = SRC(l, fyi_update_step_src(a), 0) + 1;
    for (int i = 0; i < a->n_params; i++)
        update_param(l, a, i, rule, t);
    DST(l, 0, 0, t);
    return FY_OK;
}
