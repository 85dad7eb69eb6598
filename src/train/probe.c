/* probe.c: what a linear classifier can read from features: multinomial logistic regression,
 *
 *   minimise mean_i -log softmax(W x_i + b)[y_i] + l2 / 2 |W|^2
 *
 * which is convex (strictly, for l2 > 0, but for a shift of b), so that the result is a property of the features and not of an
 * optimiser. Sums run over fixed chunks of samples, added in order: the number of threads changes nothing. */
#include "train/probe.h"

#include "train/dot.h"
#include "train/lbfgs.h"
#include "train/metrics.h"
#include "train/space.h"

#include <math.h>
#include <string.h>

#define MAX_CHUNKS 16
#define CHUNK_ROWS 256
#define MAX_CLASSES 4096

/* ---- the loss -------------------------------------------------------------------------------------------- */

typedef struct loss {
    const fyi_probe_rows *rows;
    int k;
    double l2;
    int64_t chunk_rows;
    int n_chunks;
    const double *w; /* [k, d + 1], the bias last */
    double *slope;   /* [n_chunks, k, d + 1] */
    double *sum;     /* [n_chunks], of -log p */
    double *p;       /* [n_chunks, k] */
} loss;

/* p becomes the scores of the sample at `place`; the largest. */
static double score(const double *w, const fyi_probe_rows *r, int64_t place, int k, double *p)
{
    const int64_t d = r->d;
    const double *x = r->x + place * d;
    double most = -(double)INFINITY;

    for (int c = 0; c < k; c++) {
        const double *row = w + c * (d + 1);

        p[c] = fyi_dot_f64(row, x, d) + row[d] + (r->offset != NULL ? r->offset[place * k + c] : 0);
        most = fmax(most, p[c]);
    }
    return most;
}

/* -log p(y); p becomes the probabilities. */
static double surprise(double *p, int k, double most, int32_t y)
{
    const double own = p[y];
    double sum = 0;

    for (int c = 0; c < k; c++) {
        p[c] = exp(p[c] - most);
        sum += p[c];
    }
    for (int c = 0; c < k; c++)
        p[c] /= sum;
    return log(sum) + most - own;
}

static void add_row(const double *x, int64_t d, double by, double *slope)
{
    for (int64_t j = 0; j < d; j++)
        slope[j] += by * x[j];
    slope[d] += by;
}

static void add_chunks(void *ctx, int64_t begin, int64_t end)
{
    const loss *l = ctx;
    const fyi_probe_rows *r = l->rows;

    for (int64_t chunk = begin; chunk < end; chunk++) {
        double *slope = l->slope + chunk * l->k * (r->d + 1), *p = l->p + chunk * l->k;
        const int64_t stop = FYI_MIN((chunk + 1) * l->chunk_rows, r->n);

        memset(slope, 0, (size_t)l->k * (size_t)(r->d + 1) * sizeof *slope);
        l->sum[chunk] = 0;
        for (int64_t i = chunk * l->chunk_rows; i < stop; i++) {
            const int64_t at = fyi_probe_place(r, i);
            const int32_t y = r->y[at];

            l->sum[chunk] += surprise(p, l->k, score(l->w, r, at, l->k, p), y);
            p[y] -= 1;
            for (int c = 0; c < l->k; c++)
                add_row(r->x + at * r->d, r->d, p[c] / (double)r->n, slope + c * (r->d + 1));
        }
    }
}

static double add_penalty(const loss *l, double *slope)
{
    const int64_t d = l->rows->d;
    double sum = 0;

    for (int c = 0; c < l->k; c++)
        for (int64_t j = c * (d + 1); j < c * (d + 1) + d; j++) {
            sum += l->w[j] * l->w[j];
            slope[j] += l->l2 * l->w[j];
        }
    return l->l2 / 2 * sum;
}

static double value(void *arg, const double *w, double *slope)
{
    loss *l = arg;
    const int64_t n = l->k * (l->rows->d + 1);
    double sum = 0;

    l->w = w;
    fyi_parallel(l->n_chunks, 1, add_chunks, l);
    memset(slope, 0, (size_t)n * sizeof *slope);
    for (int chunk = 0; chunk < l->n_chunks; chunk++) {
        sum += l->sum[chunk];
        for (int64_t j = 0; j < n; j++)
            slope[j] += l->slope[chunk * n + j];
    }
    return sum / (double)l->rows->n + add_penalty(l, slope);
}

fy_status fyi_probe_fit(const fyi_probe_rows *rows, int k, double l2, const fy_probe_opts *o,
                        double *w, fy_probe *out)
{
    const int64_t n = k * (rows->d + 1);
    loss l = { .rows = rows, .k = k, .l2 = l2 };
    fyi_lbfgs run = { .n = n,
                      .value = value,
                      .arg = &l,
                      .tolerance = o->tolerance,
                      .max_iterations = o->max_iterations };
    fyi_arena memory = { 0 };
    fy_status st;

    l.chunk_rows = FYI_MAX(CHUNK_ROWS, (rows->n + MAX_CHUNKS - 1) / MAX_CHUNKS);
    l.n_chunks = (int)((rows->n + l.chunk_rows - 1) / l.chunk_rows);
    l.slope = fyi_arena_alloc(&memory, (size_t)l.n_chunks * (size_t)n * sizeof(double));
    l.sum = fyi_arena_alloc(&memory, (size_t)l.n_chunks * sizeof(double));
    l.p = fyi_arena_alloc(&memory, (size_t)l.n_chunks * (size_t)k * sizeof(double));
    if (l.slope == NULL || l.sum == NULL || l.p == NULL)
        st = fyi_enomem((size_t)l.n_chunks * (size_t)n * sizeof(double), "a linear probe");
    else
        st = fyi_lbfgs_run(&run, w);
    out->l2 = l2;
    out->loss = run.least;
    out->gradient = run.largest_slope;
    out->iterations = run.iterations;
    fyi_arena_release(&memory);
    return st;
}

/* p is scratch of k values. The first of equal scores counts. */
static double accuracy_of(const fyi_probe_rows *r, int k, const double *w, double *p)
{
    int64_t n_right = 0;

    for (int64_t i = 0; i < r->n; i++) {
        const int64_t at = fyi_probe_place(r, i);
        const double most = score(w, r, at, k, p);
        int best = 0;

        while (p[best] < most)
            best++;
        n_right += best == r->y[at];
    }
    return (double)n_right / (double)r->n;
}

double fyi_probe_nll(const fyi_probe_rows *rows, int k, const double *w, double *p)
{
    double sum = 0;

    for (int64_t i = 0; i < rows->n; i++) {
        const int64_t at = fyi_probe_place(rows, i);

        sum += surprise(p, k, score(w, rows, at, k, p), rows->y[at]);
    }
    return sum / (double)rows->n;
}

/* ---- samples ----------------------------------------------------------------------------------------------- */

fy_probe_opts fy_probe_defaults(void)
{
    return (fy_probe_opts){ .l2 = { 1, 1e-1, 1e-2, 1e-3, 1e-4 },
                            .n_l2 = 5,
                            .holdout = 0.2,
                            .standardise = true,
                            .tolerance = 1e-5,
                            .max_iterations = 1000 };
}

static fy_status check_opts(const fy_probe_opts *o, int k)
{
    if (k < 2 || k > MAX_CLASSES)
        return fyi_fail(FY_EINVAL, "linear probe: %d classes; 2 .. %d are possible", k, MAX_CLASSES);
    if (o->n_l2 < 1 || o->n_l2 > FY_PROBE_MAX_L2)
        return fyi_fail(FY_EINVAL, "linear probe: %d candidates for l2; 1 .. %d are possible",
                        o->n_l2, FY_PROBE_MAX_L2);
    for (int i = 0; i < o->n_l2; i++)
        if (!(o->l2[i] >= 0) || isinf(o->l2[i]))
            return fyi_fail(FY_EINVAL, "linear probe: an l2 of %g; it is 0 or more", o->l2[i]);
    if (!(o->holdout > 0 && o->holdout < 1) || !(o->tolerance > 0) || o->max_iterations < 1)
        return fyi_fail(FY_EINVAL,
                        "linear probe: holdout %g, tolerance %g, %lld iterations; the first lies "
                        "between 0 and 1, the others above 0",
                        o->holdout, o->tolerance, (long long)o->max_iterations);
    return FY_OK;
}

static fy_status check_data(const fy_probe_data *d, int k, const char *what)
{
    FYI_FORWARD(fyi_check_points(d->x, what));
    for (int64_t i = 0; i < fy_tensor_shape(d->x)->d[0]; i++)
        if (d->y[i] < 0 || d->y[i] >= k)
            return fyi_fail(FY_EINVAL, "%s: the label of sample %lld is %d, but classes are 0 to %d",
                            what, (long long)i, (int)d->y[i], k - 1);
    return FY_OK;
}

/* Of the columns of x; 0 and 1 unless they are wanted. */
static void measure_columns(const fy_tensor *x, bool standardise, double *mean, double *deviation)
{
    const int64_t n = fy_tensor_shape(x)->d[0], d = fy_tensor_shape(x)->d[1];
    const float *v = fy_tensor_const_data(x);

    for (int64_t j = 0; j < d; j++) {
        double sum = 0, square = 0;

        mean[j] = 0;
        deviation[j] = 1;
        if (!standardise)
            continue;
        for (int64_t i = 0; i < n; i++)
            sum += (double)v[i * d + j];
        mean[j] = sum / (double)n;
        for (int64_t i = 0; i < n; i++)
            square += ((double)v[i * d + j] - mean[j]) * ((double)v[i * d + j] - mean[j]);
        deviation[j] = square > 0 ? sqrt(square / (double)n) : 1;
    }
}

typedef struct probe {
    const fy_probe_opts *o;
    int k;
    fyi_probe_rows train, test;
    double *mean, *deviation; /* [d] */
    double *w, *chosen_w;     /* [k, d + 1] */
    double *p;                /* [k] */
    fyi_arena memory;
} probe;

static fy_status take_rows(probe *b, const fy_probe_data *data, fyi_probe_rows *out)
{
    const int64_t n = fy_tensor_shape(data->x)->d[0], d = fy_tensor_shape(data->x)->d[1];
    const float *v = fy_tensor_const_data(data->x);
    double *x;
    size_t count, bytes = SIZE_MAX;

    if (fyi_mul_overflows((size_t)n, (size_t)d, &count) ||
        fyi_mul_overflows(count, sizeof *x, &bytes) ||
        (x = fyi_arena_alloc(&b->memory, bytes)) == NULL)
        return fyi_enomem(bytes, "a linear probe's features");
    for (int64_t i = 0; i < n * d; i++)
        x[i] = ((double)v[i] - b->mean[i % d]) / b->deviation[i % d];
    *out = (fyi_probe_rows){ .x = x, .y = data->y, .n = n, .d = d };
    return FY_OK;
}

static fy_status prepare(probe *b, const fy_probe_data *train, const fy_probe_data *test)
{
    const size_t d = (size_t)fy_tensor_shape(train->x)->d[1], k = (size_t)b->k;

    b->mean = fyi_arena_alloc(&b->memory, d * sizeof(double));
    b->deviation = fyi_arena_alloc(&b->memory, d * sizeof(double));
    b->w = fyi_arena_alloc(&b->memory, k * (d + 1) * sizeof(double));
    b->chosen_w = fyi_arena_alloc(&b->memory, k * (d + 1) * sizeof(double));
    b->p = fyi_arena_alloc(&b->memory, k * sizeof(double));
    if (!b->mean || !b->deviation || !b->w || !b->chosen_w || !b->p)
        return fyi_enomem(k * (d + 1) * sizeof(double), "a linear probe");
    measure_columns(train->x, b->o->standardise, b->mean, b->deviation);
    FYI_FORWARD(take_rows(b, train, &b->train));
    return take_rows(b, test, &b->test);
}

/* ---- choosing l2 -------------------------------------------------------------------------------------------- */

static void sort_down(double *v, int n)
{
    for (int i = 1; i < n; i++)
        for (int j = i; j > 0 && v[j] > v[j - 1]; j--) {
            const double t = v[j];

            v[j] = v[j - 1];
            v[j - 1] = t;
        }
}

/* Numbers of samples in random order: the first n_held of them are held out. */
static fy_status split(probe *b, fyi_probe_rows *learn, fyi_probe_rows *held)
{
    const int64_t n = b->train.n;
    const int64_t n_held = (int64_t)ceil(b->o->holdout * (double)n);
    int64_t *order = fyi_arena_alloc(&b->memory, (size_t)n * sizeof *order);
    fy_rng r = fy_rng_named(b->o->seed, "probe.holdout");

    if (order == NULL)
        return fyi_enomem((size_t)n * sizeof *order, "a linear probe");
    if (n_held >= n)
        return fyi_fail(FY_EINVAL,
                        "linear probe: of %lld samples %lld would be held out; it takes more "
                        "samples, or one l2",
                        (long long)n, (long long)n_held);
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    fy_rng_shuffle(&r, order, (size_t)n);
    *held = *learn = b->train;
    held->order = order;
    held->n = n_held;
    learn->order = order + n_held;
    learn->n = n - n_held;
    return FY_OK;
}

/* From the largest on, each from where the one before has ended. w is then what the chosen one had come to. */
static fy_status choose(probe *b, double *chosen, fy_probe *out)
{
    const size_t bytes = (size_t)b->k * (size_t)(b->train.d + 1) * sizeof *b->w;
    fyi_probe_rows learn, held;
    double l2[FY_PROBE_MAX_L2], best = -1;

    memcpy(l2, b->o->l2, sizeof l2);
    sort_down(l2, b->o->n_l2);
    *chosen = l2[0];
    out->validation_accuracy = (double)NAN;
    if (b->o->n_l2 == 1)
        return FY_OK;
    FYI_FORWARD(split(b, &learn, &held));
    for (int i = 0; i < b->o->n_l2; i++) {
        double accuracy;

        FYI_FORWARD(fyi_probe_fit(&learn, b->k, l2[i], b->o, b->w, out));
        accuracy = accuracy_of(&held, b->k, b->w, b->p);
        if (accuracy <= best)
            continue;
        best = accuracy;
        *chosen = l2[i];
        memcpy(b->chosen_w, b->w, bytes);
    }
    memcpy(b->w, b->chosen_w, bytes);
    out->validation_accuracy = best;
    return FY_OK;
}

static fy_status run(probe *b, fy_probe *out)
{
    double l2 = 0;

    FYI_FORWARD(choose(b, &l2, out));
    FYI_FORWARD(fyi_probe_fit(&b->train, b->k, l2, b->o, b->w, out));
    out->train_accuracy = accuracy_of(&b->train, b->k, b->w, b->p);
    out->accuracy = accuracy_of(&b->test, b->k, b->w, b->p);
    return FY_OK;
}

fy_status fy_linear_probe(const fy_probe_data *train, const fy_probe_data *test, int n_classes,
                          const fy_probe_opts *o, fy_probe *out)
{
    const fy_probe_opts defaults = fy_probe_defaults();
    probe b = { .o = o != NULL ? o : &defaults, .k = n_classes };
    fy_status st;

    *out = (fy_probe){ 0 };
    FYI_FORWARD(check_opts(b.o, n_classes));
    FYI_FORWARD(check_data(train, n_classes, "linear probe, training"));
    FYI_FORWARD(check_data(test, n_classes, "linear probe, test"));
    if (fy_tensor_shape(train->x)->d[1] != fy_tensor_shape(test->x)->d[1])
        return fyi_fail(
            FY_ESHAPE, "linear probe: training samples have %lld features, test samples %lld",
            (long long)fy_tensor_shape(train->x)->d[1], (long long)fy_tensor_shape(test->x)->d[1]);
    FY_TRY(prepare(&b, train, test));
    st = run(&b, out);
done:
    fyi_arena_release(&b.memory);
    return st;
}
