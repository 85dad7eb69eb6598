/* rng.c: random streams without state: Philox 4x32-10 of a counter.
 *
 *   key     = seed                              (64 bits)
 *   counter = [position / 4, stream]            (64 + 64 bits)
 *   number  = word position % 4 of philox(key, counter)
 *
 * Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", 2011. */
#include "base/base.h"

#include <math.h>
#include <string.h>

void fyi_philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];

    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;

        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u; /* the golden ratio and sqrt(3) - 1: Weyl sequences for the keys */
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void fyi_rng_block(const fy_rng *r, uint64_t block, uint32_t out[4])
{
    const uint32_t key[2] = { (uint32_t)r->seed, (uint32_t)(r->seed >> 32) };
    const uint32_t counter[4] = { (uint32_t)block, (uint32_t)(block >> 32), (uint32_t)r->stream,
                                  (uint32_t)(r->stream >> 32) };

    fyi_philox(key, counter, out);
}

fy_rng fy_rng_named(uint64_t seed, const char *stream_name)
{
    return (fy_rng){ seed, fyi_hash64(stream_name, strlen(stream_name), 0), 0 };
}

/* The multiplier is odd and the mixer (Steele et al., SplitMix64) a permutation, so that no two
 * children of one parent share a stream. */
fy_rng fy_rng_child(const fy_rng *parent, uint64_t index)
{
    uint64_t x = parent->stream + 0x9E3779B97F4A7C15u * (index + 1);

    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (fy_rng){ parent->seed, x ^ x >> 31, 0 };
}

uint32_t fy_rng_u32(fy_rng *r)
{
    uint32_t words[4];

    fyi_rng_block(r, r->position / 4, words);
    return words[r->position++ % 4];
}

float fy_rng_uniform(fy_rng *r)
{
    return (float)(fy_rng_u32(r) >> 8) * 0x1p-24f;
}

/* ---- normal numbers ------------------------------------------------------------------------------ */

/* Sums of powers, the last of them first. Loops over n of what follows become vector instructions, and unlike those of a
 * mathematical library the results are the same everywhere. */
static inline double sum_powers(double x, const double *c, int n)
{
    double sum = c[n - 1];

    for (int i = n - 2; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

/* log x for normal x > 0: x = m 2^e with m within a root of 2 from 1, log m = 2 atanh((m - 1) / (m + 1)). */
static inline double log_of(double x)
{
    static const double odd[] = { 2.0,      2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,
                                  2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19 };
    const uint64_t half_root = 0x3fe6a09e667f3bcdu; /* the root of 1/2 */
    const uint64_t bias = 1024;                     /* keeps e positive until it is a number */
    uint64_t bits, e;
    double m, s;

    memcpy(&bits, &x, sizeof bits);
    e = (bits - half_root + (bias << 52)) >> 52;
    bits -= (e - bias) << 52;
    memcpy(&m, &bits, sizeof m);
    s = (m - 1) / (m + 1);
    return ((double)(int32_t)e - (double)bias) * 0.693147180559945309417 +
           s * sum_powers(s * s, odd, 10);
}

/* cos 2 pi t for 0 <= t < 1: sin of what is left to the quarter turn, where |x| <= pi / 2. */
static inline double cos_of_turn(double t)
{
    static const double terms[] = { 1.0,
                                    -1.0 / 6,
                                    1.0 / 120,
                                    -1.0 / 5040,
                                    1.0 / 362880,
                                    -1.0 / 39916800,
                                    1.0 / 6227020800,
                                    -1.0 / 1307674368000,
                                    1.0 / 355687428096000,
                                    -1.0 / 121645100408832000 };
    const double x = 6.283185307179586476925 * (0.25 - (0.5 - fabs(t - 0.5)));

    return x * sum_powers(x * x, terms, 10);
}

/* Box and Muller 1958. The half keeps the logarithm's argument off zero. */
static inline float normal_of(uint32_t first, uint32_t second)
{
    const double u = ((double)first + 0.5) * 0x1p-32, turn = (double)second * 0x1p-32;

    return (float)(sqrt(-2.0 * log_of(u)) * cos_of_turn(turn));
}

float fy_rng_normal(fy_rng *r)
{
    const uint32_t first = fy_rng_u32(r);

    return normal_of(first, fy_rng_u32(r));
}

#define AT_ONCE 64

/* The n <= AT_ONCE of them from `block` on. */
static void few_normals(const fy_rng *r, uint64_t block, float *v, int64_t n)
{
    uint32_t first[AT_ONCE], second[AT_ONCE], words[4];

    for (int64_t k = 0; k < n; k += 2) {
        fyi_rng_block(r, block + (uint64_t)k / 2, words);
        first[k] = words[0];
        second[k] = words[1];
        first[k + 1] = words[2];
        second[k + 1] = words[3];
    }
    for (int64_t k = 0; k < n; k++)
        v[k] = normal_of(first[k], second[k]);
}

void fyi_rng_normals(fy_rng *r, float *v, int64_t n)
{
    const uint64_t block = (r->position + 3) / 4;

    r->position = 4 * block + 2 * (uint64_t)n;
    for (int64_t k = 0; k < n; k += AT_ONCE)
        few_normals(r, block + (uint64_t)k / 2, v + k, FYI_MIN(AT_ONCE, n - k));
}

/* Lemire 2019, "Fast random integer generation in an interval": the high word of x * n, drawn again
 * in the few cases that would favour some results. */
static uint32_t below_32(fy_rng *r, uint32_t n)
{
    uint64_t product = (uint64_t)fy_rng_u32(r) * n;

    if ((uint32_t)product < n) {
        const uint32_t n_biased = (0u - n) % n;

        while ((uint32_t)product < n_biased)
            product = (uint64_t)fy_rng_u32(r) * n;
    }
    return (uint32_t)(product >> 32);
}

uint64_t fy_rng_below(fy_rng *r, uint64_t n)
{
    uint64_t mask, x;

    FYI_ASSERT(n >= 1);
    if (n <= UINT32_MAX)
        return below_32(r, (uint32_t)n);
    mask = UINT64_MAX >> __builtin_clzll(n);
    do {
        x = (uint64_t)fy_rng_u32(r) << 32;
        x = (x | fy_rng_u32(r)) & mask;
    } while (x >= n);
    return x;
}

void fy_rng_shuffle(fy_rng *r, int64_t *v, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)fy_rng_below(r, i);
        const int64_t kept = v[i - 1];

        v[i - 1] = v[j];
        v[j] = kept;
    }
}
