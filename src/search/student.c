/* student.c: Student's t distribution (1908) by the incomplete beta function.
 *
 *   P(|T| > t) = I_x(v/2, 1/2),  x = v / (v + t^2)                    (Abramowitz and Stegun, 26.5.27 and 26.7.1)
 *   I_x(a, b)  = x^a (1 - x)^b / (a B(a, b)) * 1/(1+ d1/(1+ d2/(1+ ...  (the same, 26.5.8; DLMF 8.17.22)
 * The continued fraction is evaluated from the front by Lentz's method, as changed by Thompson and Barnett (1986). */
#include "search/search.h"

#include <math.h>

enum { MOST_TERMS = 10000 }; /* some dozens do, where the fraction is used */

/* The n-th of d1, d2, ... */
static double term(double a, double b, double x, int n)
{
    const int m = n / 2;

    if (n % 2 == 0)
        return m * (b - m) * x / ((a + n - 1) * (a + n));
    return -(a + m) * (a + b + m) * x / ((a + n - 1) * (a + n));
}

static double not_zero(double v)
{
    return fabs(v) < 1e-300 ? 1e-300 : v;
}

/* 1 + d1/(1 + d2/(1 + ... */
static double fraction(double a, double b, double x)
{
    double c = 1, d = 0, f = 1;

    for (int n = 1; n < MOST_TERMS; n++) {
        const double dn = term(a, b, x, n);

        d = 1 / not_zero(1 + dn * d);
        c = not_zero(1 + dn / c);
        f *= c * d;
        if (fabs(c * d - 1) < 1e-15)
            break;
    }
    return f;
}

static double log_gamma(double v)
{
    int sign;

    return lgamma_r(v, &sign);
}

/* y is 1 - x: near 1, x itself has lost its digits. */
static double incomplete_beta(double a, double b, double x, double y)
{
    double front;

    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    if (x > (a + 1) / (a + b + 2)) /* beyond it the fraction of the other side is the quick one */
        return 1 - incomplete_beta(b, a, y, x);
    front = exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y));
    return front / (a * fraction(a, b, x));
}

double fyi_student_p(double t, double v)
{
    const double square = t * t;

    if (isnan(t) || isinf(square))
        return isnan(t) ? t : 0;
    return incomplete_beta(v / 2, 0.5, v / (v + square), square / (v + square));
}

/* The probability falls in t: bisection, until the two ends are neighbours. */
double fyi_student_quantile(double level, double v)
{
    const double p = 1 - level;
    double lo = 0, hi = 1;

    while (fyi_student_p(hi, v) > p && hi < 1e300)
        hi *= 2;
    for (int i = 0; i < 200; i++) {
        const double mid = lo + (hi - lo) / 2;

        if (mid <= lo || mid >= hi)
            break;
        if (fyi_student_p(mid, v) > p)
            lo = mid;
        else
            hi = mid;
    }
    return hi;
}
