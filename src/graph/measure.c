/* measure.c: how long each kernel of a plan took. */
#include "graph/ops/optim.h"
#include "graph/plan.h"

void fy_plan_measure(fy_plan *p)
{
    p->is_measured = true;
}

bool fyi_plan_is_measured(const fy_plan *p)
{
    return p->is_measured || fyi_debug_level() >= 2;
}

int fy_plan_launch_count(const fy_plan *p)
{
    return (int)p->n_runs;
}

/* Is the value in this buffer, in one layout or another? */
static bool lies_in(const fy_plan *p, fyi_id value, int32_t buffer)
{
    for (int32_t k = p->variant_of[value]; k >= 0; k = p->variants[k].next)
        if (p->variants[k].buffer == buffer)
            return true;
    return false;
}

/* The parameter whose place in memory b is; NULL if it is none's. */
static const char *param_in(const fy_plan *p, int32_t b)
{
    for (size_t i = 0; i < p->n_slots; i++)
        if (lies_in(p, p->slots[i].use, b))
            return p->slots[i].param->name;
    return NULL;
}

/* The parameter that the update moves by the gradient in b. */
static const char *moved_by(const fy_plan *p, const fyi_run *update, int32_t b)
{
    const fyi_update_attr *a = update->site.attr;
    for (int i = 0; i < a->n_params; i++) {
        const int from = fyi_update_param_src(a, i);
        if (update->src_buffer[from + 1] == b)
            return param_in(p, update->src_buffer[from]);
    }
    return NULL;
}

/* The parameter whose gradient b holds, as it is or before a reorder. */
static const char *gradient_in(const fy_plan *p, int32_t b)
{
    const char *name = NULL;
    for (size_t i = 0; !name && i < p->n_runs; i++) {
        const fyi_run *r = &p->runs[i];
        if (r->site.op->flags & FYI_OP_OPTIM)
            name = moved_by(p, r, b);
        else if (r->site.op == &fyi_op_reorder && r->src_buffer[0] == b)
            name = gradient_in(p, r->dst_buffer[0]);
    }
    return name;
}

/* A layer's weights, which a kernel reads or gives the gradient of. Updates, which read all, are named by none. */
static const char *param_of(const fy_plan *p, const fyi_run *r)
{
    const char *name = NULL;
    if (r->site.op->flags & FYI_OP_UPDATE)
        return NULL;
    for (int i = 0; !name && i < r->site.n_src; i++)
        name = param_in(p, r->src_buffer[i]);
    return name || r->site.n_dst == 0 ? name : gradient_in(p, r->dst_buffer[0]);
}

fy_launch_time fy_plan_launch(const fy_plan *p, int i)
{
    FYI_ASSERT(i >= 0 && (size_t)i < p->n_runs);
    const fyi_run *r = &p->runs[i];
    return (fy_launch_time){ .node = r->site.name,
                             .op = r->site.op->name,
                             .kernel = r->kernel->name,
                             .param = param_of(p, r),
                             .src = r->site.n_src > 0 ? r->site.src[0].shape : FY_SCALAR,
                             .dst = r->site.n_dst > 0 ? r->site.dst[0].shape : FY_SCALAR,
                             .seconds = r->seconds };
}
