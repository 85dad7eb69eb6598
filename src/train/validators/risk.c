/* risk.c: deep embedded validation. K. You, X. Wang, M. Long and M. Jordan (ICML 2019), "Towards Accurate Model Selection in Deep
 * Unsupervised Domain Adaptation", equations 5 to 8: the target's error from that on held-out source samples, weighted by how much they
 * look like the target's, w = n_s / n_t  p(target | z) / p(source | z), with a control variate:
 *
 *   risk = mean(w l) + eta mean(w) - eta,   eta = -Cov(w l, w) / Var(w),   l = 1 where the class is wrong
 *
 * p by logistic regression on features of deviation 1. */
#include "train/probe.h"
#include "train/validators/validators.h"

#include <math.h>

static void standardise(double *x, int64_t n, int64_t d)
{
    for (int64_t j = 0; j < d; j++) {
        double mean = 0, square = 0;

        for (int64_t i = 0; i < n; i++)
            mean += x[i * d + j] / (double)n;
        for (int64_t i = 0; i < n; i++) {
            x[i * d + j] -= mean;
            square += x[i * d + j] * x[i * d + j] / (double)n;
        }
        for (int64_t i = 0; i < n && square > 0; i++)
            x[i * d + j] /= sqrt(square);
    }
}

static void fill(const fyi_look *l, double *x, int32_t *y)
{
    const float *s = fy_tensor_const_data(l->source.z), *t = fy_tensor_const_data(l->target.z);

    for (int64_t i = 0; i < l->source.n * l->d; i++)
        x[i] = (double)s[i];
    for (int64_t i = 0; i < l->target.n * l->d; i++)
        x[l->source.n * l->d + i] = (double)t[i];
    for (int64_t i = 0; i < l->target.n; i++)
        y[l->source.n + i] = 1;
    standardise(x, l->source.n + l->target.n, l->d);
}

static int predicted(const double *p, int k)
{
    int best = 0;

    for (int j = 1; j < k; j++)
        best = p[j] > p[best] ? j : best;
    return best;
}

/* p(target) / p(source) is the exponential of the difference of the two scores. */
static double weight_of(const double *x, const double *w, int64_t d)
{
    double score = w[d + 1 + d] - w[d];

    for (int64_t j = 0; j < d; j++)
        score += (w[d + 1 + j] - w[j]) * x[j];
    return exp(fmin(score, 50));
}

static double estimate(const fyi_look *l, const double *x, const double *w)
{
    const double n = (double)l->source.n, prior = n / (double)l->target.n;
    double sw = 0, swl = 0, sww = 0, swlw = 0;

    for (int64_t i = 0; i < l->source.n; i++) {
        const double v = prior * weight_of(x + i * l->d, w, l->d);
        const double loss = predicted(l->source.p + i * l->k, l->k) != l->source.y[i];

        sw += v / n;
        swl += v * loss / n;
        sww += v * v / n;
        swlw += v * v * loss / n;
    }
    const double variance = sww - sw * sw, eta = variance > 0 ? -(swlw - swl * sw) / variance : 0;
    return swl + eta * sw - eta;
}

static fy_status value(const fyi_look *l, double *out)
{
    const int64_t n = l->source.n + l->target.n;
    double *x = fyi_calloc((size_t)(n * l->d), sizeof *x);
    double *w = fyi_calloc((size_t)(2 * (l->d + 1)), sizeof *w);
    int32_t *y = fyi_calloc((size_t)n, sizeof *y);
    const fyi_probe_rows rows = { .x = x, .y = y, .n = n, .d = l->d };
    fy_probe_opts o = fy_probe_defaults();
    fy_probe probe;
    fy_status st = FY_OK;

    *out = (double)NAN;
    o.tolerance = 1e-3;
    o.max_iterations = 100;
    if (x == NULL || w == NULL || y == NULL) {
        st = fyi_enomem((size_t)(n * l->d) * sizeof *x, "a ratio of densities");
        goto done;
    }
    fill(l, x, y);
    FY_TRY(fyi_probe_fit(&rows, 2, 1e-2, &o, w, &probe));
    *out = estimate(l, x, w);
done:
    fyi_free(y);
    fyi_free(w);
    fyi_free(x);
    return st;
}

const fyi_validator fyi_validator_risk = {
    .name = "risk",
    .text =
        "error on source samples, weighted by how much they look like the target's (DEV, You et "
        "al. 2019)",
    .is_gain = false,
    .needs_source = true,
    .value = value,
};
