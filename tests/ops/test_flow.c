/* test_flow.c: the operators that change gradients and no values: detach and grad_reverse. */
#include "support/op_eval.h"

#include <string.h>

static const float six[] = { 1, -2, 3, -4, 5, -6 };
static const double same[] = { 1, -2, 3, -4, 5, -6 };

/* d sum(f(x)) / dx */
static fyi_id gradient(op_test *t, fy_node y, fy_node x)
{
    fyi_id diff;
    check_ok(fyi_backward(t->g, fy_sum_all(t->g, y).id, &x.id, 1, &diff));
    return diff;
}

static void detach_stops_the_gradient_only(void **state)
{
    (void)state;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_param_of(&t, FY_SHAPE(2, 3), six), y = fy_detach(t.g, x);
    op_eval_is(&t, y, same, 6);
    assert_int_equal(gradient(&t, y, x), 0);
    /* x * detach(x): as if the other factor were a constant */
    op_eval_is(&t, (fy_node){ gradient(&t, fy_mul(t.g, x, y), x) }, same, 6);
    op_eval_end(&t);
}

static void detach_takes_labels_too(void **state)
{
    (void)state;
    static const int32_t labels[] = { 2, 0, 1 };
    static const double expected[] = { 2, 0, 1 };
    op_test t;
    op_eval_begin(&t);
    op_eval_is(&t, fy_detach(t.g, op_ints(&t, 3, labels)), expected, 3);
    op_eval_end(&t);
}

static void grad_reverse_turns_the_gradient(void **state)
{
    (void)state;
    static const float minus_half = -0.5f;
    static const double expected[] = { -2, -2, -2, -2, -2, -2 };
    static const double again[] = { 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 };
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_param_of(&t, FY_SHAPE(2, 3), six);
    const fy_node two = fy_fill(t.g, FY_SCALAR, 2), c = op_floats(&t, FY_SCALAR, &minus_half);
    op_eval_is(&t, fy_grad_reverse(t.g, x, two), same, 6);
    op_eval_is(&t, (fy_node){ gradient(&t, fy_grad_reverse(t.g, x, two), x) }, expected, 6);
    op_eval_is(&t, (fy_node){ gradient(&t, fy_grad_reverse(t.g, x, c), x) }, again, 6);
    op_eval_end(&t);
}

static void the_coefficient_gets_no_gradient(void **state)
{
    (void)state;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_param_of(&t, FY_SHAPE(2, 3), six), c = op_param(&t, FY_SCALAR, 0, 1);
    assert_int_equal(gradient(&t, fy_grad_reverse(t.g, x, c), c), 0);
    op_eval_end(&t);
}

/* As DANN's schedule does: a run-time scalar, set between steps of one plan. */
static void the_coefficient_may_change_between_steps(void **state)
{
    (void)state;
    fy_device *dev;
    fy_plan *plan;
    op_test t;
    op_eval_begin(&t);
    const fy_node x = op_param_of(&t, FY_SHAPE(2, 3), six);
    const fy_node c = fy_input(t.g, "lambda", FY_F32, FY_SCALAR);
    const fy_node diff = { gradient(&t, fy_grad_reverse(t.g, x, c), x) };
    fy_plan_opts o = fy_plan_defaults();
    o.outputs = &diff;
    o.n_outputs = 1;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_plan_new(t.g, dev, &o, &plan));
    for (int i = 0; i < 3; i++) {
        double v[6];
        check_ok(fy_plan_set(plan, "lambda", (float)i));
        check_ok(fy_plan_step(plan));
        check_ok(fyi_plan_read_f64(plan, diff, v, 6));
        for (int k = 0; k < 6; k++)
            assert_true(v[k] == -i);
    }
    fy_plan_free(plan);
    fy_device_close(dev);
    op_eval_end(&t);
}

static fy_node wide_coefficient(op_test *t, const void *row)
{
    (void)row;
    const fy_node x = op_param(t, FY_SHAPE(2, 3), 0, 1);
    return fy_grad_reverse(t->g, x, x);
}

static fy_node of_labels(op_test *t, const void *row)
{
    (void)row;
    return fy_grad_reverse(t->g, op_labels(t, 3, 2), op_param(t, FY_SCALAR, 0, 1));
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    op_check_mistake(wide_coefficient, NULL, FY_ESHAPE,
                     "grad_reverse.2: the coefficient must be f32, not f32[2, 3]");
    op_check_mistake(of_labels, NULL, FY_EDTYPE,
                     "grad_reverse.3: src must be floats of any shape, not i32[3]");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(detach_stops_the_gradient_only),
        cmocka_unit_test(detach_takes_labels_too),
        cmocka_unit_test(grad_reverse_turns_the_gradient),
        cmocka_unit_test(the_coefficient_gets_no_gradient),
        cmocka_unit_test(the_coefficient_may_change_between_steps),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
