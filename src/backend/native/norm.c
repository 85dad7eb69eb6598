/* norm.c: normalisation by the batch's own moments, with what follows it, over channels in blocks of 16.
 *
 * Each image's channel block is one item: its sums are its own, and are put together in the order of the images,
 * so that the number of threads changes nothing. Backward reads the tensors twice and stores nothing between. */
#include "backend/native/norm.h"
#include "backend/cpu.h"
#include "backend/native/native.h"

#include <math.h>
#include <string.h>

#if FYI_X86_64

#define STRIP 256 /* pixels of 16 channels: 16 KiB in f32 */

static int64_t blocks_of(const fy_shape *s)
{
    return (s->d[1] + 15) / 16;
}

/* What scratch holds before the rooms. */
static size_t sums_bytes(const fy_shape *s)
{
    const size_t blocks = (size_t)blocks_of(s);
    return blocks * sizeof(fyi_norm_line) + (size_t)s->d[0] * blocks * 32 * sizeof(float);
}

static fyi_norm_job begin(const fyi_launch *l, int src, float eps)
{
    const fyi_desc *d = &l->site->src[src];
    fyi_norm_job j = { .loops = d->dtype == FY_BF16 ? &fyi_norm_bf16_avx512 : &fyi_norm_f32_avx512 };
    j.n = d->shape.d[0];
    j.c = d->shape.d[1];
    j.blocks = blocks_of(&d->shape);
    j.hw = d->shape.d[2] * d->shape.d[3];
    j.eps = eps;
    j.lo = -INFINITY;
    j.hi = INFINITY;
    j.item_bytes = (size_t)j.hw * 16 * fy_dtype_bytes(d->dtype);
    j.x = l->src[src];
    j.lines = l->scratch;
    j.part = (float *)(j.lines + j.blocks);
    return j;
}

fyi_norm_job fyi_norm_forward_job(const fyi_launch *l, float eps, int mean)
{
    fyi_norm_job j = begin(l, 0, eps);
    j.scale = l->src[1];
    j.shift = l->src[2];
    j.dst = l->dst[0];
    j.mean = l->dst[mean];
    j.var = l->dst[mean + 1];
    return j;
}

fyi_norm_job fyi_norm_backward_job(const fyi_launch *l, float eps, int src)
{
    fyi_norm_job j = begin(l, src, eps);
    j.diff = l->src[0];
    j.mean = l->src[src + 1];
    j.var = l->src[src + 2];
    j.scale = l->src[src + 3];
    j.diff_src = l->dst[0];
    j.diff_scale = l->dst[1];
    j.diff_shift = l->dst[2];
    return j;
}

/* Items of what is pooled follow each other in rooms of their own, one for each range of items. */
static size_t room_bytes(const fyi_max_pool *p)
{
    return (size_t)(p->h * p->w + p->oh * p->ow) * 16 * (p->is_bf16 ? 2 : 4);
}

void fyi_norm_set_pool(fyi_norm_job *j, const fyi_launch *l, const fyi_max_pool *p, uint8_t *index)
{
    const fy_shape src = FY_SHAPE(j->n, j->c, p->h, p->w);
    const size_t sums = sums_bytes(&src);
    j->pool = p;
    j->index = index;
    j->rooms = (char *)l->scratch + sums;
    j->n_rooms = (int64_t)((l->site->scratch_bytes - sums) / room_bytes(p));
}

static size_t item_at(const fyi_norm_job *j, int64_t item)
{
    return (size_t)item * j->item_bytes;
}

static const char *item_or_null(const fyi_norm_job *j, const char *p, int64_t item)
{
    return p ? p + item_at(j, item) : NULL;
}

/* A vector's 16 values of a block; zeros past its end. */
static void take16(const fyi_norm_job *j, const float *v, int64_t block, float out[16])
{
    const int64_t first = block * 16, n = FYI_MIN(j->c - first, (int64_t)16);
    memset(out, 0, 16 * sizeof *out);
    memcpy(out, v + first, (size_t)n * sizeof *out);
}

static void put16(const fyi_norm_job *j, float *v, int64_t block, const float in[16])
{
    const int64_t first = block * 16, n = FYI_MIN(j->c - first, (int64_t)16);
    memcpy(v + first, in, (size_t)n * sizeof *in);
}

static const float *part_of(const fyi_norm_job *j, int64_t n, int64_t block, int which)
{
    return j->part + ((n * j->blocks + block) * 2 + which) * 16;
}

typedef void (*item_fn)(const fyi_norm_job *j, int64_t item, char *room);

typedef struct walk {
    const fyi_norm_job *j;
    item_fn fn;
    int64_t n_ranges;
} walk;

static void walk_ranges(void *ctx, int64_t begin, int64_t end)
{
    const walk *w = ctx;
    const fyi_norm_job *j = w->j;
    const int64_t items = j->n * j->blocks;
    for (int64_t r = begin; r < end; r++) {
        char *room = j->pool ? j->rooms + (size_t)r * room_bytes(j->pool) : NULL;
        for (int64_t i = items * r / w->n_ranges; i < items * (r + 1) / w->n_ranges; i++)
            w->fn(j, i, room);
    }
}

static void each_item(const fyi_norm_job *j, item_fn fn)
{
    const int64_t items = j->n * j->blocks, few = items / fyi_grain(j->hw * 16);
    const int64_t threads = j->pool ? FYI_MIN(j->n_rooms, (int64_t)fyi_threads()) : fyi_threads();
    walk w = { j, fn, FYI_MAX(FYI_MIN(few, threads), (int64_t)1) };
    fyi_parallel(w.n_ranges, 1, walk_ranges, &w);
}

/* ---- forward ------------------------------------------------------------------------------------ */

static void find_moments(const fyi_norm_job *j, int64_t i, char *room)
{
    (void)room;
    j->loops->moments(j->x + item_at(j, i), j->hw, j->part + i * 32, j->part + i * 32 + 16);
}

/* Moments of equal parts put together: Chan, Golub and LeVeque 1979. */
static void join_moments(const fyi_norm_job *j, int64_t block, int lane, double *mean, double *var)
{
    double sum = 0, m2 = 0, spread = 0;
    for (int64_t n = 0; n < j->n; n++)
        sum += (double)part_of(j, n, block, 0)[lane];
    *mean = sum / (double)j->n;
    for (int64_t n = 0; n < j->n; n++) {
        const double off = (double)part_of(j, n, block, 0)[lane] - *mean;
        m2 += (double)part_of(j, n, block, 1)[lane];
        spread += off * off;
    }
    *var = (m2 / (double)j->hw + spread) / (double)j->n;
}

static void set_forward_lines(void *ctx, int64_t first, int64_t end)
{
    const fyi_norm_job *j = ctx;
    for (int64_t b = first; b < end; b++) {
        fyi_norm_line *l = &j->lines[b];
        float scale[16], var[16];
        take16(j, j->scale, b, scale);
        take16(j, j->shift, b, l->shift);
        for (int k = 0; k < 16; k++) {
            double m, v;
            join_moments(j, b, k, &m, &v);
            l->mean[k] = (float)m;
            var[k] = (float)v;
            l->slope[k] = (float)((double)scale[k] / sqrt(v + (double)j->eps));
        }
        put16(j, j->mean, b, l->mean);
        put16(j, j->var, b, var);
    }
}

static size_t pooled_at(const fyi_norm_job *j, int64_t item)
{
    return (size_t)(item * j->pool->oh * j->pool->ow) * 16;
}

static void apply(const fyi_norm_job *j, int64_t i, char *room)
{
    (void)room;
    j->loops->apply(j->x + item_at(j, i), item_or_null(j, j->other, i), j->dst + item_at(j, i),
                    j->hw, &j->lines[i % j->blocks], j->lo, j->hi);
}

/* The rows of windows from oy on that are pooled together: all where windows overlap, else as many as stay in the first
 * cache. */
static fyi_max_pool strip_of(const fyi_max_pool *p, int64_t oy)
{
    fyi_max_pool strip = *p;
    if (fyi_max_pool_is_2x2(p)) {
        strip.oh = FYI_MIN(FYI_MAX(STRIP / (2 * p->w), (int64_t)1), p->oh - oy);
        strip.h = 2 * strip.oh;
    }
    return strip;
}

static void apply_pooled(const fyi_norm_job *j, int64_t i, char *room)
{
    const size_t stored = j->item_bytes / (size_t)j->hw / 16;
    const int lanes = (int)FYI_MIN(j->c - i % j->blocks * 16, (int64_t)16);
    for (int64_t oy = 0; oy < j->pool->oh;) {
        const fyi_max_pool p = strip_of(j->pool, oy);
        const size_t from = (size_t)(2 * oy * p.w) * 16;
        const size_t to = pooled_at(j, i) + (size_t)(oy * p.ow) * 16;
        j->loops->apply(j->x + item_at(j, i) + from * stored, NULL, room, p.h * p.w,
                        &j->lines[i % j->blocks], j->lo, j->hi);
        fyi_max_pool_avx512(&p, lanes, room, j->dst + to * stored, j->index + to);
        oy += p.oh;
    }
}

void fyi_norm_forward(const fyi_norm_job *j)
{
    each_item(j, find_moments);
    fyi_parallel(j->blocks, 8, set_forward_lines, (void *)j);
    each_item(j, j->pool ? apply_pooled : apply);
}

/* ---- backward ----------------------------------------------------------------------------------- */

/* As the gradient was pooled. */
static fyi_norm_gate windows_gate(const fyi_norm_job *j, int64_t item)
{
    const size_t stored = j->item_bytes / (size_t)j->hw / 16, at = pooled_at(j, item) * stored;
    return (fyi_norm_gate){ .diff = j->diff + at, .dst = j->gate + at, .lo = j->lo, .hi = j->hi };
}

/* What the windows' winners are sent, in the second part of the room those of them that the clip lets pass. */
static fyi_norm_gate pooled_gate(const fyi_norm_job *j, int64_t item, char *room)
{
    const fyi_norm_gate g = windows_gate(j, item);
    j->loops->pass(&g, room + j->item_bytes, j->pool->oh * j->pool->ow);
    fyi_max_pool_bwd_avx512(j->pool, room + j->item_bytes, j->index + pooled_at(j, item), room);
    return (fyi_norm_gate){ .diff = room };
}

static fyi_norm_gate gate_of(const fyi_norm_job *j, int64_t item, char *room)
{
    if (j->pool)
        return pooled_gate(j, item, room);
    return (fyi_norm_gate){ .diff = j->diff + item_at(j, item),
                            .dst = item_or_null(j, j->gate, item),
                            .lo = j->lo,
                            .hi = j->hi };
}

static void find_sums(const fyi_norm_job *j, int64_t i, char *room)
{
    const fyi_norm_gate g = gate_of(j, i, room);
    char *passed = j->passed ? j->passed + item_at(j, i) : NULL;
    float mean[16];
    take16(j, j->mean, i % j->blocks, mean);
    j->loops->sums(&g, j->x + item_at(j, i), passed, j->hw, mean, j->part + i * 32,
                   j->part + i * 32 + 16);
}

static void set_backward_lines(void *ctx, int64_t first, int64_t end)
{
    const fyi_norm_job *j = ctx;
    const double count = (double)(j->n * j->hw);
    for (int64_t b = first; b < end; b++) {
        fyi_norm_line *l = &j->lines[b];
        float scale[16], var[16], diff_scale[16], diff_shift[16];
        take16(j, j->mean, b, l->mean);
        take16(j, j->scale, b, scale);
        take16(j, j->var, b, var);
        for (int k = 0; k < 16; k++) {
            const double rstd = 1 / sqrt((double)var[k] + (double)j->eps);
            double sum = 0, dot = 0;
            for (int64_t n = 0; n < j->n; n++) {
                sum += (double)part_of(j, n, b, 0)[k];
                dot += (double)part_of(j, n, b, 1)[k];
            }
            const double factor = (double)scale[k] * rstd;
            l->factor[k] = (float)factor;
            l->slope[k] = (float)(-factor * rstd * rstd * dot / count);
            l->shift[k] = (float)(-factor * sum / count);
            diff_scale[k] = (float)(dot * rstd);
            diff_shift[k] = (float)sum;
        }
        put16(j, j->diff_scale, b, diff_scale);
        put16(j, j->diff_shift, b, diff_shift);
    }
}

static void find_diff_src(const fyi_norm_job *j, int64_t i, char *room)
{
    const fyi_norm_gate g =
        j->passed ? (fyi_norm_gate){ .diff = j->passed + item_at(j, i) } : gate_of(j, i, room);
    j->loops->backward(&g, j->x + item_at(j, i), j->diff_src + item_at(j, i), j->hw,
                       &j->lines[i % j->blocks]);
}

static void find_diff_src_2x2(const fyi_norm_job *j, int64_t i, char *room)
{
    const fyi_norm_gate g = windows_gate(j, i);
    (void)room;
    j->loops->backward_2x2(&g, j->pool, j->index + pooled_at(j, i), j->x + item_at(j, i),
                           j->diff_src + item_at(j, i), &j->lines[i % j->blocks]);
}

void fyi_norm_backward(const fyi_norm_job *j)
{
    each_item(j, find_sums);
    fyi_parallel(j->blocks, 8, set_backward_lines, (void *)j);
    each_item(j, j->pool && fyi_max_pool_is_2x2(j->pool) ? find_diff_src_2x2 : find_diff_src);
}

/* ---- what they ask of the compiler ---------------------------------------------------------------- */

#define MIN_CHANNELS 8 /* fewer would leave most of a block empty */

bool fyi_norm_propose(fyi_site *site, int src)
{
    const fyi_desc *x = &site->src[src];
    if (!fyi_cpu_has_avx512() || x->shape.rank != 4 || x->shape.d[1] < MIN_CHANNELS ||
        fy_shape_numel(&x->shape) < 1 || (x->dtype != FY_F32 && x->dtype != FY_BF16))
        return false;
    const fy_dtype stored = x->dtype;
    const fyi_layout blocked = fyi_layout_channel_block(4, 16);
    for (int i = 0; i < site->n_src + site->n_dst; i++) {
        fyi_desc *d = i < site->n_src ? &site->src[i] : &site->dst[i - site->n_src];
        const bool is_image = d->shape.rank == 4;
        d->layout = is_image ? blocked : fyi_layout_plain(1);
        if (d->dtype != FY_U8)
            d->dtype = is_image ? stored : FY_F32;
    }
    site->scratch_bytes = sums_bytes(&x->shape);
    site->inplace = true;
    return true;
}

bool fyi_norm_propose_pool(fyi_site *site, int src, const fyi_max_pool *p, const fyi_desc *index)
{
    if (index->dtype != FY_U8 || fy_shape_numel(&index->shape) < 1 || !fyi_norm_propose(site, src))
        return false;
    site->scratch_bytes += (size_t)fyi_threads() * room_bytes(p);
    site->inplace = false;
    return true;
}

#endif
