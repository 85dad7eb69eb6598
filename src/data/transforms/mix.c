/* mix.c: a batch whose samples are mixed with their neighbours.
 *
 *   v_i <- lambda v_i + (1 - lambda) v_(i-1),   v_(-1) is the last; lambda from Beta(alpha, alpha)
 * Pixels and labels move by the same lambda. In a shuffled batch the neighbour is a random sample, as
 * torchvision has it. Rows are mixed from the last on, so that one row of memory is enough. */
#include "data/transforms/transforms.h"

#include <math.h>
#include <string.h>

/* ---- Beta(alpha, alpha) ---------------------------------------------------------------------- */

/* The logarithm of a number from Gamma(alpha, 1): Marsaglia and Tsang 2000, "A simple method for
 * generating gamma variables"; below 1 by Gamma(alpha + 1) U^(1 / alpha). In logarithms, since small
 * alphas give numbers below the smallest double. */
static double draw_log_gamma(fy_rng *r, double alpha)
{
    const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3, c = 1 / sqrt(9 * d);
    double x, v, u;

    do {
        x = (double)fy_rng_normal(r);
        v = (1 + c * x) * (1 + c * x) * (1 + c * x);
        u = ((double)fy_rng_u32(r) + 0.5) * 0x1p-32;
    } while (v <= 0 || log(u) >= 0.5 * x * x + d - d * v + d * log(v));
    if (alpha >= 1)
        return log(d * v);
    return log(d * v) + log(((double)fy_rng_u32(r) + 0.5) * 0x1p-32) / alpha;
}

double fyi_draw_beta(fy_rng *r, double alpha)
{
    const double a = draw_log_gamma(r, alpha), b = draw_log_gamma(r, alpha);

    return 1 / (1 + exp(b - a));
}

/* ---- rows ------------------------------------------------------------------------------------ */

void fyi_one_hot(const int32_t *y, int64_t n, int64_t k, float *q)
{
    memset(q, 0, (size_t)(n * k) * sizeof *q);
    for (int64_t i = 0; i < n; i++)
        q[i * k + y[i]] = 1;
}

static void mix_row(float *v, const float *with, int64_t row, float lambda)
{
    for (int64_t t = 0; t < row; t++)
        v[t] = lambda * v[t] + (1 - lambda) * with[t];
}

void fyi_mix_rows(float *v, int64_t n, int64_t row, float lambda, float *kept)
{
    if (n < 2)
        return;
    memcpy(kept, v + (n - 1) * row, (size_t)row * sizeof *v);
    for (int64_t i = n - 1; i > 0; i--)
        mix_row(v + i * row, v + (i - 1) * row, row, lambda);
    mix_row(v, kept, row, lambda);
}

void fyi_mix_batch(const fy_mix *mix, const fyi_mixture *b, fy_rng *r)
{
    const bool is_mixed = fyi_draw_chance(r, mix->prob);
    const bool is_heads = fyi_draw_chance(r, 0.5f);
    const bool cuts = mix->cutmix_alpha > 0 && (mix->mixup_alpha <= 0 || is_heads);

    if (!is_mixed)
        return;
    if (cuts)
        (void)fyi_cutmix(b, fyi_draw_beta(r, (double)mix->cutmix_alpha), r);
    else
        fyi_mixup(b, fyi_draw_beta(r, (double)mix->mixup_alpha));
}
