/* shapley.c: Shapley values (1953) of up to FY_SHAPLEY_MAX players, from the value of every coalition.
 *
 *   out[i] = sum over S without i of |S|! (m - |S| - 1)! / m! (value[S + i] - value[S]) */
#include "base/base.h"

#include <ferry/pid.h>

#include <math.h>

static double factorial(int n)
{
    double v = 1;

    for (int k = 2; k <= n; k++)
        v *= k;
    return v;
}

static int size_of(unsigned s)
{
    int n = 0;

    for (; s != 0; s >>= 1)
        n += (int)(s & 1);
    return n;
}

static double share_of(const double *value, int m, int i)
{
    double sum = 0;

    for (unsigned s = 0; s < 1u << m; s++) {
        const int n = size_of(s);

        if (s >> i & 1)
            continue;
        sum += factorial(n) * factorial(m - n - 1) * (value[s | 1u << i] - value[s]);
    }
    return sum / factorial(m);
}

fy_status fy_shapley(const double *value, int m, double *out)
{
    if (m < 1 || m > FY_SHAPLEY_MAX)
        return fyi_fail(FY_EINVAL, "Shapley values of %d modalities; 1 .. %d are possible", m,
                        FY_SHAPLEY_MAX);
    for (unsigned s = 0; s < 1u << m; s++)
        if (!isfinite(value[s]))
            return fyi_fail(FY_ENAN,
                            "Shapley values: the figure of subset %u, bit i for modality i, is not "
                            "finite",
                            s);
    for (int i = 0; i < m; i++)
        out[i] = share_of(value, m, i);
    return FY_OK;
}
