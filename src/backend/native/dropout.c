/* dropout.c: see graph/ops/dropout.c, where the mask is defined.
 *
 * Philox runs on LANES blocks at a time, each word in an array, so that the rounds become vector
 * code. */
#include "backend/native/native.h"

#define LANES 32
#define WORDS (4 * LANES)

/* As fyi_philox, for the blocks first .. first + LANES - 1 of a stream: the stream's numbers from
 * 4 * first on. */
static void random_words(const fy_rng *r, uint64_t first, uint32_t out[WORDS])
{
    uint32_t k0 = (uint32_t)r->seed, k1 = (uint32_t)(r->seed >> 32);
    uint32_t c[4][LANES];
    for (int i = 0; i < LANES; i++) {
        c[0][i] = (uint32_t)(first + (uint64_t)i);
        c[1][i] = (uint32_t)((first + (uint64_t)i) >> 32);
        c[2][i] = (uint32_t)r->stream;
        c[3][i] = (uint32_t)(r->stream >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < LANES; i++) {
            const uint64_t a = (uint64_t)0xD2511F53u * c[0][i];
            const uint64_t b = (uint64_t)0xCD9E8D57u * c[2][i];
            c[0][i] = (uint32_t)(b >> 32) ^ c[1][i] ^ k0;
            c[1][i] = (uint32_t)b;
            c[2][i] = (uint32_t)(a >> 32) ^ c[3][i] ^ k1;
            c[3][i] = (uint32_t)a;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES; i++)
        for (int w = 0; w < 4; w++)
            out[4 * i + w] = c[w][i];
}

typedef struct job {
    const float *src;
    float *dst;
    int64_t n;
    fy_rng stream;
    int32_t threshold; /* of the 24-bit number; at or above it an element is kept */
    float scale;
} job;

/* Groups of WORDS elements. */
static void drop(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t group = begin; group < end; group++) {
        const int64_t at = group * WORDS, n = FYI_MIN((int64_t)WORDS, j->n - at);
        const float *src = j->src + at;
        float *dst = j->dst + at;
        uint32_t w[WORDS];
        random_words(&j->stream, (uint64_t)group * LANES, w);
        FYI_VECTOR /* scaled before the choice, which then needs no branch */
            for (int64_t i = 0; i < n; i++)
        {
            const float scaled = src[i] * j->scale;
            dst[i] = (int32_t)(w[i] >> 8) >= j->threshold ? scaled : 0.0f;
        }
    }
}

static fy_rng stream_of(const fyi_launch *l)
{
    const fyi_dropout_attr *a = l->site->attr;
    const fy_rng all = fy_rng_named(l->seed, "dropout");
    const fy_rng node = fy_rng_child(&all, a->salt);
    return fy_rng_child(&node, l->step);
}

/* u / 2^24 >= p is u >= p 2^24, rounded up; the product is exact. */
static int32_t threshold_of(float p)
{
    const double exact = (double)p * 16777216.0;
    const int32_t whole = (int32_t)exact;
    return whole + ((double)whole < exact);
}

static fy_status run(const fyi_launch *l)
{
    const float p = ((const fyi_dropout_attr *)l->site->attr)->p;
    job j = { .src = l->src[0], .dst = l->dst[0], .stream = stream_of(l) };
    j.n = fy_shape_numel(&l->site->dst[0].shape);
    j.threshold = threshold_of(p);
    j.scale = (float)(1.0 / (1.0 - (double)p));
    fyi_parallel((j.n + WORDS - 1) / WORDS, fyi_grain(WORDS), drop, &j);
    return FY_OK;
}

FYI_NATIVE_KERNEL(dropout, fyi_native_plain, run);
