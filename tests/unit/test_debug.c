/* Guards the dial FY_DEBUG: what each level shows, that the lower ones show nothing of it, and that the search for
 * values that are not finite sees every type and layout. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <math.h>
#include <string.h>

enum { N = 4, F = 3 };

static void take_line(void *arg, fy_log_level level, const char *line)
{
    fyi_buf *b = arg;
    assert_int_equal(level, FY_LOG_DEBUG);
    fyi_buf_printf(b, "%s\n", line);
}

/* y = relu(log(x) w'), w of ones, stepped with x of this value; what the dial at `level` shows goes to `shown`. */
static fy_status step_with(const char *device, int level, float value, fyi_buf *shown)
{
    fy_device *dev;
    fy_param *w;
    fy_graph *g;
    fy_plan *plan;
    float x[N * F], ones[F * F], y[N * F];
    for (int i = 0; i < N * F; i++)
        x[i] = value;
    for (int i = 0; i < F * F; i++)
        ones[i] = 1;
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_param_new("weight", FY_SHAPE(F, F), &w));
    check_ok(fy_param_write(w, ones, F * F));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "pixels", FY_F32, FY_SHAPE(N, F));
    const fy_node out = fy_relu(g, fy_linear(g, fy_log(g, in), fy_use(g, w)));
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    fyi_debug_set(level);
    fy_log_set(take_line, shown);
    check_ok(fy_plan_new(g, dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    fy_status st = fy_plan_step(plan);
    if (st == FY_OK)
        st = fy_plan_read(plan, out, y, N * F);
    fy_plan_free(plan);
    fy_log_set(NULL, NULL);
    fyi_debug_set(0);
    fy_graph_free(g);
    fy_param_free(w);
    fy_device_close(dev);
    return st;
}

static const struct level_row {
    const char *shows; /* from this level on */
    int level;
} rows[] = {
    { "plan, as compiled:\n", 1 },
    { "linear", 1 },
    { "kernels, ", 1 },
    { "plan, mean times of 1 steps:\n", 2 },
    { " ms f32[4, 3]:ab", 2 },
    { "graph after sequence: ", 3 },
    { "graph after fold: ", 3 },
    { "graph after fuse: ", 3 },
    { "graph after order: ", 3 },
    { "input 'pixels' -> f32[4, 3]\n", 3 },
    { "use 'weight' -> f32[3, 3]\n", 3 },
};

static void each_level_shows_its_part(void **state)
{
    (void)state;
    for (int level = 0; level <= 4; level++) {
        fyi_buf shown = { 0 };
        check_ok(step_with("cpu", level, 2, &shown));
        if (level == 0)
            assert_int_equal(shown.len, 0);
        for (size_t i = 0; level > 0 && i < LEN(rows); i++) {
            const bool is_there = strstr(shown.p, rows[i].shows) != NULL;
            if (is_there != (level >= rows[i].level))
                fail_msg("level %d: '%s' in:\n%s", level, rows[i].shows, shown.p);
        }
        fyi_buf_release(&shown);
    }
}

static void the_last_level_finds_values_that_are_not_finite(void **state)
{
    static const char *const devices[] = { "cpu", "ref" };
    (void)state;
    for (size_t i = 0; i < LEN(devices); i++) {
        fyi_buf shown = { 0 };
        check_ok(step_with(devices[i], 4, 1, &shown));
        check_ok(step_with(devices[i], 3, 0, &shown));
        check_status(step_with(devices[i], 4, 0, &shown), FY_ENAN);
        check_sentence("step 0: 'log.");
        check_sentence("' (log, kernel ");
        check_sentence("computed -inf");
        check_status(step_with(devices[i], 4, -1, &shown), FY_ENAN);
        check_sentence("nan");
        fyi_buf_release(&shown);
    }
}

/* With the dial at 0. */
static void a_plan_that_is_asked_to_is_measured(void **state)
{
    fy_device *dev;
    fy_param *w;
    fy_graph *g;
    fy_plan *plan;
    const float x[N * F] = { 1 };
    bool seen = false;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_param_new("weight", FY_SHAPE(F, F), &w));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "pixels", FY_F32, FY_SHAPE(N, F));
    const fy_node out = fy_linear(g, in, fy_use(g, w));
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    for (int measured = 0; measured < 2; measured++) {
        if (measured)
            fy_plan_measure(plan);
        for (int i = 0; i < 3; i++)
            check_ok(fy_plan_step(plan));
        for (int i = 0; i < fy_plan_launch_count(plan); i++) {
            const fy_launch_time t = fy_plan_launch(plan, i);
            if (strcmp(t.op, "linear") != 0)
                continue;
            seen = true;
            assert_true(measured ? t.seconds > 0 : t.seconds == 0);
            assert_non_null(t.param);
            assert_string_equal(t.param, "weight");
            assert_true(t.src.d[0] == N && t.src.d[1] == F && t.dst.rank == 2);
            assert_non_null(strstr(t.node, "linear."));
            assert_true(t.kernel[0] != '\0');
        }
    }
    assert_true(seen);
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_param_free(w);
    fy_device_close(dev);
}

/* Who gives a parameter's gradient is named by it, reordered or not; the update of all by none. */
static void gradients_are_named_by_their_parameters(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    int gradients = 0;
    fy_device *dev;
    fy_param *w[2];
    fy_graph *g;
    fy_plan *plan;
    (void)state;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_param_new("first", FY_SHAPE(18, 18, 3, 3), &w[0]));
    check_ok(fy_param_new("second", FY_SHAPE(33, 18, 3, 3), &w[1]));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "pixels", FY_F32, FY_SHAPE(2, 18, 8, 8));
    const fy_node mid = fy_relu(g, fy_conv2d(g, in, fy_use(g, w[0]), NULL));
    const fy_node out = fy_mean_all(g, fy_square(g, fy_conv2d(g, mid, fy_use(g, w[1]), NULL)));
    const fy_objective fit = fy_objective_add(g, "fit", out, &sgd);
    fy_objective_moves(g, fit, w[0], NULL);
    fy_objective_moves(g, fit, w[1], NULL);
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    for (int i = 0; i < fy_plan_launch_count(plan); i++) {
        const fy_launch_time t = fy_plan_launch(plan, i);
        if (strcmp(t.op, "sgd") == 0)
            assert_null(t.param);
        if (strcmp(t.op, "conv2d_bwd_weights") != 0)
            continue;
        assert_non_null(t.param);
        assert_string_equal(t.param, t.dst.d[0] == 33 ? "second" : "first");
        gradients++;
    }
    assert_int_equal(gradients, 2);
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_param_free(w[1]);
    fy_param_free(w[0]);
    fy_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_that_is_asked_to_is_measured),
        cmocka_unit_test(gradients_are_named_by_their_parameters),
        cmocka_unit_test(each_level_shows_its_part),
        cmocka_unit_test(the_last_level_finds_values_that_are_not_finite),
    };
    return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
