/* compare.c: what a dataset's values look like, whether two datasets can go through one model, and whether
 * they are two at all.
 *
 * Mean and deviation are summed in double around the first value, so that a large offset costs no
 * digits. */
#include "data/data.h"

#include <math.h>
#include <stdarg.h>

#define COMPARE_SAMPLES 512

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

fy_status fy_dataset_stats(const fy_dataset *d, int64_t max_samples, fy_data_stats *out)
{
    const int64_t numel = fy_shape_numel(fy_dataset_shape(d));
    const int64_t n = max_samples > 0 ? FYI_MIN(max_samples, d->n) : d->n;
    float *x = fyi_calloc((size_t)numel + d->source->n_scratch, sizeof *x);
    tally t = { 0 };
    fy_status st = FY_OK;
    double mean;

    if (x == NULL)
        return fyi_enomem((size_t)numel * sizeof *x, "reading a sample");
    for (int64_t k = 0; k < n; k++) {
        const int64_t i = (int64_t)((double)k * (double)d->n / (double)n);

        FY_TRY(fyi_dataset_get(d, i, x, NULL, x + numel));
        FY_TRY(add_values(d, i, x, numel, &t));
    }
    mean = t.sum / (double)FYI_MAX(t.n, 1);
    *out = (fy_data_stats){ .n_samples = n,
                            .min = t.min,
                            .max = t.max,
                            .mean = t.pivot + mean,
                            .deviation =
                                sqrt(fmax(0.0, t.square / (double)FYI_MAX(t.n, 1) - mean * mean)) };
done:
    fyi_free(x);
    return st;
}

/* Whole numbers of samples, so that the order of the sum is always the same. */
static fy_status sum_channels(const fy_dataset *d, const int64_t *pos, int64_t n, float *x, tally *t)
{
    const fy_shape *s = fy_dataset_shape(d);
    const int64_t area = s->d[1] * s->d[2];

    for (int64_t k = 0; k < n; k++) {
        FYI_FORWARD(fyi_dataset_get(d, pos[k], x, NULL, x + s->d[0] * area));
        for (int64_t c = 0; c < s->d[0]; c++)
            FYI_FORWARD(add_values(d, pos[k], x + c * area, area, &t[c]));
    }
    return FY_OK;
}

static void finish_channels(const tally *t, fy_channel_stats *out)
{
    for (int c = 0; c < out->n; c++) {
        const double mean = t[c].sum / (double)t[c].n;
        const double deviation = sqrt(fmax(0.0, t[c].square / (double)t[c].n - mean * mean));

        out->mean[c] = (float)(t[c].pivot + mean);
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

/* ---- two of them ----------------------------------------------------------------------------- */

static void warn(fy_compare_report *r, const char *fmt, ...) FY_PRINTF(2, 3);

static void warn(fy_compare_report *r, const char *fmt, ...)
{
    va_list ap;

    if (r->n_warnings == FY_COMPARE_WARNINGS)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(r->warning[r->n_warnings++], sizeof r->warning[0], fmt, ap);
    va_end(ap);
}

static fy_status check_shapes(const fy_dataset *a, const fy_dataset *b)
{
    const fy_shape *s = fy_dataset_shape(a), *t = fy_dataset_shape(b);
    const bool images = s->rank == 3 && t->rank == 3;
    char x[96], y[96];

    if (fy_shape_equal(s, t))
        return FY_OK;
    fy_shape_text(s, x, sizeof x);
    fy_shape_text(t, y, sizeof y);
    if (images && s->d[0] != t->d[0])
        return fyi_fail(FY_ESHAPE,
                        "'%s' has %lld channels %s and '%s' has %lld %s; prepare one with "
                        "channels = %lld",
                        a->name, (long long)s->d[0], x, b->name, (long long)t->d[0], y,
                        (long long)s->d[0]);
    if (images)
        return fyi_fail(FY_ESHAPE,
                        "'%s' has images %s and '%s' has images %s; resize or pad one to "
                        "the other's size",
                        a->name, x, b->name, y);
    return fyi_fail(FY_ESHAPE,
                    "'%s' has samples %s and '%s' has samples %s; one model cannot read "
                    "both",
                    a->name, x, b->name, y);
}

/* Columns of vectors and series have what scales they have. */
static bool are_images(const fy_dataset *a)
{
    return fy_dataset_shape(a)->rank == 3;
}

int fyi_value_scale(float min, float max)
{
    const float top = fmaxf(fabsf(min), fabsf(max));

    return top > 16.0f ? 3 : top > 1.5f ? 2 : min < -0.05f ? 1 : 0;
}

static int scale_of(const fy_data_stats *s)
{
    return fyi_value_scale(s->min, s->max);
}

static fy_status compare_values(const fy_dataset *a, const fy_dataset *b, fy_compare_report *r)
{
    const double spread = fmax(r->a.deviation, r->b.deviation);
    const double ratio = spread / fmax(fmin(r->a.deviation, r->b.deviation), 1e-12);

    if (!are_images(a))
        return FY_OK;
    if (scale_of(&r->a) != scale_of(&r->b) && (scale_of(&r->a) == 3 || scale_of(&r->b) == 3))
        return fyi_fail(
            FY_EINVAL,
            "values of '%s' lie in %g .. %g, of '%s' in %g .. %g: one model cannot read "
            "both; bring them to one range",
            a->name, (double)r->a.min, (double)r->a.max, b->name, (double)r->b.min,
            (double)r->b.max);
    if (scale_of(&r->a) != scale_of(&r->b))
        warn(r, "values of '%.40s' lie in %g .. %g, of '%.40s' in %g .. %g: bring both to one range",
             a->name, (double)r->a.min, (double)r->a.max, b->name, (double)r->b.min,
             (double)r->b.max);
    else if (fabs(r->a.mean - r->b.mean) > 0.5 * spread)
        warn(
            r,
            "the mean value of '%.40s' is %.3f, of '%.40s' %.3f: more than half a deviation apart; "
            "is one inverted or normalised differently?",
            a->name, r->a.mean, b->name, r->b.mean);
    if (spread > 0 && ratio > 2.0 && scale_of(&r->a) == scale_of(&r->b))
        warn(r,
             "values of '%.40s' deviate by %.3f, of '%.40s' by %.3f: contrast differs by a factor "
             "of %.1f",
             a->name, r->a.deviation, b->name, r->b.deviation, fmin(ratio, 1e6));
    return FY_OK;
}

/* In a copy under another name they are found by their values. */
static fy_status compare_samples(const fy_dataset *a, const fy_dataset *b, fy_compare_report *r)
{
    fyi_shared same;

    FYI_FORWARD(fyi_count_shared(a, b, &same));
    if (same.n_shared == 0)
        return FY_OK;
    if (same.by_number)
        warn(r, "%lld of the %lld samples of '%.40s' are in '%.40s' too", (long long)same.n_shared,
             (long long)same.n, b->name, a->name);
    else
        warn(r,
             "%lld of %lld samples of '%.40s' that were compared are in '%.40s' too, value for "
             "value: "
             "is one a copy of the other?",
             (long long)same.n_shared, (long long)same.n, b->name, a->name);
    return FY_OK;
}

fy_status fy_dataset_compare(const fy_dataset *a, const fy_dataset *b, fy_compare_report *out)
{
    *out = (fy_compare_report){ 0 };
    FYI_FORWARD(check_shapes(a, b));
    FYI_FORWARD(fy_dataset_stats(a, COMPARE_SAMPLES, &out->a));
    FYI_FORWARD(fy_dataset_stats(b, COMPARE_SAMPLES, &out->b));
    FYI_FORWARD(compare_values(a, b, out));
    if (a->label != NULL && b->label != NULL && a->n_classes != b->n_classes)
        warn(out,
             "'%.40s' has %d classes and '%.40s' has %d: labels of one may mean nothing in the "
             "other",
             a->name, a->n_classes, b->name, b->n_classes);
    return compare_samples(a, b, out);
}
