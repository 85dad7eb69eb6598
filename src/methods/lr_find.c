/* lr_find.c: the learning-rate range test (Smith 2017, section 3.3).
 *
 *   rate_i = from (to / from)^(i / n);  s_i = 0.9 s_{i-1} + 0.1 loss_i, divided by 1 - 0.9^(i+1)
 * The suggestion is the rate at the steepest fall of s over log rate, as in fastai, which like this passes over the
 * first tenth: there s is a mean of too few losses. */
#include "lr_find.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 100
static const double from = 1e-7, to = 10, memory = 0.9, too_much = 4;

typedef struct finder {
    const fy_stage *s;
    double rate[STEPS], loss[STEPS]; /* smoothed */
    int n;
} finder;

static double rate_at(int64_t step)
{
    return from * pow(to / from, (double)step / (STEPS - 1));
}

/* Before each step of the test. */
static fy_status set_rates(void *arg, fy_plan *plan, int64_t step)
{
    (void)arg;
    for (int i = 0; i < fy_plan_scalar_count(plan); i++) {
        const char *name = fy_plan_scalar_name(plan, i);
        const size_t len = strlen(name);
        if (len < 3 || strcmp(name + len - 3, ".lr") != 0)
            continue;
        const fy_status st = fy_plan_set(plan, name, (float)rate_at(step));
        if (st != FY_OK)
            return st;
    }
    return FY_OK;
}

static fy_status sweep(finder *f, fy_loop *loop)
{
    double smooth = 0, least = INFINITY;
    for (int i = 0; i < STEPS; i++) {
        double loss;
        const fy_status st = fy_loop_step(loop, &loss);
        if (st != FY_OK)
            return st;
        smooth = memory * smooth + (1 - memory) * loss;
        f->rate[f->n] = rate_at(i);
        f->loss[f->n] = smooth / (1 - pow(memory, i + 1));
        if (!isfinite(f->loss[f->n]) || f->loss[f->n] > too_much * least)
            break;
        least = fmin(least, f->loss[f->n++]);
    }
    return FY_OK;
}

/* The rates are evenly spaced in their logarithm. */
static double steepest(const finder *f)
{
    double best = 0, rate = NAN;
    for (int i = STEPS / 10; i + 1 < f->n; i++) {
        const double slope = f->loss[i + 1] - f->loss[i - 1];
        if (slope < best) {
            best = slope;
            rate = f->rate[i];
        }
    }
    return rate;
}

static int put_list(char *text, size_t size, const char *name, const double *v, int n)
{
    int at = snprintf(text, size, "\"%s\": [", name);
    for (int i = 0; i < n; i++)
        at += snprintf(text + at, size - (size_t)at, "%s%.6g", i ? ", " : "", v[i]);
    return at + snprintf(text + at, size - (size_t)at, "]");
}

static fy_status write_curve(const finder *f, fy_run *r, double suggested)
{
    char text[128 + 2 * STEPS * 16], name[64];
    int n = snprintf(text, sizeof text, "{\"stage\": \"%.32s\", ", f->s->name);
    n += put_list(text + n, sizeof text - (size_t)n, "rates", f->rate, f->n);
    n += snprintf(text + n, sizeof text - (size_t)n, ", ");
    n += put_list(text + n, sizeof text - (size_t)n, "losses", f->loss, f->n);
    if (isfinite(suggested))
        n += snprintf(text + n, sizeof text - (size_t)n, ", \"suggested\": %.6g}\n", suggested);
    else
        n += snprintf(text + n, sizeof text - (size_t)n, ", \"suggested\": null}\n");
    snprintf(name, sizeof name, "lr_find-%.32s.json", f->s->name);
    return fy_run_write(r, name, text, (size_t)n);
}

fy_status lr_find(fy_run *r, fy_device *dev, const fy_stage *s, double *suggested)
{
    finder f = { .s = s };
    fy_stage test = *s;
    fy_loop *loop = NULL;
    char name[64];
    fy_status st;
    snprintf(name, sizeof name, "%.32s, range test", s->name);
    test.name = name;
    test.steps = STEPS;
    test.n_watches = 1;
    test.eval_every = test.evaluations = 0;
    test.on_step = set_rates;
    FY_TRY(fy_loop_open(r, dev, &test, &loop));
    FY_TRY(sweep(&f, loop));
    *suggested = steepest(&f);
    FY_TRY(write_curve(&f, r, *suggested));
done:
    fy_loop_close(loop);
    return st;
}
