/* standard.c: every column of vectors, or channel of series, brought to mean 0 and deviation 1 by the numbers of one
 * dataset, and missing values filled in.
 *
 *   fit     mean and deviation over the values that are there, summed in double around the first of them
 *   apply   (x - mean) / deviation; 0 where the deviation was 0 or the value is missing (NaN)
 * What is fitted on training samples and applied to others cannot tell training about them. */
#include "data/data.h"

#include <math.h>
#include <string.h>

struct fy_standard {
    int64_t n;
    double *mean, *deviation; /* [n]; deviation 0: it is the same everywhere */
    fyi_arena arena;
};

/* ---- the numbers ----------------------------------------------------------------------------- */

static fy_status new_standard(int64_t n, fy_standard **out)
{
    fy_standard *s = fyi_calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL)
        return fyi_enomem(sizeof *s, "means and deviations");
    s->n = n;
    s->mean = fyi_arena_alloc(&s->arena, (size_t)n * sizeof *s->mean);
    s->deviation = fyi_arena_alloc(&s->arena, (size_t)n * sizeof *s->deviation);
    if (s->mean == NULL || s->deviation == NULL) {
        fy_standard_free(s);
        return fyi_enomem((size_t)n * sizeof *s->mean, "means and deviations");
    }
    *out = s;
    return FY_OK;
}

void fy_standard_free(fy_standard *s)
{
    if (s == NULL)
        return;
    fyi_arena_release(&s->arena);
    fyi_free(s);
}

int64_t fy_standard_count(const fy_standard *s)
{
    return s->n;
}

double fy_standard_mean(const fy_standard *s, int64_t c)
{
    return c >= 0 && c < s->n ? s->mean[c] : NAN;
}

double fy_standard_deviation(const fy_standard *s, int64_t c)
{
    return c >= 0 && c < s->n ? s->deviation[c] : NAN;
}

int64_t fy_standard_constants(const fy_standard *s)
{
    int64_t n = 0;

    for (int64_t c = 0; c < s->n; c++)
        n += s->deviation[c] == 0;
    return n;
}

fy_status fy_standard_new(int64_t n, const double *mean, const double *deviation, fy_standard **out)
{
    *out = NULL;
    if (n < 1)
        return fyi_fail(FY_EINVAL, "means and deviations of %lld columns", (long long)n);
    for (int64_t c = 0; c < n; c++)
        if (!isfinite(mean[c]) || !isfinite(deviation[c]) || deviation[c] < 0)
            return fyi_fail(FY_EINVAL,
                            "column %lld has mean %g and deviation %g; both must be finite, the "
                            "deviation 0 or more",
                            (long long)c, mean[c], deviation[c]);
    FYI_FORWARD(new_standard(n, out));
    memcpy((*out)->mean, mean, (size_t)n * sizeof *mean);
    memcpy((*out)->deviation, deviation, (size_t)n * sizeof *deviation);
    return FY_OK;
}

/* ---- fitting --------------------------------------------------------------------------------- */

/* Of one column, around its first value. */
typedef struct column {
    double pivot, sum, square;
    int64_t n;
    bool differs;
} column;

static fy_status add_value(const fy_dataset *d, int64_t sample, int64_t c, float x, column *to)
{
    const double v = (double)x - to->pivot;

    if (isnan(x))
        return FY_OK;
    if (!isfinite(x))
        return fyi_fail(FY_ENAN, "dataset '%s': column %lld of sample %lld is not finite", d->name,
                        (long long)c, (long long)sample);
    if (to->n++ == 0) {
        to->pivot = (double)x;
        return FY_OK;
    }
    to->differs = to->differs || v != 0;
    to->sum += v;
    to->square += v * v;
    return FY_OK;
}

static fy_status check_shape(const fy_dataset *d)
{
    const fy_shape *s = fy_dataset_shape(d);
    char text[96];

    if (s->rank == 1 || s->rank == 2)
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "dataset '%s': samples are %s; vectors [columns] and series [channels, t] are "
                    "standardised, images by their range",
                    d->name, fy_shape_text(s, text, sizeof text));
}

static fy_status sum_up(const fy_dataset *d, float *x, column *columns)
{
    const fy_shape *s = fy_dataset_shape(d);
    const int64_t area = s->rank == 2 ? s->d[1] : 1;

    for (int64_t i = 0; i < d->n; i++) {
        FYI_FORWARD(fyi_dataset_get(d, i, x, NULL, x + s->d[0] * area));
        for (int64_t c = 0; c < s->d[0]; c++)
            for (int64_t k = 0; k < area; k++)
                FYI_FORWARD(add_value(d, i, c, x[c * area + k], &columns[c]));
    }
    return FY_OK;
}

static void finish(const column *columns, fy_standard *s)
{
    for (int64_t c = 0; c < s->n; c++) {
        const double n = (double)FYI_MAX(columns[c].n, 1), mean = columns[c].sum / n;
        const double deviation = sqrt(fmax(0.0, columns[c].square / n - mean * mean));

        s->mean[c] = columns[c].pivot + mean;
        s->deviation[c] = columns[c].differs ? deviation : 0;
    }
}

fy_status fy_standard_fit(const fy_dataset *d, fy_standard **out)
{
    const fy_shape *shape = fy_dataset_shape(d);
    fy_standard *s = NULL;
    column *columns = NULL;
    float *x = NULL;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_shape(d));
    FY_TRY(new_standard(shape->d[0], &s));
    columns = fyi_calloc((size_t)s->n, sizeof *columns);
    x = fyi_calloc((size_t)fy_shape_numel(shape) + d->source->n_scratch, sizeof *x);
    if (columns == NULL || x == NULL) {
        st = fyi_enomem((size_t)s->n * sizeof *columns, "means and deviations");
        goto done;
    }
    FY_TRY(sum_up(d, x, columns));
    finish(columns, s);
    *out = s;
    s = NULL;
done:
    fyi_free(x);
    fyi_free(columns);
    fy_standard_free(s);
    return st;
}

/* ---- applying -------------------------------------------------------------------------------- */

typedef struct standard_source {
    fyi_source base;
    bool only_fills;
    float *fill; /* [n], what a missing value becomes */
    double *mean, *deviation;
    fyi_arena arena;
} standard_source;

static float apply(const standard_source *s, int64_t c, float x)
{
    if (isnan(x))
        return s->fill[c];
    if (s->only_fills)
        return x;
    return s->deviation[c] > 0 ? (float)(((double)x - s->mean[c]) / s->deviation[c]) : 0;
}

static fy_status get(const fyi_source *source, int64_t i, float *x, float *scratch)
{
    const standard_source *s = (const standard_source *)source;
    const int64_t n = source->shape.d[0], area = source->shape.rank == 2 ? source->shape.d[1] : 1;

    FYI_FORWARD(source->inner->ops->get(source->inner, i, x, scratch));
    for (int64_t c = 0; c < n; c++)
        for (int64_t k = c * area; k < (c + 1) * area; k++)
            x[k] = apply(s, c, x[k]);
    return FY_OK;
}

static void close_source(fyi_source *source)
{
    standard_source *s = (standard_source *)source;

    fyi_arena_release(&s->arena);
    fyi_free(s);
}

static const fyi_source_ops ops = { .get = get, .close = close_source };

static void set_key(standard_source *s)
{
    const int64_t n = s->base.shape.d[0];
    fyi_sha256 sum;
    char line[96];

    fyi_sha256_init(&sum);
    fyi_sha256_update(&sum, s->base.inner->key, 64);
    for (int64_t c = 0; c < n; c++) {
        (void)snprintf(line, sizeof line, "standard 1 %d %a %a\n", s->only_fills, s->mean[c],
                       s->deviation[c]);
        fyi_sha256_update(&sum, line, strlen(line));
    }
    fyi_sha256_hex(&sum, s->base.key);
}

static fy_status new_source(fyi_source *inner, const fy_standard *by, bool only_fills,
                            standard_source **out)
{
    const size_t n = (size_t)by->n;
    standard_source *s = fyi_calloc(1, sizeof *s);

    if (s == NULL)
        return fyi_enomem(sizeof *s, "a dataset");
    fyi_source_init_over(&s->base, &ops, inner, inner->shape);
    s->base.n_scratch = inner->n_scratch;
    s->base.rate_hz = inner->rate_hz;
    s->base.was_scaled = true;
    s->only_fills = only_fills;
    s->mean = fyi_arena_dup(&s->arena, by->mean, n * sizeof *s->mean);
    s->deviation = fyi_arena_dup(&s->arena, by->deviation, n * sizeof *s->deviation);
    s->fill = fyi_arena_alloc(&s->arena, n * sizeof *s->fill);
    if (s->mean == NULL || s->deviation == NULL || s->fill == NULL) {
        fyi_source_drop(&s->base);
        return fyi_enomem(n * sizeof *s->mean, "means and deviations");
    }
    for (size_t c = 0; only_fills && c < n; c++)
        s->fill[c] = (float)s->mean[c];
    set_key(s);
    *out = s;
    return FY_OK;
}

static fy_status make(const fy_dataset *d, const fy_standard *by, bool only_fills, fy_dataset **out)
{
    fyi_dataset_spec spec = fyi_dataset_spec_of(d);
    standard_source *s;
    fyi_buf how = { 0 };
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_shape(d));
    if (fy_dataset_shape(d)->d[0] != by->n)
        return fyi_fail(
            FY_ESHAPE,
            "dataset '%s' has %lld columns or channels, the means and deviations are of %lld",
            d->name, (long long)fy_dataset_shape(d)->d[0], (long long)by->n);
    FYI_FORWARD(new_source(d->source, by, only_fills, &s));
    fyi_buf_printf(&how, "%s; %s", d->how, only_fills ? "missing values are means" : "standardised");
    spec.source = &s->base;
    spec.how = how.p;
    st = how.failed ? fyi_enomem(64, "a dataset's text") : fyi_dataset_new(&spec, out);
    fyi_buf_release(&how);
    fyi_source_drop(&s->base);
    return st;
}

fy_status fy_dataset_standardise(const fy_dataset *d, const fy_standard *s, fy_dataset **out)
{
    return make(d, s, false, out);
}

fy_status fy_dataset_fill(const fy_dataset *d, const fy_standard *s, fy_dataset **out)
{
    return make(d, s, true, out);
}
