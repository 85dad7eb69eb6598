/* step.c: one run of a plan. Parameters written elsewhere are pulled in, inputs are taken, kernels run in
 * order, and moved parameters are marked as held here. Nothing is allocated. */
#include "graph/plan.h"

/* Brings one parameter up to date; *changed if its value is not the one this plan saw last. */
static fy_status pull(fy_plan *p, fyi_slot *s, bool *changed)
{
    fy_param *param = s->param;
    if (s->version == param->version)
        return FY_OK;
    *changed = true;
    if (param->holder)
        FYI_FORWARD(fyi_param_settle(param));
    if (!s->direct)
        FYI_FORWARD(fyi_mover_run(&s->in, p->dev, param->data, p->buffers[s->buffer].ptr));
    s->version = param->version;
    return FY_OK;
}

/* Frozen parameters that were written make the `once` runs due again. */
static fy_status pull_all(fy_plan *p)
{
    for (size_t i = 0; i < p->n_slots; i++) {
        bool changed = false;
        FYI_FORWARD(pull(p, &p->slots[i], &changed));
        if (changed && !p->slots[i].moved)
            p->settled_once = false;
    }
    return FY_OK;
}

static void hold_moved(fy_plan *p)
{
    for (size_t i = 0; i < p->n_slots; i++) {
        fyi_slot *s = &p->slots[i];
        if (!s->moved)
            continue;
        s->version = ++s->param->version;
        s->param->holder = s->direct ? NULL : p;
        s->param->holder_slot = (int32_t)i;
    }
}

static fy_status take_inputs(fy_plan *p)
{
    for (size_t i = 0; i < p->n_inputs; i++) {
        const fyi_input *in = &p->inputs[i];
        const fyi_spec *spec = &p->program.g->values[in->value].spec;
        if (!in->fed)
            return fyi_fail(FY_EINVAL, "step: input '%s' was not fed", in->name ? in->name : "?");
        if (in->own)
            fy_cast(p->variants[p->variant_of[in->value]].desc.dtype, p->buffers[in->buffer].ptr,
                    spec->dtype, in->fed, fy_shape_numel(&spec->shape));
    }
    return FY_OK;
}

static fy_status launch(fy_plan *p, fyi_run *r)
{
    for (int k = 0; k < r->site.n_src; k++)
        r->src[k] = p->buffers[r->src_buffer[k]].ptr;
    for (int k = 0; k < r->site.n_dst; k++)
        r->dst[k] = p->buffers[r->dst_buffer[k]].ptr;
    const fyi_launch l = { .dev = p->dev,
                           .site = &r->site,
                           .state = r->state,
                           .src = r->src,
                           .dst = r->dst,
                           .seed = p->seed,
                           .step = p->steps,
                           .scratch = r->scratch >= 0 ? p->buffers[r->scratch].ptr : NULL };
    return r->kernel->run(&l);
}

static fy_status run_all(fy_plan *p, bool once)
{
    const bool is_measured = fyi_plan_is_measured(p), is_checked = fyi_debug_level() >= 4;
    for (size_t i = 0; i < p->n_runs; i++) {
        fyi_run *r = &p->runs[i];
        if (r->once != once)
            continue;
        const double start = is_measured ? fyi_now_s() : 0;
        FYI_FORWARD(launch(p, r));
        if (is_measured)
            r->seconds += fyi_now_s() - start;
        if (is_checked)
            FYI_FORWARD(fyi_debug_values(p, r));
    }
    return FY_OK;
}

static fy_status run_step(fy_plan *p)
{
    if (!p->settled_once)
        FYI_FORWARD(run_all(p, true));
    p->settled_once = true;
    const fy_status st = run_all(p, false);
    hold_moved(p); /* also after a failure: what was overwritten is the newest there is */
    p->ran = true;
    p->steps++;
    return st;
}

fy_status fy_plan_step(fy_plan *p)
{
    FYI_FORWARD(take_inputs(p));
    FYI_FORWARD(pull_all(p));
    if (!p->dev->flushes)
        return run_step(p);
    const fyi_fp_mode before = fyi_flush_denormals();
    const fy_status st = run_step(p);
    fyi_restore_denormals(before);
    return st;
}
