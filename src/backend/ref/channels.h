/* channels.h: walks over the channels of src[0], for the reference kernels of normalisation. */
#ifndef FYI_REF_CHANNELS_H
#define FYI_REF_CHANNELS_H

#include "backend/ref/ref.h"

#include <math.h>

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

/* The backward pass of a normalisation: from source `src` on src, mean, var, scale -> diff_src, diff_scale, diff_shift. */
typedef struct norm_bwd {
    int src;
    double eps;
    bool is_fixed; /* mean and var are constants */
    /* The gradient of what the normalisation gives, at element i of image n's channel c. */
    double (*diff)(const fyi_launch *l, int64_t n, int64_t c, int64_t i);
} norm_bwd;

static inline void norm_bwd_channel(const fyi_launch *l, const channel_dims *d, const norm_bwd *b,
                                    int64_t c)
{
    const double mean = SRC(l, b->src + 1, c), rstd = 1 / sqrt(SRC(l, b->src + 2, c) + b->eps);
    const double factor = SRC(l, b->src + 3, c) * rstd, count = (double)(d->n * d->per);
    double diff_scale = 0, diff_shift = 0;
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const double diff = b->diff(l, n, c, i);
            diff_shift += diff;
            diff_scale += diff * (SRC(l, b->src, element(d, n, c, i)) - mean) * rstd;
        }
    for (int64_t n = 0; n < d->n; n++)
        for (int64_t i = 0; i < d->per; i++) {
            const int64_t at = element(d, n, c, i);
            const double xhat = (SRC(l, b->src, at) - mean) * rstd;
            const double through_moments = (diff_shift + xhat * diff_scale) / count;
            DST(l, 0, at, factor * (b->diff(l, n, c, i) - (b->is_fixed ? 0 : through_moments)));
        }
    DST(l, 1, c, diff_scale);
    DST(l, 2, c, diff_shift);
}

static inline void norm_bwd_run(const fyi_launch *l, const norm_bwd *b)
{
    const channel_dims d = channel_dims_of(&l->site->src[b->src].shape);
    for (int64_t c = 0; c < d.c; c++)
        norm_bwd_channel(l, &d, b, c);
}

#endif
