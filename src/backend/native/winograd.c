/* winograd.c: the Winograd kernels' pieces, how large they are and who does them. */
#include "backend/native/winograd.h"

#include "backend/cpu.h"
#include "base/base.h"

/* Of one core: what processors with AVX-512 have, or half of it. Not asked, for the order of sums follows from it. */
#define CACHE_BYTES (2 << 20)
#define ROWS 6        /* tiles per register block of the product */
#define MOST_TILES 96 /* of a chunk that stays in the cache */

const fyi_winograd_loops *fyi_winograd_loops_here(void)
{
#if FYI_X86_64
    return fyi_cpu_has_avx512() ? &fyi_winograd_avx512
           : fyi_cpu_has_avx2() ? &fyi_winograd_avx2
                                : NULL;
#else
    return NULL;
#endif
}

/* A chunk is a multiple of so many tiles. */
static int64_t step_of(const fyi_winograd *wg)
{
    return fyi_winograd_is_adjoint(wg) ? wg->tiles_h * wg->tiles_w : ROWS;
}

static int64_t clamp(int64_t n, int64_t low, int64_t high)
{
    return n < low ? low : n > high ? high : n;
}

/* Where the transformed weights stay in a core's cache, each thread takes chunks of its own, of a size that
 * stays there beside them. Where they do not, all threads share large chunks, so that the weights are read
 * seldom, and split the products. */
static int64_t chunk_of(const fyi_winograd *wg)
{
    const int64_t l2 = CACHE_BYTES / (int64_t)sizeof(float), per_tile = 36 * (wg->s.ic + wg->s.oc);
    const int64_t n = wg->is_wide ? clamp(8 * l2 / per_tile, 132, 516)
                                  : clamp(3 * l2 / 8 / per_tile, 24, MOST_TILES);
    const int64_t step = step_of(wg);
    return FYI_MIN(FYI_MAX(n, step), wg->n_tiles + step - 1) / step * step;
}

void fyi_winograd_init(fyi_winograd *wg, const fyi_winograd_loops *loops,
                       const fyi_conv_pool_sizes *s, fyi_filters f, int64_t oh, int64_t ow)
{
    const int64_t m = 7 - s->k;
    *wg = (fyi_winograd){ .s = *s, .filters = f, .loops = loops, .oh = oh, .ow = ow };
    wg->tiles_h = ((f == FYI_OIHW_IO_ADJOINT ? s->h : oh) + m - 1) / m;
    wg->tiles_w = ((f == FYI_OIHW_IO_ADJOINT ? s->w : ow) + m - 1) / m;
    wg->n_tiles = s->n * wg->tiles_h * wg->tiles_w;
    wg->is_wide = 36 * s->ic * s->oc * (int64_t)sizeof(float) > CACHE_BYTES;
    wg->chunk = chunk_of(wg);
}

/* Its results are added up in memory: a quarter less tiles has to pay for that. */
bool fyi_winograd_adjoint_pays(const fyi_winograd *wg)
{
    fyi_winograd adjoint;
    fyi_winograd_init(&adjoint, wg->loops, &wg->s, FYI_OIHW_IO_ADJOINT, wg->oh, wg->ow);
    return !wg->is_wide && !wg->is_bf16 && step_of(&adjoint) <= MOST_TILES &&
           4 * adjoint.n_tiles <= 3 * wg->n_tiles;
}

/* ---- forward ------------------------------------------------------------------------------------------- */

static int64_t weights_floats(const fyi_winograd *wg)
{
    return 36 * wg->s.ic * wg->s.oc;
}

/* Tiles [36, chunk, ic], then products [36, chunk, oc]. */
static int64_t chunk_floats(const fyi_winograd *wg)
{
    return 36 * wg->chunk * (wg->s.ic + wg->s.oc);
}

static int64_t n_blocks(const fyi_winograd *wg)
{
    const int64_t lanes = wg->loops->lanes;
    return wg->s.oc / lanes * (wg->s.ic / lanes);
}

static int64_t n_products(const fyi_winograd *wg)
{
    int64_t n = 0;
    for (int64_t j = 0; j < wg->s.oc; j += fyi_product_width(wg, j))
        n++;
    return 36 * n;
}

int64_t fyi_winograd_floats(const fyi_winograd *wg, int threads)
{
    return weights_floats(wg) + chunk_floats(wg) * (wg->is_wide ? 1 : threads);
}

typedef struct job {
    const fyi_winograd *wg;
    const void *src;
    const float *weights;
    const fyi_winograd_out *to;
    float *u, *v, *p; /* v and p: of one chunk, or of each range's */
    int64_t each;     /* floats from one range's v to the next's */
    int64_t n_ranges, n_chunks;
    int64_t first, count; /* the chunk that all work on */
} job;

static void transform_weights(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    j->wg->loops->weights(j->wg, j->weights, j->u, begin, end);
}

/* Range i of the chunks, in memory of its own. */
static void run_range(const job *j, int64_t i)
{
    const fyi_winograd *wg = j->wg;
    float *v = j->v + i * j->each, *p = v + 36 * wg->chunk * wg->s.ic;
    const int64_t end = j->n_chunks * (i + 1) / j->n_ranges;
    for (int64_t c = j->n_chunks * i / j->n_ranges; c < end; c++) {
        const int64_t first = c * wg->chunk, count = FYI_MIN(wg->chunk, wg->n_tiles - first);
        wg->loops->tiles(wg, j->src, v, first, 0, count);
        wg->loops->products(wg, v, j->u, p, count, 0, n_products(wg));
        wg->loops->results(wg, p, j->to, first, 0, count);
    }
}

static void run_ranges(void *ctx, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++)
        run_range(ctx, i);
}

static void take_tiles(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    j->wg->loops->tiles(j->wg, j->src, j->v, j->first, begin, end);
}

static void multiply(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    j->wg->loops->products(j->wg, j->v, j->u, j->p, j->count, begin, end);
}

static void put_results(void *ctx, int64_t begin, int64_t end)
{
    const job *j = ctx;
    j->wg->loops->results(j->wg, j->p, j->to, j->first, begin, end);
}

static void run_wide(job *j)
{
    const fyi_winograd *wg = j->wg;
    for (j->first = 0; j->first < wg->n_tiles; j->first += wg->chunk) {
        j->count = FYI_MIN(wg->chunk, wg->n_tiles - j->first);
        fyi_parallel(j->count, 1, take_tiles, j);
        fyi_parallel(n_products(wg), 1, multiply, j);
        fyi_parallel(j->count, 1, put_results, j);
    }
}

void fyi_winograd_run(const fyi_winograd *wg, const void *src, const float *weights,
                      const fyi_winograd_out *to, float *scratch, int64_t floats)
{
    fyi_winograd here = *wg;
    job j = { .wg = &here, .src = src, .weights = weights, .to = to, .u = scratch };
    j.v = j.u + weights_floats(&here);
    j.p = j.v + 36 * here.chunk * here.s.ic;
    fyi_parallel(n_blocks(&here), 4, transform_weights, &j);
    if (here.is_wide) {
        run_wide(&j);
        return;
    }
    /* The number of threads may have been raised since; and large chunks must not leave threads without work:
     * which chunk a tile is in changes nothing. */
    j.each = chunk_floats(&here);
    j.n_ranges = FYI_MIN(fyi_threads(), (floats - weights_floats(&here)) / j.each);
    const int64_t step = step_of(&here);
    here.chunk = FYI_MIN(here.chunk, (here.n_tiles / j.n_ranges + step) / step * step);
    j.n_chunks = (here.n_tiles + here.chunk - 1) / here.chunk;
    fyi_parallel(j.n_ranges, 1, run_ranges, &j);
}

/* ---- the gradient of the weights ----------------------------------------------------------------------- */

#define MAX_PARTS 8
#define PART_CHUNKS 8 /* at least so many chunks are worth sums of their own */

/* Sums that stay in a core's cache are kept per part of the tiles, and added in order at the end; larger ones are
 * split between the threads by points. Neither depends on the number of threads. */
static int64_t n_parts(const fyi_winograd *wg)
{
    return wg->is_wide ? 1 : clamp(wg->n_tiles / (PART_CHUNKS * wg->chunk), 1, MAX_PARTS);
}

int64_t fyi_winograd_grad_floats(const fyi_winograd *wg, int threads)
{
    return n_parts(wg) * weights_floats(wg) + chunk_floats(wg) * (wg->is_wide ? 1 : threads);
}

typedef struct grad_job {
    const fyi_winograd *wg;
    const fyi_winograd_grad *g;
    float *sum, *v, *e; /* [parts, 36, ic, oc]; of one chunk, or of each range's */
    int64_t each;
    int64_t n_ranges, n_parts;
    int64_t first, count;
} grad_job;

static void sum_part(const grad_job *j, int64_t part, float *v)
{
    const fyi_winograd *wg = j->wg;
    float *e = v + 36 * wg->chunk * wg->s.ic, *sum = j->sum + part * weights_floats(wg);
    const int64_t begin = wg->n_tiles * part / j->n_parts,
                  end = wg->n_tiles * (part + 1) / j->n_parts;
    for (int64_t first = begin; first < end; first += wg->chunk) {
        const int64_t count = FYI_MIN(wg->chunk, end - first);
        wg->loops->grad_tiles(wg, j->g->src, j->g->diff, v, e, first, 0, count);
        wg->loops->grad_products(wg, first > begin, v, e, sum, count, 0, 36);
    }
}

static void sum_parts(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    for (int64_t i = begin; i < end; i++)
        for (int64_t p = j->n_parts * i / j->n_ranges; p < j->n_parts * (i + 1) / j->n_ranges; p++)
            sum_part(j, p, j->v + i * j->each);
}

static void add_parts(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    for (int64_t p = 1; p < j->n_parts; p++) {
        const float *from = j->sum + p * weights_floats(j->wg);
        for (int64_t i = begin; i < end; i++)
            j->sum[i] += from[i];
    }
}

static void take_grad_tiles(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    j->wg->loops->grad_tiles(j->wg, j->g->src, j->g->diff, j->v, j->e, j->first, begin, end);
}

static void multiply_grads(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    j->wg->loops->grad_products(j->wg, j->first > 0, j->v, j->e, j->sum, j->count, begin, end);
}

static void sum_wide(grad_job *j)
{
    for (j->first = 0; j->first < j->wg->n_tiles; j->first += j->wg->chunk) {
        j->count = FYI_MIN(j->wg->chunk, j->wg->n_tiles - j->first);
        fyi_parallel(j->count, 4, take_grad_tiles, j);
        fyi_parallel(36, 1, multiply_grads, j);
    }
}

static void put_weights(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    j->wg->loops->grad_weights(j->wg, j->sum, j->g->diff_weights, begin, end);
}

static void put_biases(void *ctx, int64_t begin, int64_t end)
{
    const grad_job *j = ctx;
    j->wg->loops->channel_sums(j->wg, j->g->diff, j->g->diff_bias, begin, end);
}

void fyi_winograd_run_grad(const fyi_winograd *wg, const fyi_winograd_grad *g, float *scratch,
                           int64_t floats)
{
    grad_job j = { .wg = wg, .g = g, .sum = scratch, .n_parts = n_parts(wg) };
    j.v = j.sum + j.n_parts * weights_floats(wg);
    j.e = j.v + 36 * wg->chunk * wg->s.ic;
    j.each = chunk_floats(wg);
    j.n_ranges = FYI_MIN(fyi_threads(), (floats - j.n_parts * weights_floats(wg)) / j.each);
    if (wg->is_wide) {
        sum_wide(&j);
    } else {
        fyi_parallel(j.n_ranges, 1, sum_parts, &j);
        fyi_parallel(weights_floats(wg), 16384, add_parts, &j);
    }
    fyi_parallel(n_blocks(wg), 4, put_weights, &j);
    if (g->diff_bias)
        fyi_parallel(wg->s.oc / wg->loops->lanes, 1, put_biases, &j);
}
