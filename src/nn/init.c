/* init.c: drawing first values. Number i of a parameter is a function of its stream and i alone, so that threads
 * share the work. */
#include "nn/init.h"

#include "base/base.h"

#include <math.h>

const fyi_init_style fyi_style_torch = { FYI_INIT_TORCH, FYI_INIT_TORCH, FYI_INIT_TORCH,
                                         FYI_INIT_TORCH };

/* Four values from one block of the stream. */
typedef void (*values_of)(const uint32_t word[4], float scale, float v[4]);

static float uniform(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24f; /* [0, 1) */
}

static void uniform_values(const uint32_t word[4], float scale, float v[4])
{
    for (int k = 0; k < 4; k++)
        v[k] = scale * (2.0f * uniform(word[k]) - 1.0f);
}

/* Box and Muller (1958): two numbers from two. 1 - u is never 0. */
static void normal_values(const uint32_t word[4], float scale, float v[4])
{
    for (int k = 0; k < 4; k += 2) {
        const float radius = scale * sqrtf(-2.0f * logf(1.0f - uniform(word[k])));
        const float angle = 6.28318530718f * uniform(word[k + 1]);
        v[k] = radius * cosf(angle);
        v[k + 1] = radius * sinf(angle);
    }
}

typedef struct job {
    values_of values;
    const fy_rng *stream;
    float scale;
    float *v;
    int64_t n;
} job;

static void fill_blocks(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t b = begin; b < end; b++) {
        uint32_t word[4];
        float four[4];
        fyi_rng_block(j->stream, (uint64_t)b, word);
        j->values(word, j->scale, four);
        for (int64_t k = 0; k < 4 && 4 * b + k < j->n; k++)
            j->v[4 * b + k] = four[k];
    }
}

static float scale_of(fyi_init init, fyi_fans fans)
{
    const float fan = init.fan == FYI_FAN_IN ? fans.in : fans.out;
    if (init.fan == FYI_FAN_ONE)
        return init.gain;
    return fan > 0 ? init.gain / sqrtf(fan) : 0;
}

/* v is [out, in, area]; fans.in is in * area and fans.out is out * area. */
static void fill_identity(float gain, fyi_fans fans, float *v, int64_t n)
{
    const int64_t in_area = (int64_t)fans.in, out_area = (int64_t)fans.out;
    const int64_t area = n > 0 ? in_area * out_area / n : 1;
    for (int64_t i = 0; i < n; i++) {
        const int64_t o = i / in_area, from = i % in_area;
        v[i] = from == o * area + area / 2 ? gain : 0;
    }
}

void fyi_init_fill(fyi_init init, fyi_fans fans, const fy_rng *stream, float *v, int64_t n)
{
    job j = { .stream = stream, .scale = scale_of(init, fans), .v = v, .n = n };
    if (init.kind == FYI_INIT_CONSTANT) {
        for (int64_t i = 0; i < n; i++)
            v[i] = init.gain;
        return;
    }
    if (init.kind == FYI_INIT_IDENTITY) {
        fill_identity(init.gain, fans, v, n);
        return;
    }
    j.values = init.kind == FYI_INIT_UNIFORM ? uniform_values : normal_values;
    fyi_parallel((n + 3) / 4, 4096, fill_blocks, &j);
}
