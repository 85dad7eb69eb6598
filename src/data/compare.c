/* compare.c: can two datasets go through one model, do their values look alike, and are they two at all? */
#include "data/data.h"

#include <math.h>
#include <stdarg.h>

#define COMPARE_SAMPLES 512
#define NAME(d) fyi_whole_chars((d)->name, 40), (d)->name /* for "%.*s" */
#define FAR 2.0          /* deviations between the means of a column */
#define MOST_SPREAD 10.0 /* how many times as much a column may deviate */

static void warn(fy_compare_report *r, const char *fmt, ...) FY_PRINTF(2, 3);

static void warn(fy_compare_report *r, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (r->n_warnings == FY_COMPARE_WARNINGS)
        return;
    va_start(ap, fmt);
    n = vsnprintf(r->warning[r->n_warnings], sizeof r->warning[0], fmt, ap);
    va_end(ap);
    if (n >= (int)sizeof r->warning[0])
        fyi_mark_cut(r->warning[r->n_warnings], sizeof r->warning[0]);
    r->n_warnings++;
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

    if (scale_of(&r->a) != scale_of(&r->b) && (scale_of(&r->a) == 3 || scale_of(&r->b) == 3))
        return fyi_fail(
            FY_EINVAL,
            "values of '%s' lie in %g .. %g, of '%s' in %g .. %g: one model cannot read "
            "both; bring them to one range",
            a->name, (double)r->a.min, (double)r->a.max, b->name, (double)r->b.min,
            (double)r->b.max);
    if (scale_of(&r->a) != scale_of(&r->b))
        warn(r, "values of '%.*s' lie in %g .. %g, of '%.*s' in %g .. %g: bring both to one range",
             NAME(a), (double)r->a.min, (double)r->a.max, NAME(b), (double)r->b.min,
             (double)r->b.max);
    else if (fabs(r->a.mean - r->b.mean) > 0.5 * spread)
        warn(r,
             "the mean value of '%.*s' is %.3f, of '%.*s' %.3f: more than half a deviation apart; "
             "is one inverted or normalised differently?",
             NAME(a), r->a.mean, NAME(b), r->b.mean);
    if (spread > 0 && ratio > 2.0 && scale_of(&r->a) == scale_of(&r->b))
        warn(r,
             "values of '%.*s' deviate by %.3f, of '%.*s' by %.3f: contrast differs by a factor "
             "of %.1f",
             NAME(a), r->a.deviation, NAME(b), r->b.deviation, fmin(ratio, 1e6));
    return FY_OK;
}

/* ---- columns of vectors, channels of series --------------------------------------------------- */

/* How far a column is from another one's values; 1 is as far as may be. */
static double find_distance(const fyi_row_stats *a, const fyi_row_stats *b)
{
    const double large = fmax(a->deviation, b->deviation), small = fmin(a->deviation, b->deviation);
    const double apart = fabs(a->mean - b->mean);
    const double least = 1e-6 * fmax(fabs(a->mean), fabs(b->mean));

    if (large <= least) /* neither moves */
        return apart > least ? INFINITY : 0;
    return fmax(apart / (FAR * large), small > 0 ? large / small / MOST_SPREAD : INFINITY);
}

static void warn_of_columns(const fy_dataset *a, const fy_dataset *b, const fyi_row_stats *v,
                            int64_t n, fy_compare_report *r)
{
    int64_t worst = 0, n_far = 0;

    for (int64_t c = 0; c < n; c++) {
        n_far += find_distance(&v[c], &v[n + c]) > 1;
        if (find_distance(&v[c], &v[n + c]) > find_distance(&v[worst], &v[n + worst]))
            worst = c;
    }
    if (n_far == 0)
        return;
    warn(r,
         "%lld of %lld %s differ much; most of all number %lld, counted from 0: mean %.4g and "
         "deviation %.4g in '%.*s', %.4g and %.4g in '%.*s'. Is the unit another?",
         (long long)n_far, (long long)n, fy_dataset_shape(a)->rank == 1 ? "columns" : "channels",
         (long long)worst, v[worst].mean, v[worst].deviation, NAME(a), v[n + worst].mean,
         v[n + worst].deviation, NAME(b));
}

static fy_status compare_columns(const fy_dataset *a, const fy_dataset *b, fy_compare_report *r)
{
    const int64_t n = fy_dataset_shape(a)->d[0];
    fyi_row_stats *v = fyi_calloc(2 * (size_t)n, sizeof *v);
    fy_status st;

    if (v == NULL)
        return fyi_enomem(2 * (size_t)n * sizeof *v, "comparing columns");
    FY_TRY(fyi_dataset_row_stats(a, COMPARE_SAMPLES, v));
    FY_TRY(fyi_dataset_row_stats(b, COMPARE_SAMPLES, v + n));
    warn_of_columns(a, b, v, n, r);
done:
    fyi_free(v);
    return st;
}

/* ---- samples in common ------------------------------------------------------------------------ */

/* In a copy under another name they are found by their files, or by their values. */
static fy_status compare_samples(const fy_dataset *a, const fy_dataset *b, fy_compare_report *r)
{
    static const char *const ends[] = {
        [FYI_BY_NUMBER] = "", [FYI_BY_FILE] = ", byte for byte", [FYI_BY_VALUE] = ", value for value"
    };
    fyi_shared same;

    FYI_FORWARD(fyi_count_shared(a, b, &same));
    if (same.n_shared == 0)
        return FY_OK;
    warn(r, "%lld of the %lld samples of '%.*s'%s are in '%.*s' too%s%s", (long long)same.n_shared,
         (long long)same.n, NAME(b), same.n < b->n ? " that were compared" : "", NAME(a),
         ends[same.by], same.by == FYI_BY_NUMBER ? "" : ": is one a copy of the other?");
    return FY_OK;
}

fy_status fy_dataset_compare(const fy_dataset *a, const fy_dataset *b, fy_compare_report *out)
{
    *out = (fy_compare_report){ 0 };
    FYI_FORWARD(check_shapes(a, b));
    FYI_FORWARD(fy_dataset_stats(a, COMPARE_SAMPLES, &out->a));
    FYI_FORWARD(fy_dataset_stats(b, COMPARE_SAMPLES, &out->b));
    FYI_FORWARD(are_images(a) ? compare_values(a, b, out) : compare_columns(a, b, out));
    if (a->label != NULL && b->label != NULL && a->n_classes != b->n_classes)
        warn(out,
             "'%.*s' has %d classes and '%.*s' has %d: labels of one may mean nothing in the "
             "other",
             NAME(a), a->n_classes, NAME(b), b->n_classes);
    return compare_samples(a, b, out);
}
