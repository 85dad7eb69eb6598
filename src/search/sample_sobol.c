/* sample_sobol.c: points that leave no large gap, as Sobol's sequence (1967) has them, scrambled by the seed.
 *
 *   x_i = v_1 g_1 xor v_2 g_2 xor ...,   g = the bits of i's Gray code
 * Direction numbers v: Joe and Kuo 2008, "Constructing Sobol sequences with better two-dimensional projections", table
 * new-joe-kuo-6. Scrambling: Owen 1995, by hashing as Burley 2020, "Practical hash-based Owen scrambling", section 4. */
#include "search/study.h"

#include <string.h>

#define BITS 32
#define MAX_DEGREE 7

/* Of the dimensions after the first: degree and inner coefficients of a primitive polynomial, and first numbers. */
static const struct direction {
    uint8_t degree, a;
    uint8_t m[MAX_DEGREE];
} directions[] = {
    { 1, 0, { 1 } },
    { 2, 1, { 1, 3 } },
    { 3, 1, { 1, 3, 1 } },
    { 3, 2, { 1, 1, 1 } },
    { 4, 1, { 1, 1, 3, 3 } },
    { 4, 4, { 1, 3, 5, 13 } },
    { 5, 2, { 1, 1, 5, 5, 17 } },
    { 5, 4, { 1, 1, 5, 5, 5 } },
    { 5, 7, { 1, 1, 7, 11, 19 } },
    { 5, 11, { 1, 1, 5, 1, 1 } },
    { 5, 13, { 1, 1, 1, 3, 11 } },
    { 5, 14, { 1, 3, 5, 5, 31 } },
    { 6, 1, { 1, 3, 3, 9, 7, 49 } },
    { 6, 13, { 1, 1, 1, 15, 21, 21 } },
    { 6, 16, { 1, 3, 1, 13, 27, 49 } },
    { 6, 19, { 1, 1, 1, 15, 7, 5 } },
    { 6, 22, { 1, 3, 1, 15, 13, 25 } },
    { 6, 25, { 1, 1, 5, 5, 19, 61 } },
    { 7, 1, { 1, 3, 7, 11, 23, 15, 103 } },
    { 7, 4, { 1, 3, 7, 13, 13, 15, 69 } },
};

/* m_k = 2 a_1 m_{k-1} xor ... xor 2^s m_{k-s} xor m_{k-s}, and v_k = m_k shifted to the front. */
static void fill(int dimension, uint32_t v[BITS])
{
    const struct direction *d = dimension > 0 ? &directions[dimension - 1] : NULL;
    const int s = d != NULL ? d->degree : BITS;

    for (int k = 0; k < BITS; k++) {
        if (k < s) {
            v[k] = (uint32_t)(d != NULL ? d->m[k] : 1) << (BITS - 1 - k);
            continue;
        }
        v[k] = v[k - s] ^ v[k - s] >> s;
        for (int j = 1; j < s; j++)
            v[k] ^= d->a >> (s - 1 - j) & 1 ? v[k - j] : 0;
    }
}

uint32_t fyi_sobol_point(int dimension, uint64_t i)
{
    uint32_t v[BITS], x = 0;

    fill(dimension, v);
    i ^= i >> 1;
    for (int k = 0; k < BITS; k++)
        x ^= i >> k & 1 ? v[k] : 0;
    return x;
}

static uint32_t reverse(uint32_t x)
{
    uint32_t r = 0;

    for (int k = 0; k < BITS; k++)
        r |= (x >> k & 1) << (BITS - 1 - k);
    return r;
}

/* Every bit is flipped or not by what is before it. */
static uint32_t scramble(uint32_t x, uint32_t seed)
{
    x = reverse(x) ^ (reverse(x) * 0x3d20adeau);
    x += seed;
    x *= (seed >> 16) | 1;
    x ^= x * 0x05526c56u;
    x ^= x * 0x53a22864u;
    return reverse(x);
}

static fy_status draw(const fyi_draw *d, double *places)
{
    const fyi_draw any = { .seed = d->seed, .number = -1 }; /* one scrambling for all trials */

    FYI_ASSERT(d->n_knobs <= (int)FYI_LEN(directions) + 1);
    for (int i = 0; i < d->n_knobs; i++) {
        fy_rng r = fyi_draw_stream(&any, i);

        places[i] =
            ((double)scramble(fyi_sobol_point(i, (uint64_t)d->number), fy_rng_u32(&r)) + 0.5) *
            0x1p-32;
    }
    return FY_OK;
}

const fyi_sampler fyi_sampler_sobol = { "sobol", draw };
