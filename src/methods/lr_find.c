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
    fy_plan *plan;
    const fy_stage *s;
    double rate[STEPS], loss[STEPS]; /* smoothed */
    int n;
} finder;

static fy_status set_rates(const finder *f, double rate)
{
    for (int i = 0; i < fy_plan_scalar_count(f->plan); i++) {
        const char *name = fy_plan_scalar_name(f->plan, i);
        const size_t len = strlen(name);
        if (len < 3 || strcmp(name + len - 3, ".lr") != 0)
            continue;
        const fy_status st = fy_plan_set(f->plan, name, (float)rate);
        if (st != FY_OK)
            return st;
    }
    return FY_OK;
}

static fy_status take_step(const finder *f, double rate, double *loss)
{
    const fy_stream *in = &f->s->streams[0];
    fy_batch b;
    float v;
    fy_status st;
    FY_TRY(fy_loader_next(in->loader, &b));
    FY_TRY(fy_plan_feed(f->plan, in->x, b.x));
    FY_TRY(fy_plan_feed(f->plan, in->y, b.y));
    if (in->q.id)
        FY_TRY(fy_plan_feed(f->plan, in->q, b.q));
    FY_TRY(set_rates(f, rate));
    FY_TRY(fy_plan_step(f->plan));
    FY_TRY(fy_plan_read(f->plan, f->s->watches[0].node, &v, 1));
    *loss = v;
done:
    return st;
}

static fy_status sweep(finder *f)
{
    double smooth = 0, least = INFINITY;
    for (int i = 0; i < STEPS; i++) {
        const double rate = from * pow(to / from, (double)i / (STEPS - 1));
        double loss;
        const fy_status st = take_step(f, rate, &loss);
        if (st != FY_OK)
            return st;
        smooth = memory * smooth + (1 - memory) * loss;
        f->rate[f->n] = rate;
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
    const fy_plan_opts o = { .outputs = &s->watches[0].node,
                             .n_outputs = 1,
                             .seed = s->seed,
                             .memory = fy_device_memory(dev) };
    fy_status st;
    FY_TRY(fy_plan_new(s->graph, dev, &o, &f.plan));
    FY_TRY(sweep(&f));
    *suggested = steepest(&f);
    FY_TRY(write_curve(&f, r, *suggested));
    FY_TRY(fy_loader_seek(s->streams[0].loader, 0));
done:
    fy_plan_free(f.plan);
    return st;
}
