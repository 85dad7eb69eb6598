/* sum.c: see graph/ops/sum.c.
 *
 * Axes of size 1 are left out and neighbours that are both summed or both kept are merged; what
 * remains is seen as src [r0, k0, r1, k1] -> dst [k0, k1], with 1 for what is missing. A sum runs
 * in f32 over at most CHUNK elements or ROWS rows and in double beyond, split at fixed places: the
 * result does not depend on the threads, and the error does not grow with the length. */
#include "backend/native/native.h"

#define CHUNK FYI_SUM_CHUNK
#define ROWS 256
#define COLUMNS 64

typedef struct job {
    const float *src;
    float *dst;
    double *partial; /* of each chunk, where dst is one number */
    int64_t r0, k0, r1, k1;
} job;

/* False for more alternations than r0, k0, r1, k1 can hold. */
static bool view(const fyi_site *site, job *j)
{
    const fy_shape *s = &site->src[0].shape;
    const bool *on = ((const fyi_sum_attr *)site->attr)->on;
    int64_t *level[] = { &j->k1, &j->r1, &j->k0, &j->r0 };
    size_t at = 0;
    for (size_t i = 0; i < FYI_LEN(level); i++)
        *level[i] = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        if (s->d[i] == 1)
            continue;
        if (at % 2 != on[i]) /* even levels are kept, odd ones summed */
            at++;
        if (at == FYI_LEN(level))
            return false;
        *level[at] *= s->d[i];
    }
    return true;
}

/* k1 = 1: destinations begin .. end - 1 of k0, each from r0 contiguous runs of r1. */
static void sum_runs(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t k = begin; k < end; k++) {
        double sum = 0;
        for (int64_t r = 0; r < j->r0; r++)
            sum += fyi_sum_f32(j->src + (r * j->k0 + k) * j->r1, j->r1);
        j->dst[k] = (float)sum;
    }
}

/* n (at most COLUMNS) neighbouring destinations: rows of r1 are k1 apart. */
static void sum_columns(const job *j, int64_t k, int64_t column, int64_t n)
{
    double sum[COLUMNS] = { 0 };
    for (int64_t r = 0; r < j->r0; r++) {
        const float *src = j->src + (r * j->k0 + k) * j->r1 * j->k1 + column;
        for (int64_t begin = 0; begin < j->r1; begin += ROWS) {
            const int64_t end = FYI_MIN(begin + ROWS, j->r1);
            float part[COLUMNS] = { 0 };
            for (int64_t row = begin; row < end; row++)
                for (int64_t c = 0; c < n; c++)
                    part[c] += src[row * j->k1 + c];
            for (int64_t c = 0; c < n; c++)
                sum[c] += (double)part[c];
        }
    }
    for (int64_t c = 0; c < n; c++)
        j->dst[k * j->k1 + column + c] = (float)sum[c];
}

static void sum_column_blocks(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    const int64_t per_row = (j->k1 + COLUMNS - 1) / COLUMNS;
    for (int64_t b = begin; b < end; b++) {
        const int64_t column = b % per_row * COLUMNS;
        sum_columns(j, b / per_row, column, FYI_MIN((int64_t)COLUMNS, j->k1 - column));
    }
}

static void sum_parts(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t i = begin; i < end; i++)
        j->partial[i] = fyi_sum_f32(j->src + i * CHUNK, FYI_MIN((int64_t)CHUNK, j->r1 - i * CHUNK));
}

/* One destination: the chunks are summed side by side and added up in order, as fyi_sum_f32
 * does. */
static void sum_all(job *j)
{
    const int64_t n = (j->r1 + CHUNK - 1) / CHUNK;
    double sum = 0;
    fyi_parallel(n, fyi_grain(CHUNK), sum_parts, j);
    for (int64_t i = 0; i < n; i++)
        sum += j->partial[i];
    *j->dst = (float)sum;
}

static fy_status run(const fyi_launch *l)
{
    job j = { .src = l->src[0], .dst = l->dst[0], .partial = l->scratch };
    view(l->site, &j);
    if (j.k1 > 1)
        fyi_parallel(j.k0 * ((j.k1 + COLUMNS - 1) / COLUMNS), fyi_grain(j.r0 * j.r1 * COLUMNS),
                     sum_column_blocks, &j);
    else if (j.k0 == 1 && j.r0 == 1 && j.k1 == 1)
        sum_all(&j);
    else if (j.k1 == 1)
        fyi_parallel(j.k0, fyi_grain(j.r0 * j.r1), sum_runs, &j);
    return FY_OK;
}

static bool propose(fy_device *dev, fyi_site *site)
{
    job j = { 0 };
    if (!fyi_native_plain(dev, site) || !view(site, &j))
        return false;
    site->scratch_bytes = ((size_t)j.r1 / CHUNK + 1) * sizeof(double);
    return true;
}

FYI_NATIVE_KERNEL(sum, propose, run);
