/* stats.c: what a dataset's values look like, over all of them, by channel and by column.
 *
 * Mean and deviation are summed in double around the first value, so that a large offset costs no
 * digits. */
#include "data/data.h"

#include <math.h>

/* Sums around `pivot` while samples come in. */
typedef struct tally {
    double pivot, sum, square;
    int64_t n;
    float min, max;
} tally;

static fy_status add_values(const fy_dataset *d, int64_t sample, const float *x, int64_t n, tally *t)
{
    if (t->n == 0) {
        t->pivot = (double)x[0];
        t->min = t->max = x[0];
    }
    for (int64_t k = 0; k < n; k++) {
        const double v = (double)x[k] - t->pivot;

        if (!isfinite(x[k]))
            return fyi_fail(FY_ENAN, "dataset '%s': value %lld of sample %lld is not finite",
                            d->name, (long long)k, (long long)sample);
        t->sum += v;
        t->square += v * v;
        t->min = fminf(t->min, x[k]);
        t->max = fmaxf(t->max, x[k]);
    }
    t->n += n;
    return FY_OK;
}

static double mean_of(const tally *t)
{
    return t->pivot + t->sum / (double)FYI_MAX(t->n, 1);
}

static double deviation_of(const tally *t)
{
    const double n = (double)FYI_MAX(t->n, 1), mean = t->sum / n;

    return sqrt(fmax(0.0, t->square / n - mean * mean));
}

int64_t fyi_spread(const fy_dataset *d, int64_t k, int64_t n)
{
    return (int64_t)((double)k * (double)d->n / (double)n);
}

fy_status fy_dataset_stats(const fy_dataset *d, int64_t max_samples, fy_data_stats *out)
{
    const int64_t numel = fy_shape_numel(fy_dataset_shape(d));
    const int64_t n = max_samples > 0 ? FYI_MIN(max_samples, d->n) : d->n;
    float *x = fyi_calloc((size_t)numel + d->source->n_scratch, sizeof *x);
    tally t = { 0 };
    fy_status st = FY_OK;

    if (x == NULL)
        return fyi_enomem((size_t)numel * sizeof *x, "reading a sample");
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = fyi_spread(d, k, n);

        FY_TRY(fyi_dataset_get(d, i, x, NULL, x + numel));
        FY_TRY(add_values(d, i, x, numel, &t));
    }
    *out = (fy_data_stats){ .n_samples = n,
                            .min = t.min,
                            .max = t.max,
                            .mean = mean_of(&t),
                            .deviation = deviation_of(&t) };
done:
    fyi_free(x);
    return st;
}

/* Of a sample's rows along its first axis, each into a tally of its own. */
static fy_status add_rows(const fy_dataset *d, int64_t i, const float *x, tally *t)
{
    const int64_t n = fy_dataset_shape(d)->d[0], each = fy_shape_numel(fy_dataset_shape(d)) / n;

    for (int64_t c = 0; c < n; c++)
        FYI_FORWARD(add_values(d, i, x + c * each, each, &t[c]));
    return FY_OK;
}

/* Whole numbers of samples, so that the order of the sum is always the same. */
static fy_status sum_channels(const fy_dataset *d, const int64_t *pos, int64_t n, float *x, tally *t)
{
    const int64_t numel = fy_shape_numel(fy_dataset_shape(d));

    for (int64_t k = 0; k < n; k++) {
        FYI_FORWARD(fyi_dataset_get(d, pos[k], x, NULL, x + numel));
        FYI_FORWARD(add_rows(d, pos[k], x, t));
    }
    return FY_OK;
}

static void finish_channels(const tally *t, fy_channel_stats *out)
{
    for (int c = 0; c < out->n; c++) {
        const double deviation = deviation_of(&t[c]);

        out->mean[c] = (float)mean_of(&t[c]);
        out->deviation[c] = deviation > 1e-6 ? (float)deviation : 1.0f;
    }
}

fy_status fy_dataset_channel_stats(const fy_dataset *d, int64_t max_samples, uint64_t seed,
                                   fy_channel_stats *out)
{
    const fy_shape *s = fy_dataset_shape(d);
    const int64_t n = max_samples > 0 ? FYI_MIN(max_samples, d->n) : d->n;
    tally t[4] = { { 0 } };
    int64_t *pos;
    float *x;
    fy_status st;

    *out = (fy_channel_stats){ .n = (int)s->d[0] };
    if (s->rank != 3 || s->d[0] > 4)
        return fyi_fail(FY_ESHAPE,
                        "dataset '%s': only images of 1 to 4 channels have means of them", d->name);
    pos = fyi_calloc((size_t)d->n, sizeof *pos);
    x = fyi_calloc((size_t)fy_shape_numel(s) + d->source->n_scratch, sizeof *x);
    if (pos == NULL || x == NULL) {
        st = fyi_enomem((size_t)fy_shape_numel(s) * sizeof *x, "reading a sample");
        goto done;
    }
    for (int64_t i = 0; i < d->n; i++)
        pos[i] = i;
    FY_TRY(fyi_shuffle_samples(d, pos, d->n, false, seed, "data.stats"));
    FY_TRY(sum_channels(d, pos, n, x, t));
    finish_channels(t, out);
done:
    fyi_free(x);
    fyi_free(pos);
    return st;
}

fy_status fyi_dataset_row_stats(const fy_dataset *d, int64_t max_samples, fyi_row_stats *out)
{
    const int64_t rows = fy_dataset_shape(d)->d[0], numel = fy_shape_numel(fy_dataset_shape(d));
    const int64_t n = FYI_MIN(max_samples, d->n);
    float *x = fyi_calloc((size_t)numel + d->source->n_scratch, sizeof *x);
    tally *t = fyi_calloc((size_t)rows, sizeof *t);
    fy_status st = FY_OK;

    if (x == NULL || t == NULL)
        st = fyi_enomem((size_t)rows * sizeof *t, "reading columns");
    for (int64_t k = 0; k < n && st == FY_OK; k++) {
        const int64_t i = fyi_spread(d, k, n);

        st = fyi_dataset_get(d, i, x, NULL, x + numel);
        if (st == FY_OK)
            st = add_rows(d, i, x, t);
    }
    for (int64_t c = 0; c < rows && st == FY_OK; c++)
        out[c] = (fyi_row_stats){ mean_of(&t[c]), deviation_of(&t[c]) };
    fyi_free(t);
    fyi_free(x);
    return st;
}
