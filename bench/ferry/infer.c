/* infer.c: a family in evaluation mode on a constant batch: what goes into ResNet-18's head, MobileNetV2's scores. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct infer {
    fy_node y;
    float *values; /* [n] */
    int64_t n;
} infer;

/* As a user has it: the values are read after each batch. */
static fy_status step(bench *b)
{
    const infer *f = b->state;
    const fy_status st = fy_plan_step(b->plan);
    return st != FY_OK ? st : fy_plan_read(b->plan, f->y, f->values, f->n);
}

static fy_status put_mean(bench *b)
{
    const infer *f = b->state;
    double sum = 0;
    for (int64_t i = 0; i < f->n; i++)
        sum += fabs((double)f->values[i]);
    bench_put(b, fy_plan_steps(b->plan) == 1 ? "first_result" : "second_result", sum / (double)f->n);
    return FY_OK;
}

/* The variance that a convolution's results have over rectified inputs of deviation 1. */
static fy_status settle_norm(fy_param *conv, fy_param *variance)
{
    const fy_shape *s = fy_param_shape(conv);
    const int64_t n = fy_shape_numel(s), row = n / s->d[0];
    float *w = malloc((size_t)n * sizeof *w), *v = calloc((size_t)s->d[0], sizeof *v);
    fy_status st = w && v ? fy_param_read(conv, w, n) : fy_error(FY_ENOMEM, "no memory for weights");
    for (int64_t i = 0; st == FY_OK && i < n; i++)
        v[i / row] += 0.5f * w[i] * w[i];
    if (st == FY_OK)
        st = fy_param_write(variance, v, s->d[0]);
    free(w);
    free(v);
    return st;
}

/* Running statistics about as a trained network has them, so that no activation dies or grows. */
static fy_status settle(fy_model *net)
{
    static const char suffix[] = ".running_var";
    fy_param *conv = NULL;
    for (int i = 0; i < fy_model_count(net); i++) {
        const char *name = fy_model_param_name(net, i), *dot = strrchr(name, '.');
        fy_param *p = fy_model_param(net, i);
        if (fy_param_shape(p)->rank == 4)
            conv = p;
        else if (conv && dot && strcmp(dot, suffix) == 0) {
            const fy_status st = settle_norm(conv, p);
            if (st != FY_OK)
                return st;
        }
    }
    return FY_OK;
}

static fy_status open_net(const char *name, fy_model **net, fy_model_opts *o)
{
    const bool is_resnet = strcmp(name, "resnet18-features") == 0;
    const char *family = is_resnet ? "resnet18" : "mobilenet_v2";
    fy_status st;
    FY_TRY(fy_model_family_defaults(family, o));
    if (is_resnet)
        o->n_classes = 0;
    FY_TRY(fy_model_open(family, "net", o, net));
    FY_TRY(settle(*net));
done:
    return st;
}

fy_status begin_infer(bench *b)
{
    static infer f;
    fy_graph *g = b->g;
    fy_model_opts o;
    fy_model *net;
    fy_status st;
    b->state = &f;
    b->step_images = b->batch ? b->batch : 32;
    b->step = step;
    b->result = put_mean;
    FY_TRY(open_net(b->workload, &net, &o));
    const fy_shape shape = fy_shape_batch(b->step_images, &o.input);
    const float *images = bench_noise(fy_shape_numel(&shape));
    const fy_node x = fy_input(g, "x", FY_F32, shape);
    f.y = fy_model_apply(g, net, x, FY_EVAL);
    f.n = b->step_images * fy_shape_numel(fy_model_output(net));
    f.values = malloc((size_t)f.n * sizeof *f.values);
    if (!f.values)
        FY_TRY(fy_error(FY_ENOMEM, "no memory for results"));
    const fy_plan_opts plan = { .outputs = &f.y, .n_outputs = 1 };
    FY_TRY(bench_share(b, net, shape, images));
    FY_TRY(bench_plan(b, &plan));
    FY_TRY(fy_plan_feed(b->plan, x, images));
done:
    return st;
}
