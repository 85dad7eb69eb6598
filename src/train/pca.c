/* pca.c: the first k principal components of x [n, d], and projecting on them.
 *
 *   S = sum_i (x_i - mean)(x_i - mean)^T / (n - 1);  S a_j = deviation_j^2 a_j,  largest first
 *
 * Subspace iteration with Rayleigh-Ritz (Stewart 1969) on b = 2 k + 8 vectors; between two projections the
 * block goes through a Chebyshev polynomial of S that damps what lies below its smallest Ritz value (Rutishauser
 * 1970), so that a flat spectrum costs tens of products and not thousands. S is formed when d is small and
 * applied through x otherwise. All sums are in double and in an order that depends on n and d only: threads
 * share rows or columns of results, never a sum. */
#include "train/dot.h"
#include "train/space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TILE 8          /* columns of S per block */
#define BLOCK_ROWS 128  /* samples at a time: 8 KiB of a tile's columns */
#define PANEL_ROWS 1024 /* samples between two meetings of the threads */
#define FORM_LIMIT 4096 /* widest S that is formed: 128 MiB */
#define STRIP 64        /* columns of x at a time when S is not formed */
#define MAX_ROUNDS 100
#define MAX_DEGREE 12
#define MAX_AMPLIFY 1e6 /* by the filter; beyond, rounding of the large drowns the small */
#define TOLERANCE 1e-9  /* residual over the value */
#define NOISE 1e-13     /* values under this part of the largest are rounding */

/* ---- what is decomposed -------------------------------------------------------------------------------- */

typedef struct problem {
    const float *x; /* [n, d] */
    int64_t n, d;
    int64_t stride; /* d rounded up to whole tiles; columns from d on are zero */
    double *mean;   /* [stride] */
    double *cov;    /* [stride, stride], or NULL: apply through x */
    double *panel;  /* [stride / TILE, PANEL_ROWS, TILE], of centred samples */
    int64_t panel_row, panel_rows;
    int b;              /* vectors in the block */
    double *v, *w, *t;  /* [b, stride] basis, S times it, scratch */
    double *scores;     /* [n, b], x times the block, when S is not formed */
    const double *from; /* the product under way: to = S from */
    double *to;
    double *h, *q;  /* [b, b] */
    double *values; /* [b], Ritz values, falling */
    fyi_arena memory;
} problem;

static double *row(const problem *p, double *block, int i)
{
    return block + (size_t)i * (size_t)p->stride;
}

/* ---- mean and covariance ----------------------------------------------------------------------------------- */

static void sum_columns(void *ctx, int64_t begin, int64_t end)
{
    problem *p = ctx;

    for (int64_t i = 0; i < p->n; i++) {
        const float *x = p->x + i * p->d;

        for (int64_t j = begin; j < end; j++)
            p->mean[j] += (double)x[j];
    }
    for (int64_t j = begin; j < end; j++)
        p->mean[j] /= (double)p->n;
}

static void fill_tiles(void *ctx, int64_t begin, int64_t end)
{
    problem *p = ctx;

    for (int64_t tile = begin; tile < end; tile++) {
        double *dst = p->panel + tile * PANEL_ROWS * TILE;

        for (int64_t r = 0; r < p->panel_rows; r++) {
            const float *x = p->x + (p->panel_row + r) * p->d;

            for (int64_t j = tile * TILE; j < (tile + 1) * TILE; j++)
                *dst++ = j < p->d ? (double)x[j] - p->mean[j] : 0;
        }
    }
}

/* cov[i .. i+3][j .. j+3] += sum over the panel's rows; a and b are the panels at columns i and j. Sixteen sums
 * fit the registers of every x86-64. */
static void add_4x4(const double *restrict a, const double *restrict b, int64_t rows,
                    double *restrict cov, int64_t stride)
{
    double sum[4][4] = { { 0 } };

    for (int64_t r = 0; r < rows; r++, a += TILE, b += TILE)
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                sum[i][j] += a[i] * b[j];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            cov[i * stride + j] += sum[i][j];
}

/* One row of tiles of the upper triangle, over the panel's samples from `first` on. */
static void add_tile_row(problem *p, int64_t ti, int64_t first)
{
    const int64_t rows = FYI_MIN(BLOCK_ROWS, p->panel_rows - first);
    const double *a = p->panel + (ti * PANEL_ROWS + first) * TILE;

    for (int64_t tj = ti; tj < p->stride / TILE; tj++) {
        const double *b = p->panel + (tj * PANEL_ROWS + first) * TILE;
        double *cov = p->cov + ti * TILE * p->stride + tj * TILE;

        for (int i = 0; i < TILE; i += 4)
            for (int j = 0; j < TILE; j += 4)
                add_4x4(a + i, b + j, rows, cov + i * p->stride + j, p->stride);
    }
}

/* Rows of tiles from both ends of the triangle, so that every part of the range costs the same. */
static void add_panel(void *ctx, int64_t begin, int64_t end)
{
    problem *p = ctx;
    const int64_t last = p->stride / TILE - 1;

    for (int64_t first = 0; first < p->panel_rows; first += BLOCK_ROWS) {
        for (int64_t ti = begin; ti < end; ti++) {
            add_tile_row(p, ti, first);
            if (last - ti > ti)
                add_tile_row(p, last - ti, first);
        }
    }
}

static void form_covariance(problem *p)
{
    const int64_t tiles = p->stride / TILE;
    const double scale = 1 / (double)FYI_MAX(p->n - 1, 1);

    for (p->panel_row = 0; p->panel_row < p->n; p->panel_row += PANEL_ROWS) {
        p->panel_rows = FYI_MIN(PANEL_ROWS, p->n - p->panel_row);
        fyi_parallel(tiles, 16, fill_tiles, p);
        fyi_parallel((tiles + 1) / 2, 4, add_panel, p);
    }
    for (int64_t i = 0; i < p->stride; i++)
        for (int64_t j = i; j < p->stride; j++)
            p->cov[j * p->stride + i] = p->cov[i * p->stride + j] *= scale;
}

/* ---- to = S from ---------------------------------------------------------------------------------------------- */

/* S is symmetric: its rows are its columns, and a sum of rows runs over whole lines of memory. */
static void multiply_formed(void *ctx, int64_t begin, int64_t end)
{
    const problem *p = ctx;

    for (int64_t i = begin; i < end; i++) {
        const double *from = p->from + i * p->stride;
        double *restrict to = p->to + i * p->stride;

        memset(to, 0, (size_t)p->stride * sizeof *to);
        for (int64_t j = 0; j < p->stride; j += 4) {
            const double *restrict c = p->cov + j * p->stride;
            const double f0 = from[j], f1 = from[j + 1], f2 = from[j + 2], f3 = from[j + 3];

            for (int64_t l = 0; l < p->stride; l++)
                to[l] += f0 * c[l] + f1 * c[p->stride + l] + f2 * c[2 * p->stride + l] +
                         f3 * c[3 * p->stride + l];
        }
    }
}

static double centred_dot(const float *x, const double *mean, const double *v, int64_t n)
{
    double s[4] = { 0 };
    int64_t j = 0;

    for (; j + 4 <= n; j += 4)
        for (int l = 0; l < 4; l++)
            s[l] += ((double)x[j + l] - mean[j + l]) * v[j + l];
    for (; j < n; j++)
        s[0] += ((double)x[j] - mean[j]) * v[j];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* Some rows per vector, so that the block of vectors is not read anew for every row. */
static void score_rows(void *ctx, int64_t begin, int64_t end)
{
    const problem *p = ctx;

    for (int64_t first = begin; first < end; first += 8)
        for (int i = 0; i < p->b; i++)
            for (int64_t r = first; r < FYI_MIN(first + 8, end); r++)
                p->scores[r * p->b + i] =
                    centred_dot(p->x + r * p->d, p->mean, p->from + i * p->stride, p->d);
}

/* to[i][j] = sum over rows of score[i] * centred x[j], for the `width` columns from j on. */
static void add_strip(const problem *p, int64_t j, int64_t width)
{
    const double scale = 1 / (double)FYI_MAX(p->n - 1, 1);
    double x[STRIP];

    for (int i = 0; i < p->b; i++)
        memset(p->to + i * p->stride + j, 0, (size_t)width * sizeof(double));
    for (int64_t r = 0; r < p->n; r++) {
        for (int64_t l = 0; l < width; l++)
            x[l] = ((double)p->x[r * p->d + j + l] - p->mean[j + l]) * scale;
        for (int i = 0; i < p->b; i++) {
            const double s = p->scores[r * p->b + i];
            double *restrict to = p->to + i * p->stride + j;

            for (int64_t l = 0; l < width; l++)
                to[l] += s * x[l];
        }
    }
}

static void add_scored_columns(void *ctx, int64_t begin, int64_t end)
{
    for (int64_t j = begin; j < end; j += STRIP)
        add_strip(ctx, j, FYI_MIN(STRIP, end - j));
}

static void multiply(problem *p, const double *from, double *to)
{
    p->from = from;
    p->to = to;
    if (p->cov) {
        fyi_parallel(p->b, 1, multiply_formed, p);
        return;
    }
    fyi_parallel(p->n, 16, score_rows, p);
    fyi_parallel(p->d, STRIP, add_scored_columns, p);
}

/* ---- the block ------------------------------------------------------------------------------------------------- */

static void draw(const problem *p, fy_rng *r, double *v)
{
    for (int64_t j = 0; j < p->d; j++)
        v[j] = (double)fy_rng_uniform(r) - 0.5;
}

/* Takes from v what lies along the first i vectors of the block; twice, since once leaves rounding. */
static void project_out(const problem *p, double *block, int i, double *v)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int j = 0; j < i; j++) {
            const double *other = row(p, block, j);
            const double s = fyi_dot_f64(v, other, p->d);

            for (int64_t l = 0; l < p->d; l++)
                v[l] -= s * other[l];
        }
    }
}

static double scale_to_one(const problem *p, double *v)
{
    const double norm = sqrt(fyi_dot_f64(v, v, p->d));

    for (int64_t j = 0; norm > 0 && j < p->d; j++)
        v[j] /= norm;
    return norm;
}

/* Gram-Schmidt. A vector that depends on the earlier ones is drawn again. */
static void orthonormalise(const problem *p, double *block, fy_rng *r)
{
    for (int i = 0; i < p->b; i++) {
        double *v = row(p, block, i);

        (void)scale_to_one(p, v);
        project_out(p, block, i, v);
        while (!(scale_to_one(p, v) > 1e-8)) {
            draw(p, r, v);
            (void)scale_to_one(p, v);
            project_out(p, block, i, v);
        }
        /* After a small remainder was blown up, its rounding was too. */
        project_out(p, block, i, v);
        (void)scale_to_one(p, v);
    }
}

/* ---- Rayleigh-Ritz ------------------------------------------------------------------------------------------------ */

/* One rotation of Jacobi's method for h [b, b], which makes h[i][j] zero; rows of q collect them. */
static void rotate(const problem *p, int i, int j)
{
    const int b = p->b;
    double *h = p->h, *q = p->q;
    const double theta = (h[j * b + j] - h[i * b + i]) / (2 * h[i * b + j]);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;

    for (int l = 0; l < b; l++) {
        const double hi = h[l * b + i], hj = h[l * b + j];

        h[l * b + i] = c * hi - s * hj;
        h[l * b + j] = s * hi + c * hj;
    }
    for (int l = 0; l < b; l++) {
        const double hi = h[i * b + l], hj = h[j * b + l], qi = q[i * b + l], qj = q[j * b + l];

        h[i * b + l] = c * hi - s * hj;
        h[j * b + l] = s * hi + c * hj;
        q[i * b + l] = c * qi - s * qj;
        q[j * b + l] = s * qi + c * qj;
    }
}

static void diagonalise(const problem *p)
{
    const int b = p->b;
    double size = 0;

    memset(p->q, 0, (size_t)b * (size_t)b * sizeof *p->q);
    for (int i = 0; i < b; i++) {
        p->q[i * b + i] = 1;
        size = fmax(size, fabs(p->h[i * b + i]));
    }
    for (int sweep = 0; sweep < 30; sweep++) {
        double worst = 0;

        for (int i = 0; i < b; i++) {
            for (int j = i + 1; j < b; j++) {
                worst = fmax(worst, fabs(p->h[i * b + j]));
                if (fabs(p->h[i * b + j]) > 1e-17 * size)
                    rotate(p, i, j);
            }
        }
        if (worst <= 1e-15 * size)
            break;
    }
}

/* Selection sort of the eigenvectors by falling eigenvalue; equals keep their order. */
static void sort_values(const problem *p)
{
    const int b = p->b;

    for (int i = 0; i < b; i++)
        p->values[i] = p->h[i * b + i];
    for (int i = 0; i < b; i++) {
        int best = i;

        for (int j = i + 1; j < b; j++)
            if (p->values[j] > p->values[best])
                best = j;
        for (int l = 0; best != i && l < b; l++) {
            const double swap = p->q[i * b + l];

            p->q[i * b + l] = p->q[best * b + l];
            p->q[best * b + l] = swap;
        }
        const double swap = p->values[i];
        p->values[i] = p->values[best];
        p->values[best] = swap;
    }
}

/* block = q block, through t. */
static void turn(const problem *p, double *block)
{
    const size_t bytes = (size_t)p->stride * sizeof(double);

    for (int i = 0; i < p->b; i++) {
        double *restrict to = row(p, p->t, i);

        memset(to, 0, bytes);
        for (int j = 0; j < p->b; j++) {
            const double s = p->q[i * p->b + j];
            const double *restrict from = row(p, block, j);

            for (int64_t l = 0; l < p->stride; l++)
                to[l] += s * from[l];
        }
    }
    memcpy(block, p->t, (size_t)p->b * bytes);
}

/* v orthonormal, w = S v: turns both so that v_i is the best approximation to the i-th axis. */
static void ritz(const problem *p)
{
    for (int i = 0; i < p->b; i++)
        for (int j = i; j < p->b; j++)
            p->h[i * p->b + j] = p->h[j * p->b + i] =
                fyi_dot_f64(row(p, p->v, i), row(p, p->w, j), p->d);
    diagonalise(p);
    sort_values(p);
    turn(p, p->v);
    turn(p, p->w);
}

/* Whether |S v_i - value_i v_i| is small against value_i, as far as rounding lets it, for the first k. */
static bool has_converged(const problem *p, int k)
{
    for (int i = 0; i < k; i++) {
        const double *v = row(p, p->v, i), *w = row(p, p->w, i);
        double sum = 0;

        for (int64_t j = 0; j < p->d; j++) {
            const double e = w[j] - p->values[i] * v[j];

            sum += e * e;
        }
        if (sqrt(sum) > TOLERANCE * p->values[i] + NOISE * p->values[0])
            return false;
    }
    return true;
}

/* ---- the filter ---------------------------------------------------------------------------------------------------- */

/* The highest degree whose polynomial lifts the largest value no more than MAX_AMPLIFY over `cut`. */
static int filter_degree(double largest, double cut)
{
    const double z = 2 * largest / cut - 1;
    double older = 1, newer = z;
    int degree = 1;

    while (degree < MAX_DEGREE && 2 * z * newer - older < MAX_AMPLIFY) {
        const double next = 2 * z * newer - older;

        older = newer;
        newer = next;
        degree++;
    }
    return degree;
}

/* v = T_degree(2 S / cut - 1) v with w = S v given: |T| <= 1 on [0, cut] and grows fast above. */
static void filter(problem *p, double cut, int degree)
{
    const size_t n = (size_t)p->b * (size_t)p->stride;

    for (size_t i = 0; i < n; i++)
        p->w[i] = 2 / cut * p->w[i] - p->v[i];
    for (int m = 1; m < degree; m++) {
        double *swap = p->v;

        multiply(p, p->w, p->t);
        for (size_t i = 0; i < n; i++)
            p->t[i] = 2 * (2 / cut * p->t[i] - p->w[i]) - p->v[i];
        p->v = p->w;
        p->w = p->t;
        p->t = swap;
    }
    double *swap = p->v;
    p->v = p->w;
    p->w = swap;
}

/* Where S has no further directions a product leaves rounding; the vector itself is as good as any. */
static void step_plainly(problem *p)
{
    for (int i = 0; i < p->b; i++)
        if (p->values[i] > NOISE * p->values[0])
            memcpy(row(p, p->v, i), row(p, p->w, i), (size_t)p->stride * sizeof(double));
}

static fy_status iterate(problem *p, int k, fy_rng *r)
{
    for (int i = 0; i < p->b; i++)
        draw(p, r, row(p, p->v, i));
    for (int n_rounds = 0;; n_rounds++) {
        double cut;

        FYI_FORWARD(fyi_stop_if_asked("looking for principal components"));
        orthonormalise(p, p->v, r);
        multiply(p, p->v, p->w);
        ritz(p);
        if (has_converged(p, k) || n_rounds == MAX_ROUNDS)
            return FY_OK;
        cut = p->values[p->b - 1];
        if (cut > NOISE * p->values[0])
            filter(p, cut, filter_degree(p->values[0], cut));
        else
            step_plainly(p);
    }
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

/* The largest entry of an axis positive. Entries equal but for rounding: the first decides. */
static double sign_of(const double *v, int64_t d)
{
    double largest = 0;
    int64_t j = 0;

    for (int64_t i = 0; i < d; i++)
        largest = fmax(largest, fabs(v[i]));
    while (fabs(v[j]) < largest * (1 - 1e-6))
        j++;
    return v[j] < 0 ? -1 : 1;
}

static fy_status write_results(const problem *p, int k, fy_tensor *out[3])
{
    float *mean, *axes, *deviation;

    FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(p->d), &out[0]));
    FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(k, p->d), &out[1]));
    FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(k), &out[2]));
    mean = fy_tensor_data(out[0]);
    axes = fy_tensor_data(out[1]);
    deviation = fy_tensor_data(out[2]);
    for (int64_t j = 0; j < p->d; j++)
        mean[j] = (float)p->mean[j];
    for (int i = 0; i < k; i++) {
        const double *v = row(p, p->v, i), sign = sign_of(v, p->d);

        for (int64_t j = 0; j < p->d; j++)
            axes[i * p->d + j] = (float)(sign * v[j]);
        if (p->values[i] > NOISE * p->values[0])
            deviation[i] = (float)sqrt(p->values[i]);
    }
    return FY_OK;
}

static double *take(problem *p, int64_t rows, int64_t columns)
{
    size_t n;

    if (fyi_mul_overflows((size_t)rows, (size_t)columns, &n) || n > SIZE_MAX / sizeof(double))
        return NULL;
    return fyi_arena_alloc(&p->memory, n * sizeof(double));
}

static fy_status allocate(problem *p)
{
    /* With fewer samples than directions a product through x is the cheaper one. */
    const bool form = p->d <= FORM_LIMIT && p->n >= p->d / 2;
    const int64_t b = p->b;

    p->mean = take(p, 1, p->stride);
    p->v = take(p, b, p->stride);
    p->w = take(p, b, p->stride);
    p->t = take(p, b, p->stride);
    p->h = take(p, b, b);
    p->q = take(p, b, b);
    p->values = take(p, 1, b);
    p->cov = form ? take(p, p->stride, p->stride) : NULL;
    p->panel = form ? take(p, PANEL_ROWS, p->stride) : NULL;
    p->scores = form ? NULL : take(p, p->n, b);
    if (!p->mean || !p->v || !p->w || !p->t || !p->h || !p->q || !p->values ||
        (form ? !p->cov || !p->panel : !p->scores))
        return fyi_enomem((size_t)p->stride * sizeof(double), "principal components");
    return FY_OK;
}

static fy_status solve(problem *p, int k, uint64_t seed, fy_tensor *out[3])
{
    fy_rng r = fy_rng_named(seed, "pca");

    FYI_FORWARD(allocate(p));
    fyi_parallel(p->d, 16, sum_columns, p);
    if (p->cov)
        form_covariance(p);
    FYI_FORWARD(iterate(p, k, &r));
    return write_results(p, k, out);
}

fy_status fy_pca(const fy_tensor *x, int k, uint64_t seed, fy_tensor **mean, fy_tensor **axes,
                 fy_tensor **deviation)
{
    fy_tensor *out[3] = { NULL, NULL, NULL };
    problem p = { 0 };
    fy_status st;

    *mean = *axes = *deviation = NULL;
    FYI_FORWARD(fyi_check_points(x, "principal components"));
    p.x = fy_tensor_const_data(x);
    p.n = fy_tensor_shape(x)->d[0];
    p.d = fy_tensor_shape(x)->d[1];
    if (k < 1 || k > FYI_MIN(p.n, p.d))
        return fyi_fail(FY_EINVAL,
                        "%d principal components of %lld samples of %lld values: there are at most "
                        "%lld; ask for fewer or give more samples",
                        k, (long long)p.n, (long long)p.d, (long long)FYI_MIN(p.n, p.d));
    p.stride = (p.d + TILE - 1) / TILE * TILE;
    p.b = (int)FYI_MIN(p.d, 2 * (int64_t)k + 8);
    st = solve(&p, k, seed, out);
    fyi_arena_release(&p.memory);
    if (st != FY_OK) {
        for (int i = 0; i < 3; i++)
            fy_tensor_free(out[i]);
        return st;
    }
    *mean = out[0];
    *axes = out[1];
    *deviation = out[2];
    return FY_OK;
}

/* ---- projection -------------------------------------------------------------------------------------------------------- */

typedef struct projection {
    const float *x, *mean, *axes;
    const double *scale; /* [k] */
    float *out;
    int64_t d, k;
} projection;

static void project_rows(void *ctx, int64_t begin, int64_t end)
{
    const projection *p = ctx;

    for (int64_t r = begin; r < end; r++) {
        for (int64_t i = 0; i < p->k; i++) {
            const float *x = p->x + r * p->d, *axis = p->axes + i * p->d;
            double s[4] = { 0 };
            int64_t j = 0;

            for (; j + 4 <= p->d; j += 4)
                for (int l = 0; l < 4; l++)
                    s[l] += ((double)x[j + l] - (double)p->mean[j + l]) * (double)axis[j + l];
            for (; j < p->d; j++)
                s[0] += ((double)x[j] - (double)p->mean[j]) * (double)axis[j];
            p->out[r * p->k + i] = (float)(((s[0] + s[1]) + (s[2] + s[3])) * p->scale[i]);
        }
    }
}

static bool has_shape(const fy_tensor *t, const fy_shape *s)
{
    return fy_tensor_dtype(t) == FY_F32 && fy_shape_equal(fy_tensor_shape(t), s);
}

static fy_status check_projection(const fy_tensor *x, const fy_tensor *mean, const fy_tensor *axes,
                                  const fy_tensor *deviation, bool whiten)
{
    const fy_shape *a = fy_tensor_shape(axes);
    fy_shape d, k;

    FYI_FORWARD(fyi_check_points(x, "projecting"));
    if (fy_tensor_dtype(axes) != FY_F32 || a->rank != 2 || a->d[0] < 1 ||
        a->d[1] != fy_tensor_shape(x)->d[1])
        return fyi_fail(FY_ESHAPE,
                        "projecting samples of %lld values: the axes must be f32 [k, %lld]",
                        (long long)fy_tensor_shape(x)->d[1], (long long)fy_tensor_shape(x)->d[1]);
    d = FY_SHAPE(a->d[1]);
    k = FY_SHAPE(a->d[0]);
    if (!has_shape(mean, &d) || (whiten && (!deviation || !has_shape(deviation, &k))))
        return fyi_fail(FY_ESHAPE,
                        "projecting on %lld axes of %lld values: it takes a mean f32 [%lld]%s",
                        (long long)a->d[0], (long long)a->d[1], (long long)a->d[1],
                        whiten ? " and, to whiten, a deviation per axis" : "");
    return FY_OK;
}

/* An axis without deviation carries nothing: whitened, it is zero and not infinite. */
static double *make_scale(const float *deviation, int64_t k)
{
    double *scale = fyi_calloc((size_t)k, sizeof *scale);

    for (int64_t i = 0; scale && i < k; i++)
        scale[i] = !deviation ? 1 : deviation[i] > 0 ? 1 / (double)deviation[i] : 0;
    return scale;
}

fy_status fy_project(const fy_tensor *x, const fy_tensor *mean, const fy_tensor *axes,
                     const fy_tensor *deviation, bool whiten, fy_tensor **out)
{
    projection p = { 0 };
    double *scale;
    int64_t n;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_projection(x, mean, axes, deviation, whiten));
    n = fy_tensor_shape(x)->d[0];
    p.k = fy_tensor_shape(axes)->d[0];
    p.d = fy_tensor_shape(axes)->d[1];
    scale = make_scale(whiten ? fy_tensor_const_data(deviation) : NULL, p.k);
    if (!scale)
        return fyi_enomem((size_t)p.k * sizeof *scale, "projecting");
    st = fy_tensor_new(FY_F32, FY_SHAPE(n, p.k), out);
    if (st == FY_OK) {
        p.x = fy_tensor_const_data(x);
        p.mean = fy_tensor_const_data(mean);
        p.axes = fy_tensor_const_data(axes);
        p.scale = scale;
        p.out = fy_tensor_data(*out);
        fyi_parallel(n, 64, project_rows, &p);
    }
    fyi_free(scale);
    return st;
}
