/* unique.c: what other modalities tell of a label, and how much more one modality's features do.
 *
 *   H(Y | others) - H(Y | z, others), each bounded from above by a classifier's cross-entropy on samples that it was not fitted to */
#include "train/lbfgs.h"
#include "train/metrics.h"
#include "train/probe.h"
#include "train/space.h"

#include <ferry/fused.h>

#include <math.h>
#include <string.h>

#define T_LEAST 0.5
#define T_MOST 10
#define T_STEPS 32 /* of the golden section: T to 1e-6 */
#define GOLDEN 0.6180339887498949
#define MAX_ITERATIONS 300
#define MIN_SAMPLES 16

/* Some of the samples: those of order[0 .. n-1]. */
typedef struct rows {
    const float *logits; /* [*, k] */
    const int32_t *y;    /* [*] */
    int64_t *order;      /* [n] */
    int64_t n;
    int k;
    double epsilon;
    double *log_o; /* [*, k] */
    double *p;     /* [k], scratch */
} rows;

/* ---- temperature ------------------------------------------------------------------------------------------ */

/* log o of one sample at temperature t. */
static void take_log_o(const rows *r, int64_t at, double t, double *out)
{
    const float *s = r->logits + at * r->k;
    double most = (double)s[0], sum = 0;

    for (int c = 1; c < r->k; c++)
        most = fmax(most, (double)s[c]);
    for (int c = 0; c < r->k; c++) {
        out[c] = exp(((double)s[c] - most) / t);
        sum += out[c];
    }
    for (int c = 0; c < r->k; c++)
        out[c] = log((1 - r->epsilon) * out[c] / sum + r->epsilon / r->k);
}

static double nll_at(const rows *r, double log_t)
{
    double sum = 0;

    for (int64_t i = 0; i < r->n; i++) {
        take_log_o(r, r->order[i], exp(log_t), r->p);
        sum -= r->p[r->y[r->order[i]]];
    }
    return sum / (double)r->n;
}

/* Golden section over log T (Kiefer 1953). */
static double find_temperature(const rows *r)
{
    double a = log(T_LEAST), b = log(T_MOST);
    double x = b - GOLDEN * (b - a), y = a + GOLDEN * (b - a);
    double at_x = nll_at(r, x), at_y = nll_at(r, y);

    for (int i = 0; i < T_STEPS; i++)
        if (at_x <= at_y) {
            b = y;
            y = x;
            at_y = at_x;
            x = b - GOLDEN * (b - a);
            at_x = nll_at(r, x);
        } else {
            a = x;
            x = y;
            at_x = at_y;
            y = a + GOLDEN * (b - a);
            at_y = nll_at(r, y);
        }
    return exp((a + b) / 2);
}

/* ---- scale and bias --------------------------------------------------------------------------------------- */

/* p = softmax(t log o + c) of one sample, x = [t, c_1 .. c_k]; -log p(y). */
static double surprise(const rows *r, int64_t at, const double *x)
{
    const double *o = r->log_o + at * r->k;
    double most = -(double)INFINITY, sum = 0;

    for (int c = 0; c < r->k; c++) {
        r->p[c] = x[0] * o[c] + x[1 + c];
        most = fmax(most, r->p[c]);
    }
    const double own = r->p[r->y[at]];
    for (int c = 0; c < r->k; c++) {
        r->p[c] = exp(r->p[c] - most);
        sum += r->p[c];
    }
    for (int c = 0; c < r->k; c++)
        r->p[c] /= sum;
    return log(sum) + most - own;
}

static double value(void *arg, const double *x, double *slope)
{
    const rows *r = arg;
    double sum = 0;

    memset(slope, 0, (size_t)(r->k + 1) * sizeof *slope);
    for (int64_t i = 0; i < r->n; i++) {
        const int64_t at = r->order[i];

        sum += surprise(r, at, x);
        r->p[r->y[at]] -= 1;
        for (int c = 0; c < r->k; c++) {
            slope[0] += r->p[c] * r->log_o[at * r->k + c] / (double)r->n;
            slope[1 + c] += r->p[c] / (double)r->n;
        }
    }
    return sum / (double)r->n;
}

/* x [k + 1] */
static fy_status fit_scale(rows *r, double *x)
{
    fyi_lbfgs run = {
        .n = r->k + 1, .value = value, .arg = r, .tolerance = 1e-6, .max_iterations = MAX_ITERATIONS
    };

    memset(x, 0, (size_t)(r->k + 1) * sizeof *x);
    x[0] = 1;
    return fyi_lbfgs_run(&run, x);
}

static double nll_of(const rows *r, const double *x)
{
    double sum = 0;

    for (int64_t i = 0; i < r->n; i++)
        sum += surprise(r, r->order[i], x);
    return sum / (double)r->n;
}

/* ---- checks ------------------------------------------------------------------------------------------------ */

static fy_status check(const fy_tensor *logits, const int32_t *y, double epsilon)
{
    FYI_FORWARD(fyi_check_points(logits, "the others' logits"));
    FYI_FORWARD(fyi_check_logits(logits, "the others' logits"));
    if (!(epsilon > 0 && epsilon < 1))
        return fyi_fail(FY_EINVAL, "the others' epsilon is %g; expected above 0 and below 1",
                        epsilon);
    for (int64_t i = 0; i < fy_tensor_shape(logits)->d[0]; i++)
        if (y[i] < 0 || y[i] >= fy_tensor_shape(logits)->d[1])
            return fyi_fail(FY_EINVAL, "the label of sample %lld is %d, but classes are 0 to %lld",
                            (long long)i, (int)y[i], (long long)fy_tensor_shape(logits)->d[1] - 1);
    return FY_OK;
}

static fy_status open_rows(const fy_tensor *logits, const int32_t *y, double epsilon,
                           fyi_arena *memory, rows *r)
{
    const size_t n = (size_t)fy_tensor_shape(logits)->d[0],
                 k = (size_t)fy_tensor_shape(logits)->d[1];
    int64_t *order = fyi_arena_alloc(memory, n * sizeof *order);

    *r = (rows){ .logits = fy_tensor_const_data(logits),
                 .y = y,
                 .order = order,
                 .n = (int64_t)n,
                 .k = (int)k,
                 .epsilon = epsilon,
                 .log_o = fyi_arena_alloc(memory, n * k * sizeof(double)),
                 .p = fyi_arena_alloc(memory, k * sizeof(double)) };
    if (!order || !r->log_o || !r->p)
        return fyi_enomem(n * k * sizeof(double), "unique information");
    for (size_t i = 0; i < n; i++)
        order[i] = (int64_t)i;
    return FY_OK;
}

static void take_all_log_o(const rows *r, int64_t count, double t)
{
    for (int64_t i = 0; i < count; i++)
        take_log_o(r, i, t, r->log_o + i * r->k);
}

static fy_status calibrate(rows *r, fyi_arena *memory, fy_others *out)
{
    double *x = fyi_arena_alloc(memory, (size_t)(r->k + 1) * sizeof *x);

    if (!x)
        return fyi_enomem((size_t)r->k * sizeof *x, "calibration");
    out->temperature = find_temperature(r);
    take_all_log_o(r, r->n, out->temperature);
    FYI_FORWARD(fit_scale(r, x));
    out->scale = x[0];
    out->nll = nll_of(r, x);
    return FY_OK;
}

fy_status fy_others_of(const fy_tensor *logits, const int32_t *y, double epsilon, fy_others *out)
{
    fyi_arena memory = { 0 };
    rows r;
    fy_status st;

    *out = (fy_others){ 0 };
    FYI_FORWARD(check(logits, y, epsilon));
    st = open_rows(logits, y, epsilon, &memory, &r);
    if (st == FY_OK)
        st = calibrate(&r, &memory, out);
    fyi_arena_release(&memory);
    return st;
}

/* ---- the expert --------------------------------------------------------------------------------------------- */

typedef struct halves {
    rows r;         /* all samples, in a random order */
    int64_t n, d;   /* all of them; features */
    double *x;      /* [n, d], standardised */
    double *offset; /* [n, k] */
    double *w;      /* [k, d + 1] */
    double *scale;  /* [k + 1] */
    double *p;      /* [k] */
    fyi_arena memory;
} halves;

static fyi_probe_rows part_of(const halves *h, int64_t begin, int64_t end)
{
    return (fyi_probe_rows){ .x = h->x,
                             .y = h->r.y,
                             .order = h->r.order + begin,
                             .n = end - begin,
                             .d = h->d,
                             .offset = h->offset };
}

static fy_status fit(const halves *h, const fyi_probe_rows *learn, double l2)
{
    fy_probe_opts o = fy_probe_defaults();
    fy_probe found;

    o.max_iterations = MAX_ITERATIONS;
    o.tolerance = 1e-5;
    memset(h->w, 0, (size_t)h->r.k * (size_t)(h->d + 1) * sizeof *h->w);
    return fyi_probe_fit(learn, h->r.k, l2, &o, h->w, &found);
}

/* Fitted to all of `learn`, with the l2 that does best when half of it is held out. */
static fy_status fit_expert(const halves *h, int64_t begin, int64_t end)
{
    static const double l2[] = { 10, 1, 0.1, 0.01, 0.001 };
    const int64_t middle = (begin + end) / 2;
    const fyi_probe_rows first = part_of(h, begin, middle), second = part_of(h, middle, end),
                         all = part_of(h, begin, end);
    double best = INFINITY, chosen = l2[0];

    for (size_t i = 0; i < FYI_LEN(l2); i++) {
        FYI_FORWARD(fit(h, &first, l2[i]));
        const double nll = fyi_probe_nll(&second, h->r.k, h->w, h->p);
        chosen = nll < best ? l2[i] : chosen;
        best = fmin(best, nll);
    }
    return fit(h, &all, chosen);
}

/* Learns from order[begin .. end), and adds up what it comes to on the others. */
static fy_status judge(halves *h, int64_t begin, int64_t end, fy_unique *out)
{
    const bool is_first = begin == 0;
    const int64_t from = is_first ? end : 0, to = is_first ? h->n : begin;
    rows learn = h->r, held = h->r;
    fyi_probe_rows rest;

    learn.order += begin;
    learn.n = end - begin;
    held.order += from;
    held.n = to - from;
    take_all_log_o(&h->r, h->n, find_temperature(&learn));
    FYI_FORWARD(fit_scale(&learn, h->scale));
    for (int64_t i = 0; i < h->n * h->r.k; i++)
        h->offset[i] = h->scale[0] * h->r.log_o[i];
    FYI_FORWARD(fit_expert(h, begin, end));
    rest = part_of(h, from, to);
    out->others += nll_of(&held, h->scale) * (double)held.n / (double)h->n;
    out->expert += fyi_probe_nll(&rest, h->r.k, h->w, h->p) * (double)held.n / (double)h->n;
    return FY_OK;
}

/* Columns to mean 0 and deviation 1. */
static void standardise(const halves *h, const float *z)
{
    for (int64_t j = 0; j < h->d; j++) {
        double sum = 0, square = 0;

        for (int64_t i = 0; i < h->n; i++)
            sum += (double)z[i * h->d + j];
        for (int64_t i = 0; i < h->n; i++) {
            const double v = (double)z[i * h->d + j] - sum / (double)h->n;

            h->x[i * h->d + j] = v;
            square += v * v;
        }
        for (int64_t i = 0; i < h->n && square > 0; i++)
            h->x[i * h->d + j] /= sqrt(square / (double)h->n);
    }
}

/* The samples of each class in turns to both halves, and within each to both of its own. */
static fy_status deal_classes(halves *h)
{
    int64_t *by_class = fyi_arena_alloc(&h->memory, (size_t)h->n * sizeof *by_class);
    static const int turns[] = { 1, 3, 0, 2 };
    int64_t at = 0;

    if (!by_class)
        return fyi_enomem((size_t)h->n * sizeof *by_class, "unique information");
    for (int c = 0; c < h->r.k; c++)
        for (int64_t i = 0; i < h->n; i++)
            if (h->r.y[h->r.order[i]] == c)
                by_class[at++] = h->r.order[i];
    at = 0;
    for (int q = 0; q < 4; q++)
        for (int64_t i = turns[q]; i < h->n; i += 4)
            h->r.order[at++] = by_class[i];
    return FY_OK;
}

static fy_status open_halves(halves *h, const fy_tensor *z, const fy_tensor *logits,
                             const int32_t *y, double epsilon, uint64_t seed)
{
    fy_rng random = fy_rng_named(seed, "unique.halves");
    FYI_FORWARD(open_rows(logits, y, epsilon, &h->memory, &h->r));
    const size_t n = (size_t)h->r.n, k = (size_t)h->r.k;

    h->n = h->r.n;
    h->d = fy_tensor_shape(z)->d[1];
    h->x = fyi_arena_alloc(&h->memory, n * (size_t)h->d * sizeof(double));
    h->offset = fyi_arena_alloc(&h->memory, n * k * sizeof(double));
    h->w = fyi_arena_alloc(&h->memory, k * (size_t)(h->d + 1) * sizeof(double));
    h->scale = fyi_arena_alloc(&h->memory, (k + 1) * sizeof(double));
    h->p = fyi_arena_alloc(&h->memory, k * sizeof(double));
    if (!h->x || !h->offset || !h->w || !h->scale || !h->p)
        return fyi_enomem(n * (size_t)h->d * sizeof(double), "unique information");
    fy_rng_shuffle(&random, h->r.order, n);
    FYI_FORWARD(deal_classes(h));
    standardise(h, fy_tensor_const_data(z));
    return FY_OK;
}

fy_status fy_unique_information(const fy_tensor *z, const fy_tensor *logits, const int32_t *y,
                                double epsilon, uint64_t seed, fy_unique *out)
{
    halves h = { 0 };
    fy_status st;

    *out = (fy_unique){ 0 };
    FYI_FORWARD(fyi_check_points(z, "unique information"));
    FYI_FORWARD(check(logits, y, epsilon));
    const int64_t n = fy_tensor_shape(z)->d[0];
    if (n != fy_tensor_shape(logits)->d[0] || n < MIN_SAMPLES)
        return fyi_fail(FY_ESHAPE,
                        "unique information: features of %lld samples and logits of %lld; expected "
                        "as many, %d or more",
                        (long long)n, (long long)fy_tensor_shape(logits)->d[0], MIN_SAMPLES);
    FY_TRY(open_halves(&h, z, logits, y, epsilon, seed));
    FY_TRY(judge(&h, 0, n / 2, out));
    FY_TRY(judge(&h, n / 2, n, out));
    out->nats = out->others - out->expert;
done:
    fyi_arena_release(&h.memory);
    return st;
}
