/* ema.c: exponential moving averages of what an objective has just moved.
 *
 *   a_0 = w_0;  a_t = a_{t-1} + (1 - d_t) (w_t - a_{t-1}),  d_t = min(decay, (1 + t) / (10 + t))
 * with w_t the values after update t, counted from 0: the average begins at the first update and remembers little at
 * first. The warm-up is that of TensorFlow's tf.train.ExponentialMovingAverage with num_updates. One node averages
 * everything; nothing in the plan reads the averages, and no gradient passes. */
#include "graph/ops/ema.h"
#include "graph/ops/rule.h"

double fyi_ema_share(double decay, double count)
{
    const double warm = (1 + count) / (10 + count);
    return count > 0 ? 1 - FYI_MIN(decay, warm) : 1;
}

static int count_averages(const fyi_op_site *at)
{
    return fyi_ema_dst((at->n_src - 1) / 2);
}

static fy_status infer(const fyi_op_site *at, fyi_spec *dst)
{
    const fyi_ema_attr *a = at->attr;
    if (!(a->decay > 0 && a->decay < 1))
        return fyi_fail(FY_EINVAL, "%s: the average's decay must be between 0 and 1, not %g",
                        at->name, a->decay);
    if (at->n_src % 2 == 0)
        return fyi_fail(FY_EINVAL,
                        "%s: a count, and an average for each value make an odd number of sources; "
                        "%d were given",
                        at->name, at->n_src);
    FYI_FORWARD(fyi_want_shape(at, 0, "the count", FY_SCALAR));
    dst[0] = at->src[0];
    for (int i = 0; fyi_ema_src(i) < at->n_src; i++) {
        const int from = fyi_ema_src(i);
        FYI_FORWARD(fyi_want_shape(at, from + 1, "an average", at->src[from].shape));
        dst[fyi_ema_dst(i)] = at->src[from + 1];
    }
    return FY_OK;
}

const fyi_op fyi_op_ema = { .name = "ema",
                            .n_src = -1,
                            .min_src = 1,
                            .n_dst = -1,
                            .attr_bytes = sizeof(fyi_ema_attr),
                            .flags = FYI_OP_UPDATE,
                            .infer = infer,
                            .count_dst = count_averages };
