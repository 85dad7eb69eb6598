/* update.c: SGD, Adam, AdamW and Adagrad over all parameters of an objective in one pass: parameter, gradient and
 * states are read once, wherever and in whatever common layout they lie. */
#include "backend/cpu.h"
#include "backend/native/native.h"
#include "backend/native/spans.h"
#include "graph/ops/optim.h"

#include <math.h>

#define LOOPS fyi_update_loops
#include "backend/native/update_loops.h"

/* ---- layouts --------------------------------------------------------------------------------- */

/* A parameter lies as the layer that reads it wants; its gradient and states follow. */
static bool propose(fy_device *dev, fyi_site *site)
{
    const fyi_update_attr *a = site->attr;
    (void)dev;
    for (int i = 0; i < site->n_src; i++)
        if (site->src[i].dtype != FY_F32)
            return false;
    for (int i = 0; i < a->n_params; i++) {
        const int from = fyi_update_param_src(a, i), to = fyi_update_param_dst(a, i);
        const fyi_layout l = site->src[from].layout;
        for (int k = 1; k < 2 + a->n_states; k++)
            site->src[from + k].layout = l;
        for (int k = 0; k < 1 + a->n_states; k++)
            site->dst[to + k].layout = l;
    }
    return true;
}

/* ---- the pass -------------------------------------------------------------------------------- */

typedef struct pass {
    const fyi_launch *l;
    const fyi_update_attr *a;
    fyi_update_fn loop;
    fyi_update_run common;
    double bias1; /* 1 - beta1^t */
} pass;

static int64_t param_numel(const void *ctx, int i)
{
    const pass *p = ctx;
    const fyi_desc *d = &p->l->site->src[fyi_update_param_src(p->a, i)];
    return fyi_layout_numel(&d->layout, &d->shape);
}

/* Elements [begin, end) of parameter i. */
static void run_param(const void *ctx, int i, int64_t begin, int64_t end)
{
    const pass *p = ctx;
    const fyi_launch *l = p->l;
    const int from = fyi_update_param_src(p->a, i), to = fyi_update_param_dst(p->a, i);
    const float lr = *(const float *)l->src[p->a->group_of[i]];
    fyi_update_run r = p->common;
    r.lr = lr;
    r.step = (float)((double)lr / p->bias1);
    r.w = (float *)l->dst[to] + begin;
    r.g = (const float *)l->src[from + 1] + begin;
    r.s0 = p->a->n_states > 0 ? (float *)l->dst[to + 1] + begin : NULL;
    r.s1 = p->a->n_states > 1 ? (float *)l->dst[to + 2] + begin : NULL;
    r.n = end - begin;
    p->loop(&r);
}

static fy_status run(const fyi_launch *l, int which)
{
    const fyi_update_attr *a = l->site->attr;
    const fy_optim *o = &a->optim;
    const float t = *(const float *)l->src[fyi_update_step_src(a)] + 1.0f;
    pass p = { .l = l, .a = a, .loop = fyi_update_loops[which] };
    const fyi_spans all = { .n = a->n_params, .numel = param_numel, .run = run_param, .ctx = &p };
#if FYI_X86_64
    if (fyi_cpu_has_avx512())
        p.loop = fyi_update_loops_avx512[which];
#endif
    p.bias1 = 1 - pow((double)o->beta1, (double)t);
    p.common = (fyi_update_run){ .clip = a->has_clip ? *(const float *)l->src[a->n_groups] : 1.0f,
                                 .weight_decay = o->weight_decay,
                                 .eps = o->eps,
                                 .momentum = o->momentum,
                                 .has_momentum = o->momentum > 0,
                                 .nesterov = o->nesterov,
                                 .beta1 = o->beta1,
                                 .beta2 = o->beta2 };
    p.common.unbias_sq = (float)(1 / (1 - pow((double)o->beta2, (double)t)));
    fyi_spans_run(&all);
    *(float *)l->dst[0] = t;
    return FY_OK;
}

static fy_status run_sgd(const fyi_launch *l)
{
    return run(l, FYI_SGD);
}

static fy_status run_adam(const fyi_launch *l)
{
    return run(l, FYI_ADAM);
}

static fy_status run_adamw(const fyi_launch *l)
{
    return run(l, FYI_ADAMW);
}

static fy_status run_adagrad(const fyi_launch *l)
{
    return run(l, FYI_ADAGRAD);
}

FYI_NATIVE_KERNEL(sgd, propose, run_sgd);
FYI_NATIVE_KERNEL(adam, propose, run_adam);
FYI_NATIVE_KERNEL(adamw, propose, run_adamw);
FYI_NATIVE_KERNEL(adagrad, propose, run_adagrad);
