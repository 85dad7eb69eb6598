/* normal.c: see graph/ops/normal.c, where the numbers are defined. Two of them come of one Philox block, so that any range of
 * whole blocks can be computed alone. */
#include "backend/native/native.h"

#define BLOCKS 64 /* at a time */

typedef struct job {
    float *dst;
    int64_t n;
    fy_rng stream;
} job;

static fy_rng stream_of(const fyi_launch *l)
{
    const fyi_normal_attr *a = l->site->attr;
    const fy_rng all = fy_rng_named(l->seed, "normal");
    const fy_rng node = fy_rng_child(&all, a->salt);
    return fy_rng_child(&node, l->step);
}

static void draw(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    for (int64_t k = begin; k < end; k++) {
        const int64_t first = k * 2 * BLOCKS;
        fy_rng r = j->stream;
        r.position = 2 * (uint64_t)first;
        fyi_rng_normals(&r, j->dst + first, FYI_MIN(2 * BLOCKS, j->n - first));
    }
}

static fy_status run(const fyi_launch *l)
{
    job j = { .dst = l->dst[0], .stream = stream_of(l) };
    j.n = fy_shape_numel(&l->site->dst[0].shape);
    fyi_parallel((j.n + 2 * BLOCKS - 1) / (2 * BLOCKS), fyi_grain(32 * BLOCKS), draw, &j);
    return FY_OK;
}

FYI_NATIVE_KERNEL(normal, fyi_native_plain, run);
