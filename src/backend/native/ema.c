/* ema.c: the averages of all that an objective moves in one pass, each in the layout that its parameter lies in.
 * Padding is zero in both and stays so. */
#include "graph/ops/ema.h"
#include "backend/native/native.h"
#include "backend/native/spans.h"

static bool propose(fy_device *dev, fyi_site *site)
{
    (void)dev;
    for (int i = 0; i < site->n_src; i++)
        if (site->src[i].dtype != FY_F32)
            return false;
    for (int i = 0; fyi_ema_src(i) < site->n_src; i++) {
        const fyi_layout l = site->src[fyi_ema_src(i)].layout;
        site->src[fyi_ema_src(i) + 1].layout = l;
        site->dst[fyi_ema_dst(i)].layout = l;
    }
    return true;
}

typedef struct pass {
    const fyi_launch *l;
    float share;
} pass;

static int64_t numel(const void *ctx, int i)
{
    const fyi_desc *d = &((const pass *)ctx)->l->site->src[fyi_ema_src(i)];
    return fyi_layout_numel(&d->layout, &d->shape);
}

static void run_span(const void *ctx, int i, int64_t begin, int64_t end)
{
    const pass *p = ctx;
    const float *w = p->l->src[fyi_ema_src(i)];
    float *a = p->l->dst[fyi_ema_dst(i)];
    const float share = p->share;
    FYI_VECTOR
    for (int64_t k = begin; k < end; k++)
        a[k] += share * (w[k] - a[k]);
}

static fy_status run(const fyi_launch *l)
{
    const float count = *(const float *)l->src[0];
    const double decay = ((const fyi_ema_attr *)l->site->attr)->decay;
    const pass p = { l, (float)fyi_ema_share(decay, (double)count) };
    const fyi_spans all = {
        .n = (l->site->n_src - 1) / 2, .numel = numel, .run = run_span, .ctx = &p
    };
    fyi_spans_run(&all);
    *(float *)l->dst[0] = count + 1;
    return FY_OK;
}

FYI_NATIVE_KERNEL(ema, propose, run);
