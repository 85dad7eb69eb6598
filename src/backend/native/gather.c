/* gather.c: a dense tensor out of elements that lie `stride` apart: what broadcasting and
 * transposing have in common. Axes that move together are merged first, so that most calls become
 * rows of memcpy or fill. */
#include "backend/native/native.h"

#include <string.h>

typedef struct job {
    uint32_t *dst;
    const uint32_t *src;
    int rank;
    int64_t d[FY_MAX_RANK], stride[FY_MAX_RANK];
} job;

/* Leaves out axes of size 1 and joins an axis to the one before it where one stride serves both. */
static void merge_axes(job *j, const fy_shape *s, const int64_t *stride)
{
    for (int i = 0; i < s->rank; i++) {
        const int last = j->rank - 1;
        if (s->d[i] == 1)
            continue;
        if (last >= 0 && j->stride[last] == stride[i] * s->d[i]) {
            j->d[last] *= s->d[i];
            j->stride[last] = stride[i];
        } else {
            j->d[j->rank] = s->d[i];
            j->stride[j->rank++] = stride[i];
        }
    }
}

/* The two common strides apart: they become memcpy and memset-like stores. */
static void fill_row(uint32_t *dst, const uint32_t *src, int64_t n, int64_t stride)
{
    const uint32_t first = *src;
    if (stride == 1)
        memcpy(dst, src, (size_t)n * sizeof *dst);
    else if (stride == 0)
        for (int64_t i = 0; i < n; i++)
            dst[i] = first;
    else
        for (int64_t i = 0; i < n; i++)
            dst[i] = src[i * stride];
}

/* Rows along the last axis. */
static void fill_rows(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    const int last = j->rank - 1;
    for (int64_t row = begin; row < end; row++) {
        int64_t rest = row, at = 0;
        for (int i = last - 1; i >= 0; i--) {
            at += rest % j->d[i] * j->stride[i];
            rest /= j->d[i];
        }
        fill_row(j->dst + row * j->d[last], j->src + at, j->d[last], j->stride[last]);
    }
}

void fyi_native_gather(const fy_shape *s, void *dst, const void *src, const int64_t *stride)
{
    job j = { .dst = dst, .src = src };
    const int64_t n = fy_shape_numel(s);
    if (n == 0)
        return;
    merge_axes(&j, s, stride);
    if (j.rank == 0) { /* a single element */
        j.d[0] = 1;
        j.rank = 1;
    }
    const int64_t row = j.d[j.rank - 1];
    fyi_parallel(n / row, fyi_grain(row), fill_rows, &j);
}
