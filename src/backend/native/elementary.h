/* elementary.h: exp and its kin as straight-line code, so that loops over them become vector
 * code on any machine. Within 2 units in the last place of the exact value (Moshier's Cephes
 * polynomials); NaN stays NaN. */
#ifndef FYI_ELEMENTARY_H
#define FYI_ELEMENTARY_H

#include <math.h>
#include <stdint.h>

static inline uint32_t fyi_bits_of(float x)
{
    const union {
        float f;
        uint32_t u;
    } c = { .f = x };
    return c.u;
}

static inline float fyi_float_of(uint32_t bits)
{
    const union {
        uint32_t u;
        float f;
    } c = { .u = bits };
    return c.f;
}

/* exp(x) = 2^n exp(r), |r| <= ln 2 / 2. Two factors for 2^n: each is in range where their product
 * overflows to infinity or underflows to zero. */
static inline float fyi_expf(float x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    const float in = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
    const float t = in * 1.44269504f + magic, n = t - magic;
    const float r = (in - n * 0.693359375f) + n * 2.12194440e-4f; /* ln 2 in two parts */
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float y = p * (r * r) + r + 1.0f;
    const int32_t i = (int32_t)(fyi_bits_of(t) - 0x4b400000u), half = i >> 1;
    const float a = fyi_float_of((uint32_t)(half + 127) << 23);
    const float b = fyi_float_of((uint32_t)(i - half + 127) << 23);
    return y * a * b;
}

static inline float fyi_sigmoidf(float x)
{
    return 1.0f / (1.0f + fyi_expf(-x));
}

/* Near zero 1 - 2 / (exp(2x) + 1) would cancel. */
static inline float fyi_tanhf(float x)
{
    const float size = fabsf(x), z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    const float near = p * z * x + x;
    const float far = copysignf(1.0f - 2.0f / (fyi_expf(2.0f * size) + 1.0f), x);
    return size < 0.625f ? near : far;
}

/* ln(1 + x) for 0 <= x <= 1, as 2 atanh(x / (2 + x)), whose series needs seven terms up to 1/3. */
static inline float fyi_log1pf_to_one(float x)
{
    const float s = x / (2.0f + x), z = s * s;
    float p = 1.0f / 13;
    p = p * z + 1.0f / 11;
    p = p * z + 1.0f / 9;
    p = p * z + 1.0f / 7;
    p = p * z + 1.0f / 5;
    p = p * z + 1.0f / 3;
    return 2.0f * (s + s * z * p);
}

#endif
