/* Guards what the model families compute, and how they learn, against PyTorch: tests/golden/make_models.py made the
 * numbers. Weights, inputs and labels are functions of names and positions, the same here and there.
 * timeout: 120 */
#include "support/numbers.h"
#include "support/support.h"

#include <ferry/ferry.h>

#include <math.h>
#include <string.h>

enum { CLASSES = 10, BATCH = 8, STEPS = 10, SHOWN = 2 };

static float *pictures(const char *name, const fy_shape *input, int64_t n)
{
    return fyt_numbers(name, n * fy_shape_numel(input));
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* The results of the first two pictures in evaluation mode. */
static void evaluate(fy_device *dev, fy_model *m, float y[SHOWN * CLASSES])
{
    const fy_shape *input = &fy_model_options(m)->input;
    float *x = pictures("x", input, SHOWN);
    fy_graph *g;
    fy_plan *plan;
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, fy_shape_batch(SHOWN, input));
    const fy_node out = fy_model_apply(g, m, in, FY_EVAL);
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, y, SHOWN * CLASSES));
    fy_plan_free(plan);
    fy_graph_free(g);
    fyi_free(x);
}

static double largest(const double *v, int n)
{
    double found = 0;
    for (int i = 0; i < n; i++)
        found = fmax(found, fabs(v[i]));
    return found;
}

static void check_results(const char *family, const float *y, const double *expected, double atol)
{
    for (int i = 0; i < SHOWN * CLASSES; i++)
        if (!(fabs(y[i] - expected[i]) <= atol))
            fail_msg("%s: result %d is %.9g instead of %.9g, further off than %.2g", family, i,
                     (double)y[i], expected[i], atol);
}

static const struct forward_case {
    const char *family, *pool;
    double width;
    int64_t hidden;
    fy_shape input;
    double y[SHOWN * CLASSES];
} forward[] = {
#include "golden/models.inc"
};

static fy_model *open_filled(const char *family, fy_model_opts o)
{
    fy_model *m;
    o.n_classes = CLASSES;
    check_ok(fy_model_open(family, "m", &o, &m));
    fyt_fill_model(m);
    return m;
}

static void results_are_those_of_pytorch(void **state)
{
    const struct forward_case *c = *state;
    float y[SHOWN * CLASSES];
    fy_device *dev;
    check_ok(fy_device_open("cpu", &dev));
    fy_model *m = open_filled(c->family, (fy_model_opts){ .input = c->input,
                                                          .hidden = c->hidden,
                                                          .width = (float)c->width,
                                                          .pool = c->pool });
    evaluate(dev, m, y);
    check_results(c->family, y, c->y, 1e-4 * largest(c->y, SHOWN * CLASSES));
    fy_model_free(m);
    fy_device_close(dev);
}

/* ---- training -------------------------------------------------------------------------------- */

static const struct training_case {
    const char *family;
    fy_shape input;
    float lr;
    double losses[STEPS];             /* in float64 */
    double off[STEPS];                /* how far PyTorch's float32 was off until then */
    double y[SHOWN * CLASSES], off_y; /* in evaluation mode afterwards */
} training[] = {
#include "golden/model_training.inc"
};

/* As exact as PyTorch's own float32: a network multiplies the rounding errors of one step by those of the next. */
#define SLACK 8
#define LEAST 1e-5

static void take_step(fy_plan *plan, fy_node x, fy_node y, const fy_shape *input, int step)
{
    char name[16];
    int32_t labels[BATCH];
    (void)snprintf(name, sizeof name, "x%d", step);
    float *v = pictures(name, input, BATCH);
    for (int i = 0; i < BATCH; i++)
        labels[i] = i * (step + 3) % CLASSES;
    check_ok(fy_plan_feed(plan, x, v));
    check_ok(fy_plan_feed(plan, y, labels));
    check_ok(fy_plan_step(plan));
    fyi_free(v);
}

static void train(fy_device *dev, fy_model *m, const struct training_case *c)
{
    const fy_optim sgd = fy_sgd(c->lr, 0.9f, 5e-4f);
    fy_graph *g;
    fy_plan *plan;
    check_ok(fy_graph_new(&g));
    const fy_node x = fy_input(g, "x", FY_F32, fy_shape_batch(BATCH, &c->input));
    const fy_node y = fy_input(g, "y", FY_I32, FY_SHAPE(BATCH));
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, fy_model_apply(g, m, x, FY_TRAIN), y));
    fy_objective_moves_model(g, fy_objective_add(g, "o", loss, &sgd), m, "*", NULL);
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    for (int step = 0; step < STEPS; step++) {
        const double slack = SLACK * c->off[step] + LEAST * c->losses[step];
        float found;
        take_step(plan, x, y, &c->input, step);
        check_ok(fy_plan_read(plan, loss, &found, 1));
        if (!(fabs(found - c->losses[step]) <= slack))
            fail_msg("%s: the loss of step %d is %.9g instead of %.9g, further off than %.2g",
                     c->family, step, (double)found, c->losses[step], slack);
    }
    fy_plan_free(plan);
    fy_graph_free(g);
}

static void losses_are_those_of_pytorch(void **state)
{
    const struct training_case *c = *state;
    float y[SHOWN * CLASSES];
    fy_device *dev;
    check_ok(fy_device_open("cpu", &dev));
    fy_model *m = open_filled(c->family, (fy_model_opts){ .input = c->input });
    train(dev, m, c);
    evaluate(dev, m, y);
    check_results(c->family, y, c->y, SLACK * c->off_y + LEAST * largest(c->y, SHOWN * CLASSES));
    fy_model_free(m);
    fy_device_close(dev);
}

int main(void)
{
    struct CMUnitTest tests[LEN(forward) + LEN(training)];
    for (size_t i = 0; i < LEN(forward); i++)
        tests[i] = (struct CMUnitTest){ forward[i].family, results_are_those_of_pytorch, NULL, NULL,
                                        (void *)(uintptr_t)&forward[i] };
    for (size_t i = 0; i < LEN(training); i++)
        tests[LEN(forward) + i] =
            (struct CMUnitTest){ training[i].family, losses_are_those_of_pytorch, NULL, NULL,
                                 (void *)(uintptr_t)&training[i] };
    return cmocka_run_group_tests_name("model golden", tests, NULL, NULL);
}
