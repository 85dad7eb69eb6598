/* kmeans.c: k clusters of x [n, d] with small sum over samples of |x_i - centre of its cluster|^2.
 *
 * Lloyd's algorithm (1957) from k-means++ starts (Arthur and Vassilvitskii 2007), several times; the best is
 * kept. Equal distances go to the lower cluster, equal inertias to the earlier start. An empty cluster takes
 * the sample that is farthest from its centre. Sums run over fixed chunks of samples, added in order, so the
 * number of threads changes nothing. */
#include "train/space.h"

#include <math.h>
#include <string.h>

#define TILE 8 /* centres side by side */
#define MAX_CHUNKS 16
#define CHUNK_ROWS 1024
#define MAX_ROUNDS 300
#define GRAIN 1000000 /* multiplications that are worth another thread */

fy_status fyi_check_points(const fy_tensor *x, const char *what)
{
    const fy_shape *s = fy_tensor_shape(x);
    const float *v = fy_tensor_const_data(x);
    char text[FYI_SPEC_CHARS];

    if (fy_tensor_dtype(x) != FY_F32)
        return fyi_fail(FY_EDTYPE, "%s: the samples must be f32, these are %s", what,
                        fy_dtype_name(fy_tensor_dtype(x)));
    if (s->rank != 2 || s->d[0] < 1 || s->d[1] < 1)
        return fyi_fail(FY_ESHAPE, "%s: the samples must be [n, d] and not empty, these are %s",
                        what, fy_shape_text(s, text, sizeof text));
    const int64_t n = s->d[0] * s->d[1], bad = fyi_first_not_finite(v, n);
    if (bad < n)
        return fyi_fail(FY_ENAN, "%s: value %lld of sample %lld is not finite", what,
                        (long long)(bad % s->d[1]), (long long)(bad / s->d[1]));
    return FY_OK;
}

typedef struct clusters {
    const float *x; /* [n, d] */
    int64_t n, d;
    int k;
    int n_tiles;
    int n_chunks;
    int64_t chunk_rows;
    double *centres;      /* [k, d] */
    double *tiles;        /* [n_tiles, d, TILE], the centres as the distance loop reads them */
    double *sums;         /* [n_chunks, k, d] */
    double *inertia;      /* [n_chunks] */
    int64_t *counts;      /* [n_chunks, k] */
    int64_t *changed;     /* [n_chunks] */
    double *distance;     /* [n], squared, to the sample's centre */
    int32_t *label;       /* [n] */
    const double *newest; /* the centre that spread_from measures to */
    fyi_arena memory;
} clusters;

static double *centre(const clusters *c, int i)
{
    return c->centres + (int64_t)i * c->d;
}

/* ---- starting -------------------------------------------------------------------------------------- */

/* distance = min(distance, |x - newest|^2) */
static void measure_newest(void *ctx, int64_t begin, int64_t end)
{
    const clusters *c = ctx;

    for (int64_t i = begin; i < end; i++) {
        const float *x = c->x + i * c->d;
        double s[4] = { 0 }, sum;
        int64_t j = 0;

        for (; j + 4 <= c->d; j += 4) {
            for (int l = 0; l < 4; l++) {
                const double e = (double)x[j + l] - c->newest[j + l];

                s[l] += e * e;
            }
        }
        for (; j < c->d; j++)
            s[0] += ((double)x[j] - c->newest[j]) * ((double)x[j] - c->newest[j]);
        sum = (s[0] + s[1]) + (s[2] + s[3]);
        c->distance[i] = fmin(c->distance[i], sum);
    }
}

static double draw_53_bits(fy_rng *r)
{
    const uint64_t high = fy_rng_u32(r) >> 5, low = fy_rng_u32(r) >> 6;

    return (double)(high << 26 | low) / 9007199254740992.0;
}

/* A sample with probability in proportion to its distance; any, when all lie on a centre. */
static int64_t draw_far(const clusters *c, fy_rng *r)
{
    double total = 0, target, sum = 0;
    int64_t last = 0;

    for (int64_t i = 0; i < c->n; i++)
        total += c->distance[i];
    if (total <= 0)
        return (int64_t)fy_rng_below(r, (uint64_t)c->n);
    target = draw_53_bits(r) * total;
    for (int64_t i = 0; i < c->n; i++) {
        if (c->distance[i] <= 0)
            continue;
        sum += c->distance[i];
        last = i;
        if (sum > target)
            break;
    }
    return last;
}

static void place_centre(clusters *c, int i, int64_t sample)
{
    for (int64_t j = 0; j < c->d; j++)
        centre(c, i)[j] = (double)c->x[sample * c->d + j];
    c->newest = centre(c, i);
    fyi_parallel(c->n, 1 + GRAIN / c->d, measure_newest, c);
}

static void start(clusters *c, fy_rng *r)
{
    for (int64_t i = 0; i < c->n; i++) {
        c->distance[i] = (double)INFINITY;
        c->label[i] = -1;
    }
    place_centre(c, 0, (int64_t)fy_rng_below(r, (uint64_t)c->n));
    for (int i = 1; i < c->k; i++)
        place_centre(c, i, draw_far(c, r));
}

/* ---- assigning ---------------------------------------------------------------------------------------- */

/* Places without a centre are infinitely far from everything. */
static void fill_tiles(clusters *c)
{
    for (int64_t t = 0; t < c->n_tiles; t++)
        for (int64_t j = 0; j < c->d; j++)
            for (int64_t l = 0; l < TILE; l++)
                c->tiles[(t * c->d + j) * TILE + l] =
                    t * TILE + l < c->k ? centre(c, (int)(t * TILE + l))[j] : (double)INFINITY;
}

static int32_t nearest(const clusters *c, const float *x, double *distance)
{
    const double *tile = c->tiles;
    int32_t best = 0;

    *distance = (double)INFINITY;
    for (int t = 0; t < c->n_tiles; t++) {
        double s[TILE] = { 0 };

        for (int64_t j = 0; j < c->d; j++, tile += TILE) {
            for (int l = 0; l < TILE; l++) {
                const double e = (double)x[j] - tile[l];

                s[l] += e * e;
            }
        }
        for (int l = 0; l < TILE; l++) {
            if (s[l] < *distance) {
                *distance = s[l];
                best = t * TILE + l;
            }
        }
    }
    return best;
}

static void assign_chunk(clusters *c, int64_t chunk)
{
    const int64_t begin = chunk * c->chunk_rows, end = FYI_MIN(begin + c->chunk_rows, c->n);
    double *sums = c->sums + chunk * c->k * c->d;
    int64_t *counts = c->counts + chunk * c->k;

    memset(sums, 0, (size_t)(c->k * c->d) * sizeof *sums);
    memset(counts, 0, (size_t)c->k * sizeof *counts);
    c->inertia[chunk] = 0;
    c->changed[chunk] = 0;
    for (int64_t i = begin; i < end; i++) {
        const float *x = c->x + i * c->d;
        const int32_t label = nearest(c, x, &c->distance[i]);
        double *sum = sums + label * c->d;

        c->changed[chunk] += label != c->label[i];
        c->label[i] = label;
        c->inertia[chunk] += c->distance[i];
        counts[label]++;
        for (int64_t j = 0; j < c->d; j++)
            sum[j] += (double)x[j];
    }
}

static void assign_chunks(void *ctx, int64_t begin, int64_t end)
{
    for (int64_t chunk = begin; chunk < end; chunk++)
        assign_chunk(ctx, chunk);
}

/* Adds the later chunks into the first; the number of samples that changed their cluster. */
static int64_t assign(clusters *c)
{
    fill_tiles(c);
    fyi_parallel(c->n_chunks, 1 + GRAIN / (c->chunk_rows * c->k * c->d), assign_chunks, c);
    for (int64_t chunk = 1; chunk < c->n_chunks; chunk++) {
        for (int64_t j = 0; j < c->k * c->d; j++)
            c->sums[j] += c->sums[chunk * c->k * c->d + j];
        for (int i = 0; i < c->k; i++)
            c->counts[i] += c->counts[chunk * c->k + i];
        c->inertia[0] += c->inertia[chunk];
        c->changed[0] += c->changed[chunk];
    }
    return c->changed[0];
}

/* ---- moving ---------------------------------------------------------------------------------------------- */

static void give_sample(clusters *c, int64_t sample, int to)
{
    const float *x = c->x + sample * c->d;
    const int32_t from = c->label[sample];

    for (int64_t j = 0; j < c->d; j++) {
        c->sums[from * c->d + j] -= (double)x[j];
        c->sums[to * c->d + j] = (double)x[j];
    }
    c->counts[from]--;
    c->counts[to] = 1;
    c->label[sample] = to;
    c->distance[sample] = 0;
}

/* The farthest sample that does not leave its own cluster empty; -1 when all lie on their centres. */
static int64_t find_farthest(const clusters *c)
{
    int64_t best = -1;

    for (int64_t i = 0; i < c->n; i++)
        if (c->distance[i] > 0 && c->counts[c->label[i]] > 1 &&
            (best < 0 || c->distance[i] > c->distance[best]))
            best = i;
    return best;
}

/* How many empty clusters were filled. */
static int fill_empty(clusters *c)
{
    int n_filled = 0;

    for (int i = 0; i < c->k; i++) {
        const int64_t sample = c->counts[i] == 0 ? find_farthest(c) : -1;

        if (sample < 0)
            continue;
        give_sample(c, sample, i);
        n_filled++;
    }
    return n_filled;
}

/* A cluster that stays empty, for want of distinct samples, keeps its centre. */
static void move_centres(clusters *c)
{
    for (int i = 0; i < c->k; i++)
        for (int64_t j = 0; c->counts[i] > 0 && j < c->d; j++)
            centre(c, i)[j] = c->sums[i * c->d + j] / (double)c->counts[i];
}

/* Ends with labels, distances and centres that belong together. */
static fy_status settle(clusters *c)
{
    for (int n_rounds = 0;; n_rounds++) {
        int64_t n_changed;

        FYI_FORWARD(fyi_stop_if_asked("clustering"));
        n_changed = assign(c);
        if (n_rounds == MAX_ROUNDS || (fill_empty(c) == 0 && n_changed == 0))
            return FY_OK;
        move_centres(c);
    }
}

/* ---- the best of several ------------------------------------------------------------------------------------ */

static fy_status allocate(clusters *c)
{
    const size_t n = (size_t)c->n, k = (size_t)c->k, d = (size_t)c->d, chunks = (size_t)c->n_chunks;
    size_t n_sums, sum_bytes;

    if (fyi_mul_overflows(chunks * k, d, &n_sums) ||
        fyi_mul_overflows(n_sums, sizeof(double), &sum_bytes))
        return fyi_enomem(SIZE_MAX, "clustering");
    c->sums = fyi_arena_alloc(&c->memory, sum_bytes);
    c->centres = fyi_arena_alloc(&c->memory, k * d * sizeof(double));
    c->tiles = fyi_arena_alloc(&c->memory, (size_t)c->n_tiles * TILE * d * sizeof(double));
    c->inertia = fyi_arena_alloc(&c->memory, chunks * sizeof(double));
    c->counts = fyi_arena_alloc(&c->memory, chunks * k * sizeof(int64_t));
    c->changed = fyi_arena_alloc(&c->memory, chunks * sizeof(int64_t));
    c->distance = fyi_arena_alloc(&c->memory, n * sizeof(double));
    c->label = fyi_arena_alloc(&c->memory, n * sizeof(int32_t));
    if (!c->sums || !c->centres || !c->tiles || !c->inertia || !c->counts || !c->changed ||
        !c->distance || !c->label)
        return fyi_enomem(sum_bytes, "clustering");
    return FY_OK;
}

static void keep(const clusters *c, int32_t *label, float *centres)
{
    memcpy(label, c->label, (size_t)c->n * sizeof *label);
    for (int64_t j = 0; j < c->k * c->d; j++)
        centres[j] = (float)c->centres[j];
}

static fy_status run(clusters *c, int restarts, uint64_t seed, int32_t *label, float *centres,
                     double *inertia)
{
    const fy_rng root = fy_rng_named(seed, "kmeans");

    FYI_FORWARD(allocate(c));
    for (int i = 0; i < restarts; i++) {
        fy_rng r = fy_rng_child(&root, (uint64_t)i);

        start(c, &r);
        FYI_FORWARD(settle(c));
        if (i > 0 && !(c->inertia[0] < *inertia))
            continue;
        *inertia = c->inertia[0];
        keep(c, label, centres);
    }
    return FY_OK;
}

fy_status fy_kmeans(const fy_tensor *x, int k, int restarts, uint64_t seed, int32_t *label,
                    fy_tensor **centres, double *inertia)
{
    clusters c = { .k = k };
    fy_tensor *found = NULL;
    double least = 0;
    fy_status st;

    if (centres)
        *centres = NULL;
    FYI_FORWARD(fyi_check_points(x, "clustering"));
    c.x = fy_tensor_const_data(x);
    c.n = fy_tensor_shape(x)->d[0];
    c.d = fy_tensor_shape(x)->d[1];
    if (k < 1 || k > c.n || restarts < 1)
        return fyi_fail(FY_EINVAL,
                        "%d clusters of %lld samples from %d starts: it takes at least one "
                        "cluster, a sample for each, and one start",
                        k, (long long)c.n, restarts);
    c.n_tiles = (k + TILE - 1) / TILE;
    c.chunk_rows = FYI_MAX(CHUNK_ROWS, (c.n + MAX_CHUNKS - 1) / MAX_CHUNKS);
    c.n_chunks = (int)((c.n + c.chunk_rows - 1) / c.chunk_rows);
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(k, c.d), &found));
    FY_TRY(run(&c, restarts, seed, label, fy_tensor_data(found), &least));
    if (inertia)
        *inertia = least;
    if (centres) {
        *centres = found;
        found = NULL;
    }
done:
    fy_tensor_free(found);
    fyi_arena_release(&c.memory);
    return st;
}
