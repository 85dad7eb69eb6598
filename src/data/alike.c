/* alike.c: can two datasets be told apart by plain figures of their samples? Domains that nothing tells apart leave an adaptation
 * nothing to do.
 *
 *   figures   of pictures: each channel's mean; deviation, extremes, steps between neighbours, and the mean of each of 4 x 4 parts
 *             of vectors: the columns
 *   D         the largest difference between the distributions of a figure on both sides (Kolmogorov and Smirnov)
 *   limit     sqrt(-ln(p / 2) / 2 * (n + m) / (n m)) with p = 0.05 / figures (Smirnov 1948; Bonferroni)
 *
 * Nothing is told apart where no figure's D is above the limit. Class shares that differ move the figures, too. */
#include "data/data.h"

#include <math.h>
#include <stdlib.h>

#define MOST_SAMPLES 512 /* of each side, spread evenly */
#define MOST_DECODED 256 /* where every sample is a file to be decoded */
#define LEAST_SAMPLES 200
#define MOST_COLUMNS 64
#define PARTS 4
#define CHANCE 0.05

enum { DEVIATION, LOWEST, HIGHEST, STEP_X, STEP_Y, PLAIN };

/* ---- figures of one sample ------------------------------------------------------------------- */

static int64_t count_figures(const fy_shape *s)
{
    if (s->rank == 3)
        return s->d[0] + PLAIN + (int64_t)PARTS * PARTS;
    return s->rank == 1 ? FYI_MIN(s->d[0], MOST_COLUMNS) : 0;
}

static double mean_of(const float *x, int64_t n)
{
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += (double)x[i];
    return sum / (double)n;
}

static double deviation_of(const float *x, int64_t n)
{
    const double mean = mean_of(x, n);
    double sum = 0;

    for (int64_t i = 0; i < n; i++)
        sum += ((double)x[i] - mean) * ((double)x[i] - mean);
    return sqrt(sum / (double)n);
}

static void find_range(const float *x, int64_t n, double *v)
{
    float low = x[0], high = x[0];

    for (int64_t i = 1; i < n; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    v[LOWEST] = (double)low;
    v[HIGHEST] = (double)high;
}

/* Mean absolute difference of pixels that are `by` apart. */
static double find_step(const float *x, int64_t n, int64_t by)
{
    double sum = 0;

    for (int64_t i = by; i < n; i++)
        sum += fabs((double)x[i] - (double)x[i - by]);
    return n > by ? sum / (double)(n - by) : 0;
}

/* Of all channels' pixels in one of the parts. */
static double find_part(const fy_shape *s, const float *x, int64_t row, int64_t column)
{
    const int64_t h = s->d[1], w = s->d[2], from = column * w / PARTS, to = (column + 1) * w / PARTS;
    double sum = 0;
    int64_t n = 0;

    for (int64_t y = row * h / PARTS; y < (row + 1) * h / PARTS && to > from; y++)
        for (int64_t c = 0; c < s->d[0]; c++, n++)
            sum += mean_of(x + (c * h + y) * w + from, to - from);
    return n > 0 ? sum / (double)n : 0;
}

static void measure_picture(const fy_shape *s, const float *x, double *v)
{
    const int64_t area = s->d[1] * s->d[2], n = s->d[0] * area;

    for (int64_t c = 0; c < s->d[0]; c++)
        *v++ = mean_of(x + c * area, area);
    v[DEVIATION] = deviation_of(x, n);
    find_range(x, n, v);
    v[STEP_X] = find_step(x, n, 1);
    v[STEP_Y] = find_step(x, n, s->d[2]);
    v += PLAIN;
    for (int64_t k = 0; k < (int64_t)PARTS * PARTS; k++)
        v[k] = find_part(s, x, k / PARTS, k % PARTS);
}

static void measure_columns(const fy_shape *s, const float *x, int64_t n, double *v)
{
    for (int64_t k = 0; k < n; k++)
        v[k] = (double)x[k * s->d[0] / n];
}

/* ---- of one dataset -------------------------------------------------------------------------- */

typedef struct sheet {
    double *v; /* [figures, n], each figure's values together; fyi_free */
    int64_t n;
} sheet;

static int64_t count_samples(const fy_dataset *d)
{
    return FYI_MIN(d->n, d->source->is_slow ? MOST_DECODED : MOST_SAMPLES);
}

static fy_status measure(const fy_dataset *d, int64_t i, float *x, double *v)
{
    const fy_shape *s = fy_dataset_shape(d);

    FYI_FORWARD(fyi_dataset_get(d, i, x, NULL, x + fy_shape_numel(s)));
    if (s->rank == 3)
        measure_picture(s, x, v);
    else
        measure_columns(s, x, count_figures(s), v);
    return FY_OK;
}

static fy_status fill(const fy_dataset *d, sheet *to)
{
    const int64_t numel = fy_shape_numel(fy_dataset_shape(d)),
                  m = count_figures(fy_dataset_shape(d));
    float *x = fyi_calloc((size_t)numel + d->source->n_scratch, sizeof *x);
    double *one = fyi_calloc((size_t)m, sizeof *one);
    fy_status st = FY_OK;

    *to = (sheet){ .n = count_samples(d) };
    to->v = fyi_calloc((size_t)(m * to->n), sizeof *to->v);
    if (x == NULL || one == NULL || to->v == NULL)
        st = fyi_enomem((size_t)(m * to->n) * sizeof *to->v, "comparing two domains");
    for (int64_t k = 0; k < to->n && st == FY_OK; k++) {
        st = measure(d, fyi_spread(d, k, to->n), x, one);
        for (int64_t f = 0; f < m; f++)
            to->v[f * to->n + k] = one[f];
    }
    fyi_free(one);
    fyi_free(x);
    return st;
}

/* ---- of two ---------------------------------------------------------------------------------- */

/* Sorts both. Equal values are gone past together. */
static double find_difference(double *a, int64_t n, double *b, int64_t m)
{
    double most = 0;

    qsort(a, (size_t)n, sizeof *a, fyi_compare_doubles);
    qsort(b, (size_t)m, sizeof *b, fyi_compare_doubles);
    for (int64_t i = 0, k = 0; i < n && k < m;) {
        const double v = fmin(a[i], b[k]);

        while (i < n && a[i] <= v)
            i++;
        while (k < m && b[k] <= v)
            k++;
        most = fmax(most, fabs((double)i / (double)n - (double)k / (double)m));
    }
    return most;
}

static bool are_alike(const sheet *a, const sheet *b, int64_t n_figures)
{
    const double n = (double)a->n, m = (double)b->n, p = CHANCE / (double)n_figures;
    const double limit = sqrt(-log(p / 2) / 2 * (n + m) / (n * m));

    for (int64_t f = 0; f < n_figures; f++)
        if (find_difference(a->v + f * a->n, a->n, b->v + f * b->n, b->n) > limit)
            return false;
    return true;
}

fy_status fyi_dataset_alike(const fy_dataset *a, const fy_dataset *b, fyi_alike *out)
{
    const int64_t n = count_figures(fy_dataset_shape(a));
    sheet x = { 0 }, y = { 0 };
    fy_status st;

    *out = (fyi_alike){ .n_figures = n };
    if (n == 0 || !fy_shape_equal(fy_dataset_shape(a), fy_dataset_shape(b)) ||
        FYI_MIN(a->n, b->n) < LEAST_SAMPLES)
        return FY_OK;
    FY_TRY(fill(a, &x));
    FY_TRY(fill(b, &y));
    out->n_samples = FYI_MIN(x.n, y.n);
    out->are_alike = are_alike(&x, &y, n);
done:
    fyi_free(y.v);
    fyi_free(x.v);
    return st;
}
