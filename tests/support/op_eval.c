/* op_eval.c: one value of a graph after one step. */
#include "support/op_eval.h"

void op_eval_begin(op_test *t)
{
    *t = (op_test){ .seed = 20 };
    check_ok(fy_graph_new(&t->g));
}

void op_eval_end(op_test *t)
{
    op_test_end(t);
}

void op_eval_step(const op_test *t, const char *device, fy_node x, uint64_t step, double *v,
                  int64_t n)
{
    fy_device *dev;
    fy_plan *plan;
    fy_plan_opts o = fy_plan_defaults();
    o.outputs = &x;
    o.n_outputs = 1;
    o.seed = t->seed;
    check_ok(fy_graph_status(t->g));
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_plan_new(t->g, dev, &o, &plan));
    fy_plan_set_steps(plan, step);
    check_ok(fy_plan_step(plan));
    check_ok(fyi_plan_read_f64(plan, x, v, n));
    fy_plan_free(plan);
    fy_device_close(dev);
}

void op_eval_is(const op_test *t, fy_node x, const double *expected, int64_t n)
{
    static const char *const devices[] = { "ref", "cpu" };
    for (size_t i = 0; i < LEN(devices); i++) {
        double *v = fyi_calloc((size_t)n + 1, sizeof *v);
        assert_non_null(v);
        op_eval_step(t, devices[i], x, 0, v, n);
        check_close_f64(v, expected, n, 1e-6, 1e-6);
        fyi_free(v);
    }
}

fy_node op_ints(op_test *t, int64_t n, const int32_t *v)
{
    return fy_constant(t->g, FY_I32, FY_SHAPE(n), v);
}

fy_node op_floats(op_test *t, fy_shape s, const float *v)
{
    return fy_constant(t->g, FY_F32, s, v);
}
