/* test_normal.c: normal numbers: mean and deviation, the same on all devices, others in every step, node and seed. */
#include "support/op_eval.h"

#include <math.h>
#include <string.h>

#define N 5000

static void are_normal(void **state)
{
    (void)state;
    double v[N], mean = 0, square = 0, beyond = 0;
    op_test t;
    op_eval_begin(&t);
    op_eval_step(&t, "cpu", fy_normal(t.g, FY_SHAPE(N)), 3, v, N);
    for (int i = 0; i < N; i++) {
        mean += v[i] / N;
        square += v[i] * v[i] / N;
        beyond += fabs(v[i]) > 1.959964;
    }
    /* Within five deviations of what N independent ones come to. */
    assert_true(fabs(mean) < 5 / sqrt(N));
    assert_true(fabs(square - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(beyond / N - 0.05) < 5 * sqrt(0.05 * 0.95 / N));
    op_eval_end(&t);
}

static void differ_by_step_and_node_and_not_by_device(void **state)
{
    (void)state;
    double a[N], b[N];
    op_test t;
    op_eval_begin(&t);
    const fy_node x = fy_normal(t.g, FY_SHAPE(N)), y = fy_normal(t.g, FY_SHAPE(N));
    op_eval_step(&t, "ref", x, 1, a, N);
    op_eval_step(&t, "cpu", x, 1, b, N);
    assert_memory_equal(a, b, sizeof a);
    op_eval_step(&t, "cpu", x, 2, b, N);
    assert_memory_not_equal(a, b, sizeof a);
    op_eval_step(&t, "cpu", y, 1, b, N);
    assert_memory_not_equal(a, b, sizeof a);
    op_eval_end(&t);
}

static void no_gradient_passes(void **state)
{
    (void)state;
    op_test t;
    op_eval_begin(&t);
    fy_node diff;
    const fy_node w = op_param(&t, FY_SHAPE(N), 0, 1);
    const fy_node n = fy_normal(t.g, FY_SHAPE(N));
    fy_gradient(t.g, fy_sum_all(t.g, fy_mul(t.g, w, n)), &w, 1, &diff);
    check_ok(fy_graph_status(t.g));
    assert_false(fy_node_is_frozen(t.g, n));
    double a[N], b[N];
    op_eval_step(&t, "cpu", diff, 1, a, N);
    op_eval_step(&t, "cpu", n, 1, b, N);
    assert_memory_equal(a, b, sizeof a);
    op_eval_end(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(are_normal),
        cmocka_unit_test(differ_by_step_and_node_and_not_by_device),
        cmocka_unit_test(no_gradient_passes),
    };
    return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
