/* transport.c: optimal transport of fixed features (Courty et al. 2017): the cheapest plan that carries the source's samples to the target's,
 * smoothed by its entropy and kept from mixing classes; the classifier learns every source sample where the plan carries it. With
 * C_ij = |f_i - f_j|^2 over its largest value,
 *
 *   min <T, C> + e sum T log T + g sum_j sum_c (sum_{i of class c} T_ij)^(1/2),  T 1 = 1/n,  T^T 1 = 1/m
 *   f_i' = sum_j T_ij f_j / sum_j T_ij                                              (equations 12 and 14)
 *
 * The classes' part is taken at the last plan's slope, TURNS times (algorithm 1); each plan by Sinkhorn's rows and columns (Cuturi 2013). */
#include "methods/carry/map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURNS 10
#define MAX_ROUNDS 500
#define TOLERANCE 1e-7   /* of the rows' sums, relative */
#define LEAST_SHARE 1e-3 /* of a target sample's mass */
#define MAX_CELLS ((int64_t)64 << 20)

typedef struct plan {
    const float *s, *t; /* [n, d], [m, d] */
    const int32_t *y;   /* [n] */
    int64_t n, m, d;
    int k;
    double entropy, classes;
    double *cost, *kernel; /* [n, m]; the kernel, then the plan */
    double *u, *v;         /* [n], [m] */
    double *slope;         /* [k, m] */
    double *sum;           /* [d] */
} plan;

static fy_status check_size(int64_t n, int64_t m)
{
    if (n * m <= MAX_CELLS)
        return FY_OK;
    return fy_error(FY_EINVAL,
                    "transport: %lld samples of the source and %lld of the target make a plan of "
                    "more than %lld million numbers; it is for small data, so give a limit to both",
                    (long long)n, (long long)m, (long long)(MAX_CELLS >> 20));
}

static bool open_plan(plan *p)
{
    const size_t cells = (size_t)(p->n * p->m);
    p->cost = calloc(cells, sizeof *p->cost);
    p->kernel = calloc(cells, sizeof *p->kernel);
    p->u = calloc((size_t)p->n, sizeof *p->u);
    p->v = calloc((size_t)p->m, sizeof *p->v);
    p->slope = calloc((size_t)(p->k * p->m), sizeof *p->slope);
    p->sum = calloc((size_t)p->d, sizeof *p->sum);
    return p->cost && p->kernel && p->u && p->v && p->slope && p->sum;
}

static void close_plan(plan *p)
{
    free(p->sum);
    free(p->slope);
    free(p->v);
    free(p->u);
    free(p->kernel);
    free(p->cost);
}

/* ---- costs ------------------------------------------------------------------------------------------------ */

static double distance(const plan *p, int64_t i, int64_t j)
{
    const float *a = p->s + i * p->d, *b = p->t + j * p->d;
    double sum = 0;
    for (int64_t l = 0; l < p->d; l++) {
        const double by = (double)a[l] - (double)b[l];
        sum += by * by;
    }
    return sum;
}

static void fill_cost(plan *p)
{
    double most = 0;
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = 0; j < p->m; j++) {
            p->cost[i * p->m + j] = distance(p, i, j);
            most = fmax(most, p->cost[i * p->m + j]);
        }
    for (int64_t i = 0; most > 0 && i < p->n * p->m; i++)
        p->cost[i] /= most;
}

/* ---- one plan --------------------------------------------------------------------------------------------- */

/* The cheapest way of each row costs it nothing: that changes no plan, and no kernel is 0 throughout. */
static void fill_kernel(plan *p)
{
    for (int64_t i = 0; i < p->n; i++) {
        const double *cost = p->cost + i * p->m, *slope = p->slope + p->y[i] * p->m;
        double *row = p->kernel + i * p->m, least = INFINITY;
        for (int64_t j = 0; j < p->m; j++) {
            row[j] = cost[j] + p->classes * slope[j];
            least = fmin(least, row[j]);
        }
        for (int64_t j = 0; j < p->m; j++)
            row[j] = exp((least - row[j]) / p->entropy);
    }
}

/* v = (1 / m) / K^T u */
static void scale_columns(plan *p)
{
    memset(p->v, 0, (size_t)p->m * sizeof *p->v);
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = 0; j < p->m; j++)
            p->v[j] += p->kernel[i * p->m + j] * p->u[i];
    for (int64_t j = 0; j < p->m; j++)
        p->v[j] = 1 / ((double)p->m * fmax(p->v[j], 1e-300));
}

/* u = (1 / n) / K v; by how much a row's sum was wrong at most. */
static double scale_rows(plan *p)
{
    double worst = 0;
    for (int64_t i = 0; i < p->n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < p->m; j++)
            sum += p->kernel[i * p->m + j] * p->v[j];
        worst = fmax(worst, fabs(sum * p->u[i] * (double)p->n - 1));
        p->u[i] = 1 / ((double)p->n * fmax(sum, 1e-300));
    }
    return worst;
}

static void find_plan(plan *p)
{
    double worst = INFINITY;
    fill_kernel(p);
    for (int64_t i = 0; i < p->n; i++)
        p->u[i] = 1 / (double)p->n;
    for (int round = 0; round < MAX_ROUNDS && worst > TOLERANCE; round++) {
        scale_columns(p);
        worst = scale_rows(p);
    }
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = 0; j < p->m; j++)
            p->kernel[i * p->m + j] *= p->u[i] * p->v[j];
}

/* 1/2 (what class c sends to j)^(-1/2), the slope of a square root; where it sends next to nothing of j's 1/m, a large one. */
static void find_slopes(plan *p)
{
    memset(p->slope, 0, (size_t)(p->k * p->m) * sizeof *p->slope);
    for (int64_t i = 0; i < p->n; i++)
        for (int64_t j = 0; j < p->m; j++)
            p->slope[p->y[i] * p->m + j] += p->kernel[i * p->m + j];
    for (int64_t i = 0; i < p->k * p->m; i++)
        p->slope[i] = 0.5 / sqrt(p->slope[i] + LEAST_SHARE / (double)p->m);
}

/* ---- the map ---------------------------------------------------------------------------------------------- */

/* The mean of the target's features, each by what row i of the plan sends to it. */
static void carry_over(plan *p, int64_t i, float *to)
{
    const double *w = p->kernel + i * p->m;
    double mass = 0;
    memset(p->sum, 0, (size_t)p->d * sizeof *p->sum);
    for (int64_t j = 0; j < p->m; j++) {
        mass += w[j];
        for (int64_t l = 0; l < p->d; l++)
            p->sum[l] += w[j] * (double)p->t[j * p->d + l];
    }
    for (int64_t l = 0; l < p->d; l++)
        to[l] = (float)(p->sum[l] / mass);
}

static int count_classes(const int32_t *y, int64_t n)
{
    int32_t most = 0;
    for (int64_t i = 0; i < n; i++)
        most = y[i] > most ? y[i] : most;
    return most + 1;
}

fy_status transport_map(carry_mapping *m)
{
    const int64_t n = fy_tensor_shape(m->source)->d[0];
    plan p = { .s = fy_tensor_const_data(m->source),
               .t = fy_tensor_const_data(m->target),
               .y = fy_tensor_const_data(m->labels),
               .n = n,
               .m = fy_tensor_shape(m->target)->d[0],
               .d = fy_tensor_shape(m->source)->d[1],
               .entropy = m->o->transport_entropy,
               .classes = m->o->transport_classes };
    fy_status st = FY_OK;
    p.k = count_classes(p.y, n);
    if (!open_plan(&p)) {
        st = fy_error(FY_ENOMEM, "transport: no memory for %lld by %lld samples", (long long)p.n,
                      (long long)p.m);
        goto done;
    }
    fill_cost(&p);
    find_plan(&p);
    for (int turn = 0; p.classes > 0 && turn < TURNS; turn++) {
        find_slopes(&p);
        find_plan(&p);
    }
    for (int64_t i = 0; i < n; i++)
        carry_over(&p, i, (float *)fy_tensor_data(m->to) + i * p.d);
done:
    close_plan(&p);
    return st;
}

static fy_status check(const carrying *c)
{
    fy_status st;
    if (c->o->transport_entropy < 0.01)
        return fy_error(FY_EINVAL,
                        "transport: the weight of the entropy is %g; expected 0.01 or more of the "
                        "largest cost",
                        c->o->transport_entropy);
    FY_TRY(check_size(fy_dataset_count(c->data->source), fy_dataset_count(c->data->target)));
    st = carry_check_features(c);
done:
    return st;
}

const carry_method carry_transport = {
    .name = "transport",
    .text = "the source's features are carried to the target's at the least cost, and the "
            "classifier learns there (optimal transport, Courty et al. 2017)",
    .flags = CARRY_BALANCED,
    .moves = CARRY_CLASSIFIER,
    .check = check,
    .map = transport_map,
};
