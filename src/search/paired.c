/* paired.c: two settings on the same seeds: the differences, their spread, and whether they are more than luck.
 *
 *   t = mean(d) / (sd(d) / sqrt(n)),  n - 1 degrees of freedom           (Student 1908)
 * A seed draws the same data order and the same initial weights for both, so its difference has less noise than either.
 * Figures come from files that keep nine digits: what differs by less than SAME of their size does not differ. */
#include "search/search.h"

#include <math.h>

#define SAME 1e-8

static double sum_of_squares(const double *v, int n, double mean)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        if (isfinite(v[i]))
            sum += (v[i] - mean) * (v[i] - mean);
    return sum;
}

fyi_spread fyi_spread_of(const double *v, int n, double level)
{
    fyi_spread s = { 0, NAN, NAN, NAN, NAN };
    double sum = 0, reach;

    for (int i = 0; i < n; i++)
        if (isfinite(v[i])) {
            sum += v[i];
            s.n++;
        }
    if (s.n > 0)
        s.mean = sum / s.n;
    if (s.n < 2)
        return s;
    s.sd = sqrt(sum_of_squares(v, n, s.mean) / (s.n - 1));
    reach = fyi_student_quantile(level, s.n - 1) * s.sd / sqrt(s.n);
    s.low = s.mean - reach;
    s.high = s.mean + reach;
    return s;
}

/* The differences of the pairs that are there, and how large a difference of theirs is none. */
static int list_differences(const double *v, const double *base, int n, double *d, double *same)
{
    double largest = 0;
    int m = 0;

    for (int i = 0; i < n; i++)
        if (isfinite(v[i]) && isfinite(base[i])) {
            d[m++] = v[i] - base[i];
            largest = FYI_MAX(largest, FYI_MAX(fabs(v[i]), fabs(base[i])));
        }
    *same = SAME * largest;
    return m;
}

static bool are_equal(const double *d, int n, double same)
{
    double lo = INFINITY, hi = -INFINITY;

    for (int i = 0; i < n; i++) {
        lo = FYI_MIN(lo, d[i]);
        hi = FYI_MAX(hi, d[i]);
    }
    return hi - lo <= same;
}

/* Without spread there is no t, however large the difference: two seeds that happen to agree prove nothing. No
 * difference at all is the one case that needs no test. */
static void set_constant(fyi_paired *out, double same)
{
    fyi_spread *d = &out->diff;
    const bool is_none = fabs(d->mean) <= same;

    out->is_constant = true;
    d->sd = 0;
    d->mean = is_none ? 0 : d->mean;
    d->low = d->high = is_none ? 0 : (double)NAN;
    out->p = is_none ? 1 : (double)NAN;
}

static fy_status compare(const double *d, int n, double same, double level, fyi_paired *out)
{
    *out = (fyi_paired){ fyi_spread_of(d, n, level), NAN, NAN, NAN, false };
    if (n < 2)
        return FY_OK;
    if (are_equal(d, n, same)) {
        set_constant(out, same);
    } else {
        out->t = out->diff.mean / (out->diff.sd / sqrt(n));
        out->p = fyi_student_p(out->t, n - 1);
    }
    return fyi_wilcoxon_p(d, n, same, &out->p_wilcoxon);
}

fy_status fyi_paired_compare(const double *v, const double *base, int n, double level,
                             fyi_paired *out)
{
    double *d = fyi_calloc((size_t)n, sizeof *d), same;
    fy_status st;

    if (d == NULL)
        return fyi_enomem((size_t)n * sizeof *d, "a comparison");
    n = list_differences(v, base, n, d, &same);
    st = compare(d, n, same, level, out);
    fyi_free(d);
    return st;
}
