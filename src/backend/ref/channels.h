/* channels.h: walks over the channels of src[0], for the reference kernels of normalisation. */
#ifndef FYI_REF_CHANNELS_H
#define FYI_REF_CHANNELS_H

#include "backend/ref/ref.h"

/* src [n, c, ...] as n blocks of c rows of `per` elements. */
typedef struct channel_dims {
    int64_t n, c, per;
} channel_dims;

static inline channel_dims channel_dims_of(const fy_shape *s)
{
    channel_dims d = { s->d[0], s->d[1], 1 };
    for (int i = 2; i < s->rank; i++)
        d.per *= s->d[i];
    return d;
}

static inline int64_t element(const channel_dims *d, int64_t n, int64_t c, int64_t i)
{
    return (n * d->c + c) * d->per + i;
}

/* Two passes: the sum of squares of differences loses nothing to cancellation. */
static inline void moments(const fyi_launch *l, const channel_dims *d, int64_t c, double *mean,
                           double *var)
{
    const double count = (double)(d->n * d->per);
    double sum = 0, squares = 0;
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++)
            sum += SRC(l, 0, element(d, n, c, i));
    *mean = sum / count;
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const double x = SRC(l, 0, element(d, n, c, i)) - *mean;
            squares += x * x;
        }
    *var = squares / count;
}

#endif
