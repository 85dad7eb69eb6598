/* ema.h: where things stand among the average's sources and destinations; fyi_ema_attr in attr.h lists them. */
#ifndef FYI_EMA_H
#define FYI_EMA_H

#include "graph/ops/attr.h"

/* Source index of value i; its average follows. Source and destination 0 are the count. */
static inline int fyi_ema_src(int i)
{
    return 1 + 2 * i;
}

/* Destination index of value i's average. */
static inline int fyi_ema_dst(int i)
{
    return 1 + i;
}

/* Share of the newest values in their average, of which `count` were taken before. */
double fyi_ema_share(double decay, double count);

#endif
