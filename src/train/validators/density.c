/* density.c: soft neighbourhood density. K. Saito, D. Kim, P. Teterwak, S. Sclaroff, T. Darrell and K. Saenko (ICCV 2021), "Tune it the
 * Right Way": of predictions p_i / |p_i|, similarities s_ij without i itself,
 *
 *   q_i = softmax_j(s_ij / 0.05)      SND = mean_i H(q_i)
 *
 * over the log of how many others there are, so that it does not grow with the samples. Collapsed models have the best of all. */
#include "train/validators/validators.h"

#include <math.h>

#define TEMPERATURE 0.05

static void shorten(const double *p, int k, double *to)
{
    double square = 0;

    for (int j = 0; j < k; j++)
        square += p[j] * p[j];
    for (int j = 0; j < k; j++)
        to[j] = p[j] / sqrt(square);
}

/* H of a softmax, from its scores: log Z - sum q s. */
static double entropy_at(const double *u, int64_t n, int k, int64_t i)
{
    double z = 0, sum = 0;

    for (int64_t j = 0; j < n; j++) {
        double s = 0;

        for (int c = 0; c < k; c++)
            s += u[i * k + c] * u[j * k + c];
        s = (s - 1) / TEMPERATURE; /* 1 is the largest */
        z += j != i ? exp(s) : 0;
        sum += j != i ? exp(s) * s : 0;
    }
    return z > 0 ? log(z) - sum / z : 0;
}

static fy_status value(const fyi_look *l, double *out)
{
    const int64_t n = l->target.n;
    double *u = fyi_calloc((size_t)(n * l->k), sizeof *u), sum = 0;

    *out = (double)NAN;
    if (u == NULL)
        return fyi_enomem((size_t)(n * l->k) * sizeof *u, "neighbourhoods");
    for (int64_t i = 0; i < n; i++)
        shorten(l->target.p + i * l->k, l->k, u + i * l->k);
    for (int64_t i = 0; i < n; i++)
        sum += entropy_at(u, n, l->k, i);
    if (n > 2)
        *out = sum / (double)n / log((double)(n - 1));
    fyi_free(u);
    return FY_OK;
}

const fyi_validator fyi_validator_density = {
    .name = "density",
    .text = "how many neighbours a target sample's prediction has (SND, Saito et al. 2021)",
    .is_gain = true,
    .value = value,
};
