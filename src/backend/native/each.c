/* each.c: runs an element-wise loop over a whole tensor. Values stored as bf16 pass through small f32 rows on
 * the stack, so that one loop serves both types. */
#include "backend/native/each.h"

#include "backend/native/bf16.h"

#include <string.h>

#define ROW 512 /* elements: with three sources 8 KiB, well inside the first cache */

typedef struct narrow_job {
    fyi_range_fn loop;
    const fyi_launch *l;
    const fyi_bf16_rows *bf16;
    float k[2];
} narrow_job;

static const float *row_of(const narrow_job *j, int i, int64_t at, int64_t n, float *room)
{
    if (j->l->site->src[i].dtype == FY_F32)
        return (const float *)j->l->src[i] + at;
    j->bf16->widen(room, (const uint16_t *)j->l->src[i] + at, n);
    return room;
}

static void run_row(const narrow_job *j, int64_t at, int64_t n)
{
    float room[3][ROW], out[ROW];
    const bool narrow = j->l->site->dst[0].dtype == FY_BF16;
    fyi_each e = { .dst = narrow ? out : (float *)j->l->dst[0] + at, .k = { j->k[0], j->k[1] } };
    for (int i = 0; i < FYI_MIN(j->l->site->n_src, 3); i++)
        e.src[i] = row_of(j, i, at, n, room[i]);
    j->loop(&e, 0, n);
    if (narrow)
        j->bf16->narrow((uint16_t *)j->l->dst[0] + at, out, n);
}

static void run_rows(void *ctx, int64_t begin, int64_t end)
{
    for (int64_t at = begin; at < end; at += ROW)
        run_row(ctx, at, FYI_MIN((int64_t)ROW, end - at));
}

static bool is_all_f32(const fyi_site *s)
{
    bool all = s->dst[0].dtype == FY_F32;
    for (int i = 0; i < s->n_src; i++)
        all = all && s->src[i].dtype == FY_F32;
    return all;
}

fy_status fyi_each_run(const fyi_launch *l, fyi_range_fn loop, float k0, float k1)
{
    const fyi_desc *d = &l->site->dst[0];
    const int64_t n = fyi_layout_numel(&d->layout, &d->shape);
    if (!is_all_f32(l->site)) {
        narrow_job j = { .loop = loop, .l = l, .bf16 = fyi_bf16(), .k = { k0, k1 } };
        fyi_parallel(n, FYI_GRAIN, run_rows, &j);
        return FY_OK;
    }
    fyi_each e = { .dst = l->dst[0], .k = { k0, k1 } };
    for (int i = 0; i < l->site->n_src; i++)
        e.src[i] = l->src[i];
    fyi_parallel(n, FYI_GRAIN, loop, &e);
    return FY_OK;
}
