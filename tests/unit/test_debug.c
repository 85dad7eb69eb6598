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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_level_shows_its_part),
        cmocka_unit_test(the_last_level_finds_values_that_are_not_finite),
    };
    return cmocka_run_group_tests_name("debug", tests, NULL, NULL);
}
