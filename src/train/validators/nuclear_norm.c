/* nuclear_norm.c: S. Cui et al. (CVPR 2020), as a validator in K. Musgrave, S. Belongie and S. Lim (2022): |P|_* of the target's
 * predictions P [n, k] over its largest possible value, sqrt(n min(n, k)). With Jacobi's method on P^T P, whose eigenvalues are the
 * squares of P's singular values. */
#include "train/validators/validators.h"

#include <math.h>

#define MOST_CLASSES 256 /* a sweep takes k^3 operations; above it the value is unknown */
#define SWEEPS 30

static void fill_gram(const fyi_look *l, double *a)
{
    const int k = l->k;

    for (int64_t i = 0; i < l->target.n; i++)
        for (int r = 0; r < k; r++)
            for (int c = 0; c < k; c++)
                a[r * k + c] += l->target.p[i * k + r] * l->target.p[i * k + c];
}

/* Turns axes r and c so that a_rc becomes 0 (Golub and Van Loan, section 8.5). */
static void turn(double *a, int k, int r, int c)
{
    const double off = a[r * k + c], half = (a[c * k + c] - a[r * k + r]) / (2 * off);
    const double t = (half >= 0 ? 1 : -1) / (fabs(half) + sqrt(half * half + 1));
    const double cos = 1 / sqrt(t * t + 1), sin = t * cos;

    for (int i = 0; i < k; i++) {
        const double x = a[i * k + r], y = a[i * k + c];

        a[i * k + r] = cos * x - sin * y;
        a[i * k + c] = sin * x + cos * y;
    }
    for (int i = 0; i < k; i++) {
        const double x = a[r * k + i], y = a[c * k + i];

        a[r * k + i] = cos * x - sin * y;
        a[c * k + i] = sin * x + cos * y;
    }
}

static void diagonalise(double *a, int k)
{
    double trace = 0;

    for (int i = 0; i < k; i++)
        trace += a[i * k + i];
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool is_diagonal = true;

        for (int r = 0; r < k; r++)
            for (int c = r + 1; c < k; c++)
                if (fabs(a[r * k + c]) > 1e-14 * trace) {
                    turn(a, k, r, c);
                    is_diagonal = false;
                }
        if (is_diagonal)
            return;
    }
}

static fy_status value(const fyi_look *l, double *out)
{
    const int k = l->k;
    double *a, sum = 0;

    *out = (double)NAN;
    if (k > MOST_CLASSES)
        return FY_OK;
    a = fyi_calloc((size_t)k * (size_t)k, sizeof *a);
    if (a == NULL)
        return fyi_enomem((size_t)k * (size_t)k * sizeof *a, "a nuclear norm");
    fill_gram(l, a);
    diagonalise(a, k);
    for (int i = 0; i < k; i++)
        sum += sqrt(fmax(a[i * k + i], 0));
    *out = sum / sqrt((double)l->target.n * (double)FYI_MIN(l->target.n, (int64_t)k));
    fyi_free(a);
    return FY_OK;
}

const fyi_validator fyi_validator_nuclear_norm = {
    .name = "nuclear_norm",
    .text = "nuclear norm of the target's predictions, relative to the largest (BNM, Cui et al. "
            "2020)",
    .is_gain = true,
    .value = value,
};
