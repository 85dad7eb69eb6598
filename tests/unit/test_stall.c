/* Guards that a stage says when its steps wait for data, and how much of the time. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <string.h>
#include <unistd.h>

#define F 4
#define BATCH 2
#define STEPS 6

static fy_dataset *zeros(void)
{
    fy_tensor *x;
    fy_dataset *d;

    check_ok(fy_tensor_new(FY_F32, FY_SHAPE(8, F), &x));
    check_ok(fy_dataset_from_tensors("zeros", x, NULL, 0, &d));
    fy_tensor_free(x);
    return d;
}

static fy_status dawdle(void *arg, float *x, const fy_shape *s, fy_rng *r)
{
    (void)x;
    (void)s;
    (void)r;
    usleep(*(useconds_t *)arg);
    return FY_OK;
}

static void note(void *arg, fy_log_level level, const char *line)
{
    if (level == FY_LOG_WARN && strstr(line, "waiting for data") != NULL)
        (void)snprintf(arg, 256, "%s", line);
}

/* The warning of a stage whose samples take so long; "" if there is none. */
static void run(useconds_t us, char warning[256])
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    const fy_model_opts m = { .input = FY_SHAPE(F), .n_classes = 2 };
    const fy_run_opts ro = { 0 };
    fy_loader_opts lo = fy_loader_defaults();
    fy_dataset *data = zeros();
    fy_device *dev;
    fy_model *net;
    fy_graph *g;
    fy_run *r;
    fy_stage s;

    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_model_open("linear", "net", &m, &net));
    check_ok(fy_run_open(&ro, &r));
    check_ok(fy_graph_new(&g));
    s = fy_stage_defaults("slow", g);
    s.streams[0].x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, F));
    fy_objective_moves_model(
        g,
        fy_objective_add(
            g, "task",
            fy_mean_all(g, fy_square(g, fy_model_apply(g, net, s.streams[0].x, FY_TRAIN))), &sgd),
        net, "*", NULL);
    lo.batch = BATCH;
    lo.with_labels = false;
    lo.transform = dawdle;
    lo.transform_arg = &us;
    check_ok(fy_loader_open(data, &lo, &s.streams[0].loader));
    s.n_streams = 1;
    s.steps = STEPS;
    fy_log_set(note, warning);
    check_ok(fy_stage_run(r, dev, &s));
    fy_log_set(NULL, NULL);
    fy_loader_close(s.streams[0].loader);
    fy_graph_free(g);
    fy_run_close(r);
    fy_model_free(net);
    fy_dataset_free(data);
    fy_device_close(dev);
}

static void a_stage_says_that_it_waits(void **state)
{
    char warning[256] = "";

    (void)state;
    run(120000, warning);
    check_contains(warning, "stage 'slow': ");
    check_contains(warning, "% of the time was spent waiting for data");
}

static void a_stage_that_does_not_wait_is_silent(void **state)
{
    char warning[256] = "";

    (void)state;
    run(0, warning);
    assert_string_equal(warning, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_stage_says_that_it_waits),
                                        cmocka_unit_test(a_stage_that_does_not_wait_is_silent) };

    return cmocka_run_group_tests_name("stall", tests, NULL, NULL);
}
