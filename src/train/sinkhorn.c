/* sinkhorn.c: optimal transport of samples (Courty et al. 2017): the cheapest plan that carries x [n, d] to z [m, d], smoothed by its
 * entropy and kept from mixing x's classes, and where it carries each x. With C_ij = |x_i - z_j|^2 over its largest value,
 *
 *   min <T, C> + e sum T log T + g sum_j sum_c (sum_{i of class c} T_ij)^(1/2),  T 1 = 1/n,  T^T 1 = 1/m
 *   x_i' = sum_j T_ij z_j / sum_j T_ij                                              (equations 12 and 14)
 *
 * The classes' part is taken at the last plan's slope, TURNS times (algorithm 1); each plan by Sinkhorn's rows and columns (Cuturi 2013).
 * A row is one thread's, and so is a column, so the number of threads changes nothing. */
#include "train/space.h"

#include <math.h>
#include <string.h>

#define TURNS 10
#define MAX_ROUNDS 500
#define TOLERANCE 1e-7   /* of the rows' sums, relative */
#define LEAST_SHARE 1e-3 /* of a z's mass */
#define LEAST_ENTROPY 0.01
#define SIDE 32        /* features side by side */
#define EXP 20         /* multiplications that it takes as long as */
#define GRAIN 1000000  /* multiplications that are worth another thread */
#define SLAB 100000000 /* multiplications between two looks at whether to go on */

typedef struct plan {
    const fy_transport_opts *o;
    const float *x, *z; /* [n, d], [m, d] */
    const int32_t *y;   /* [n] */
    int64_t n, m, d, k;
    double *block;         /* all of the following */
    double *cost, *kernel; /* [n, m]; the kernel, then the plan */
    double *u, *v;         /* [n], [m] */
    double *row;           /* [n]: of each row its largest cost, or by how much its sum was wrong */
    double *slope;         /* [k, m] */
    float *to;             /* [n, d] */
    int64_t first;         /* of the slab */
    fy_transport_round at;
} plan;

/* ---- what it takes ---------------------------------------------------------------------------------------- */

static fy_status check_size(int64_t n, int64_t m)
{
    if (n < 1 || m < 1 || n <= FY_TRANSPORT_CELLS / m)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "transport: %lld samples of the source and %lld of the target make a plan of "
                    "more than %lld million numbers; it is for small data, so give a limit to both",
                    (long long)n, (long long)m, (long long)(FY_TRANSPORT_CELLS >> 20));
}

fy_status fy_transport_check(const fy_transport_opts *o, int64_t n, int64_t m)
{
    if (!(o->entropy >= LEAST_ENTROPY && isfinite(o->entropy)))
        return fyi_fail(FY_EINVAL,
                        "transport: the weight of the entropy is %g; expected 0.01 or more of the "
                        "largest cost",
                        o->entropy);
    if (!(o->classes >= 0 && isfinite(o->classes)))
        return fyi_fail(FY_EINVAL,
                        "transport: the weight of not mixing classes is %g; expected 0 or more",
                        o->classes);
    return check_size(n, m);
}

static fy_status check_shapes(const fy_tensor *x, const fy_tensor *y, const fy_tensor *z)
{
    const fy_shape *sx = fy_tensor_shape(x), *sz = fy_tensor_shape(z);

    FYI_FORWARD(fyi_check_points(x, "transport"));
    FYI_FORWARD(fyi_check_points(z, "transport"));
    if (sx->d[1] != sz->d[1])
        return fyi_fail(FY_ESHAPE, "transport: samples of %lld numbers are to go to samples of %lld",
                        (long long)sx->d[1], (long long)sz->d[1]);
    if (fy_tensor_dtype(y) != FY_I32 || fy_tensor_numel(y) != sx->d[0])
        return fyi_fail(FY_ESHAPE, "transport: there are %lld labels for %lld samples",
                        (long long)fy_tensor_numel(y), (long long)sx->d[0]);
    return FY_OK;
}

static fy_status count_classes(plan *p)
{
    p->k = 1;
    for (int64_t i = 0; i < p->n; i++) {
        if (p->y[i] < 0 || p->y[i] >= FY_TRANSPORT_CELLS / p->m)
            return fyi_fail(FY_EINVAL, "transport: label %d of sample %lld; expected 0 to %lld",
                            (int)p->y[i], (long long)i, (long long)(FY_TRANSPORT_CELLS / p->m - 1));
        p->k = FYI_MAX(p->k, p->y[i] + 1);
    }
    return FY_OK;
}

static fy_status open_plan(plan *p)
{
    const int64_t cells = p->n * p->m, all = 2 * cells + 2 * p->n + p->m + p->k * p->m;

    p->block = fyi_calloc((size_t)all, sizeof *p->block);
    if (!p->block)
        return fyi_enomem((size_t)all * sizeof *p->block, "a plan of transport");
    p->cost = p->block;
    p->kernel = p->cost + cells;
    p->u = p->kernel + cells;
    p->row = p->u + p->n;
    p->v = p->row + p->n;
    p->slope = p->v + p->m;
    return FY_OK;
}

/* ---- going over it ---------------------------------------------------------------------------------------- */

static fy_status look_up(const plan *p)
{
    if (p->o->on_round)
        FYI_FORWARD(p->o->on_round(p->o->arg, &p->at));
    return fyi_stop_if_asked("finding a plan of transport");
}

static int64_t grain_of(int64_t work)
{
    return 1 + GRAIN / work;
}

/* fn over all rows, counted from p->first; work: multiplications for one. */
static fy_status over_rows(plan *p, fyi_range_fn fn, int64_t work)
{
    const int64_t slab = 1 + SLAB / work;

    for (p->first = 0; p->first < p->n; p->first += slab) {
        fyi_parallel(FYI_MIN(slab, p->n - p->first), grain_of(work), fn, p);
        FYI_FORWARD(look_up(p));
    }
    return FY_OK;
}

static double largest_of(const double *v, int64_t n)
{
    double most = 0;

    for (int64_t i = 0; i < n; i++)
        most = fmax(most, v[i]);
    return most;
}

/* ---- costs ------------------------------------------------------------------------------------------------ */

static double distance(const plan *p, int64_t i, int64_t j)
{
    const float *a = p->x + i * p->d, *b = p->z + j * p->d;
    double sum = 0;

    for (int64_t l = 0; l < p->d; l++) {
        const double by = (double)a[l] - (double)b[l];

        sum += by * by;
    }
    return sum;
}

static void measure_rows(void *ctx, int64_t begin, int64_t end)
{
    plan *p = ctx;

    for (int64_t i = p->first + begin; i < p->first + end; i++) {
        double *cost = p->cost + i * p->m;

        for (int64_t j = 0; j < p->m; j++)
            cost[j] = distance(p, i, j);
        p->row[i] = largest_of(cost, p->m);
    }
}

static fy_status fill_cost(plan *p)
{
    FYI_FORWARD(over_rows(p, measure_rows, p->m * p->d));
    const double most = largest_of(p->row, p->n);
    for (int64_t i = 0; most > 0 && i < p->n * p->m; i++)
        p->cost[i] /= most;
    return FY_OK;
}

/* ---- one plan --------------------------------------------------------------------------------------------- */

/* The cheapest way of each row costs it nothing: that changes no plan, and no kernel is 0 throughout. */
static void fill_kernel(void *ctx, int64_t begin, int64_t end)
{
    const plan *p = ctx;

    for (int64_t i = p->first + begin; i < p->first + end; i++) {
        const double *cost = p->cost + i * p->m, *slope = p->slope + p->y[i] * p->m;
        double *row = p->kernel + i * p->m, least = INFINITY;

        for (int64_t j = 0; j < p->m; j++) {
            row[j] = cost[j] + p->o->classes * slope[j];
            least = fmin(least, row[j]);
        }
        for (int64_t j = 0; j < p->m; j++)
            row[j] = exp((least - row[j]) / p->o->entropy);
    }
}

/* v = (1 / m) / K^T u */
static void scale_columns(void *ctx, int64_t begin, int64_t end)
{
    const plan *p = ctx;

    memset(p->v + begin, 0, (size_t)(end - begin) * sizeof *p->v);
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = begin; j < end; j++)
            p->v[j] += p->kernel[i * p->m + j] * p->u[i];
    for (int64_t j = begin; j < end; j++)
        p->v[j] = 1 / ((double)p->m * fmax(p->v[j], 1e-300));
}

/* u = (1 / n) / K v */
static void scale_rows(void *ctx, int64_t begin, int64_t end)
{
    const plan *p = ctx;

    for (int64_t i = begin; i < end; i++) {
        double sum = 0;

        for (int64_t j = 0; j < p->m; j++)
            sum += p->kernel[i * p->m + j] * p->v[j];
        p->row[i] = fabs(sum * p->u[i] * (double)p->n - 1);
        p->u[i] = 1 / ((double)p->n * fmax(sum, 1e-300));
    }
}

static void multiply(void *ctx, int64_t begin, int64_t end)
{
    const plan *p = ctx;

    for (int64_t i = begin; i < end; i++)
        for (int64_t j = 0; j < p->m; j++)
            p->kernel[i * p->m + j] *= p->u[i] * p->v[j];
}

static fy_status find_plan(plan *p)
{
    p->at.worst = INFINITY;
    p->at.round = 0;
    FYI_FORWARD(over_rows(p, fill_kernel, p->m * EXP));
    for (int64_t i = 0; i < p->n; i++)
        p->u[i] = 1 / (double)p->n;
    while (p->at.round < MAX_ROUNDS && p->at.worst > TOLERANCE) {
        fyi_parallel(p->m, grain_of(p->n), scale_columns, p);
        fyi_parallel(p->n, grain_of(p->m), scale_rows, p);
        p->at.worst = largest_of(p->row, p->n);
        p->at.round++;
        FYI_FORWARD(look_up(p));
    }
    fyi_parallel(p->n, grain_of(p->m), multiply, p);
    p->at.plan++;
    return FY_OK;
}

/* 1/2 (what class c sends to j)^(-1/2), the slope of a square root; where it sends next to nothing of j's 1/m, a large one. */
static void find_slopes(void *ctx, int64_t begin, int64_t end)
{
    const plan *p = ctx;

    for (int64_t c = 0; c < p->k; c++)
        memset(p->slope + c * p->m + begin, 0, (size_t)(end - begin) * sizeof *p->slope);
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = begin; j < end; j++)
            p->slope[p->y[i] * p->m + j] += p->kernel[i * p->m + j];
    for (int64_t c = 0; c < p->k; c++)
        for (int64_t j = c * p->m + begin; j < c * p->m + end; j++)
            p->slope[j] = 0.5 / sqrt(p->slope[j] + LEAST_SHARE / (double)p->m);
}

static fy_status find_plans(plan *p)
{
    p->at.plans = p->o->classes > 0 ? TURNS + 1 : 1;
    FYI_FORWARD(fill_cost(p));
    FYI_FORWARD(find_plan(p));
    while (p->at.plan < p->at.plans) {
        fyi_parallel(p->m, grain_of(p->n), find_slopes, p);
        FYI_FORWARD(find_plan(p));
    }
    return FY_OK;
}

/* ---- the map ---------------------------------------------------------------------------------------------- */

static double mass_of(const plan *p, int64_t i)
{
    double mass = 0;

    for (int64_t j = 0; j < p->m; j++)
        mass += p->kernel[i * p->m + j];
    return mass;
}

/* Features from .. from + n of the mean of the zs, each by what row i of the plan sends to it. */
static void carry_some(const plan *p, int64_t i, double mass, int64_t from, int64_t n)
{
    const double *w = p->kernel + i * p->m;
    double sum[SIDE] = { 0 };

    for (int64_t j = 0; j < p->m; j++)
        for (int64_t l = 0; l < n; l++)
            sum[l] += w[j] * (double)p->z[j * p->d + from + l];
    for (int64_t l = 0; l < n; l++)
        p->to[i * p->d + from + l] = (float)(sum[l] / mass);
}

static void carry_rows(void *ctx, int64_t begin, int64_t end)
{
    const plan *p = ctx;

    for (int64_t i = p->first + begin; i < p->first + end; i++) {
        const double mass = mass_of(p, i);

        for (int64_t l = 0; l < p->d; l += SIDE)
            carry_some(p, i, mass, l, FYI_MIN(SIDE, p->d - l));
    }
}

static fy_status carry_over(plan *p, fy_tensor *to)
{
    p->to = fy_tensor_data(to);
    FYI_FORWARD(count_classes(p));
    FYI_FORWARD(open_plan(p));
    fy_status st = find_plans(p);
    if (st == FY_OK)
        st = over_rows(p, carry_rows, p->m * p->d);
    fyi_free(p->block);
    return st;
}

fy_status fy_transport(const fy_tensor *x, const fy_tensor *y, const fy_tensor *z,
                       const fy_transport_opts *o, fy_tensor **out)
{
    *out = NULL;
    FYI_FORWARD(check_shapes(x, y, z));
    plan p = { .o = o,
               .x = fy_tensor_const_data(x),
               .y = fy_tensor_const_data(y),
               .z = fy_tensor_const_data(z),
               .n = fy_tensor_shape(x)->d[0],
               .m = fy_tensor_shape(z)->d[0],
               .d = fy_tensor_shape(x)->d[1] };
    FYI_FORWARD(fy_transport_check(o, p.n, p.m));
    FYI_FORWARD(fy_tensor_new(FY_F32, *fy_tensor_shape(x), out));
    const fy_status st = carry_over(&p, *out);
    if (st != FY_OK) {
        fy_tensor_free(*out);
        *out = NULL;
    }
    return st;
}
