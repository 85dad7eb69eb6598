/* op_check.c: one row of an operator's table, built as a graph and held against the reference
 * device and against finite differences.
 *
 * What is differentiated is L = sum_i w_i y_i for fixed random weights w, so that every destination
 * element takes part with a factor of its own. Central differences err by h^2 / 6 times the third
 * derivative: with h = 1/4096 that is 1e-8 of it. */
#include "support/op_check.h"

#include <math.h>
#include <string.h>

#define STEP (1.0 / 4096)
#define DIFFERENCE_RTOL 2e-5

/* ---- building
 * -------------------------------------------------------------------------------------- */

static void must(fy_status st, const char *what)
{
    if (st != FY_OK)
        fail_msg("%s: %s: %s", what, fy_status_name(st), fy_last_error());
}

static float *new_floats(int64_t n)
{
    float *v = fyi_calloc((size_t)FYI_MAX(n, 1), sizeof *v);
    assert_non_null(v);
    return v;
}

static double *new_doubles(int64_t n)
{
    double *v = fyi_calloc((size_t)FYI_MAX(n, 1), sizeof *v);
    assert_non_null(v);
    return v;
}

/* A stream of its own for each thing drawn in a test. */
static fy_rng stream_of(const op_test *t, uint64_t which)
{
    const fy_rng whole = fy_rng_named(t->seed, "op_check");
    return fy_rng_child(&whole, which);
}

/* A multiple of 1/1024 strictly between lo and hi. */
static float grid_value(fy_rng *r, float lo, float hi)
{
    const double first = floor((double)lo * 1024) + 1, last = ceil((double)hi * 1024) - 1;
    return (float)((first + (double)fy_rng_below(r, (uint64_t)(last - first) + 1)) / 1024);
}

fy_node op_param_of(op_test *t, fy_shape s, const float *values)
{
    char name[16];
    assert_true((size_t)t->n_params < FYI_LEN(t->params));
    snprintf(name, sizeof name, "p%d", t->n_params);
    fy_param *p;
    must(fy_param_new(name, s, &p), "a test's parameter");
    t->params[t->n_params++] = p;
    must(fy_param_write(p, values, fy_shape_numel(&s)), "a test's parameter");
    return fy_use(t->g, p);
}

fy_node op_param(op_test *t, fy_shape s, float lo, float hi)
{
    const int64_t n = fy_shape_numel(&s);
    float *v = new_floats(n);
    fy_rng r = stream_of(t, (uint64_t)t->n_params);
    for (int64_t i = 0; i < n; i++)
        v[i] = grid_value(&r, lo, hi);
    const fy_node x = op_param_of(t, s, v);
    fyi_free(v);
    return x;
}

fy_node op_param_apart(op_test *t, fy_shape s, float kink)
{
    const int64_t n = fy_shape_numel(&s);
    float *v = new_floats(n);
    int64_t *order = fyi_calloc((size_t)FYI_MAX(n, 1), sizeof *order);
    assert_non_null(order);
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    fy_rng r = stream_of(t, (uint64_t)t->n_params);
    fy_rng_shuffle(&r, order, (size_t)n);
    /* kink + 1/64, kink - 1/64, kink + 2/64, ... in a random order */
    for (int64_t i = 0; i < n; i++) {
        const int64_t steps = order[i] / 2 + 1;
        v[i] = kink + (float)(order[i] % 2 ? -steps : steps) / 64;
    }
    const fy_node x = op_param_of(t, s, v);
    fyi_free(order);
    fyi_free(v);
    return x;
}

static void lend_param(op_test *t, fy_param *p)
{
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    float *v = new_floats(n);
    must(fy_param_read(p, v, n), "a model's parameter");
    for (int64_t i = 0; i < n; i++)
        v[i] = roundf(v[i] * 1024) / 1024;
    must(fy_param_write(p, v, n), "a model's parameter");
    fyi_free(v);
    assert_true((size_t)t->n_params < FYI_LEN(t->params));
    t->is_lent[t->n_params] = true;
    t->params[t->n_params++] = p;
}

void op_lend_model(op_test *t, fy_model *m)
{
    for (int i = 0; i < fy_model_count(m); i++)
        lend_param(t, fy_model_param(m, i));
}

fy_node op_labels(op_test *t, int64_t n, int64_t k)
{
    int32_t *labels = fyi_calloc((size_t)FYI_MAX(n, 1), sizeof *labels);
    assert_non_null(labels);
    fy_rng r = stream_of(t, 1000);
    for (int64_t i = 0; i < n; i++)
        labels[i] = (int32_t)fy_rng_below(&r, (uint64_t)k);
    const fy_node x = fy_constant(t->g, FY_I32, FY_SHAPE(n), labels);
    fyi_free(labels);
    return x;
}

static fy_node begin(op_test *t, op_build build, const void *row)
{
    *t = (op_test){ .seed = 20 };
    must(fy_graph_new(&t->g), "a test's graph");
    const fy_node x = build(t, row);
    must(fy_graph_status(t->g), "building the row");
    assert_true(x.id > 0);
    return x;
}

void op_test_end(op_test *t)
{
    fy_graph_free(t->g);
    for (int i = 0; i < t->n_params; i++)
        if (!t->is_lent[i])
            fy_param_free(t->params[i]);
    if (t->on_end)
        t->on_end(t->arg);
}

/* ---- running
 * ----------------------------------------------------------------------------------------- */

typedef struct op_run {
    fy_device *dev;
    fy_plan *plan;
} op_run;

static op_run compile(op_test *t, const char *device, const fy_node *outputs, int n)
{
    op_run r = { 0 };
    fy_plan_opts o = fy_plan_defaults();
    o.outputs = outputs;
    o.n_outputs = n;
    o.seed = t->seed;
    const bool narrow = strcmp(device, OP_CPU_BF16) == 0;
    must(fy_device_open(narrow ? "cpu" : device, &r.dev), device);
    if (narrow)
        must(fy_device_set_precision(r.dev, FY_BF16), device);
    must(fy_plan_new(t->g, r.dev, &o, &r.plan), device);
    return r;
}

static void release(op_run *r)
{
    fy_plan_free(r->plan);
    fy_device_close(r->dev);
}

static double *read_new(const op_test *t, const op_run *r, fy_node x, int64_t *n)
{
    const fy_shape s = fy_node_shape(t->g, x);
    *n = fy_shape_numel(&s);
    double *v = new_doubles(*n);
    must(fyi_plan_read_f64(r->plan, x, v, *n), "reading a test's value");
    return v;
}

/* |a - b| <= rtol * (max |b| + |b|): a value that cancels out is not asked to be better than the
 * largest. */
static void compare(const op_test *t, const char *what, const double *a, const double *b, int64_t n,
                    double rtol)
{
    double largest = 0, worst = 0;
    int64_t at = -1;
    for (int64_t i = 0; i < n; i++)
        largest = FYI_MAX(largest, fabs(b[i]));
    for (int64_t i = 0; i < n; i++) {
        const double over = fabs(a[i] - b[i]) - rtol * (largest + fabs(b[i]));
        if ((over > worst || !isfinite(a[i]) || !isfinite(b[i])) && !(a[i] == b[i])) {
            worst = over;
            at = i;
        }
    }
    if (at >= 0)
        fail_msg("%s: element %lld of %lld is %.9g and should be %.9g (largest %.3g, rtol %.1g, "
                 "seed %llu)",
                 what, (long long)at, (long long)n, a[at], b[at], largest, rtol,
                 (unsigned long long)t->seed);
}

/* All outputs of a fresh plan after one step, one array each. */
static void evaluate(op_test *t, const char *device, const fy_node *outputs, int n, double **values)
{
    op_run r = compile(t, device, outputs, n);
    must(fy_plan_step(r.plan), device);
    for (int i = 0; i < n; i++) {
        int64_t numel;
        values[i] = read_new(t, &r, outputs[i], &numel);
    }
    release(&r);
}

static void compare_devices(op_test *t, const char *device, const fy_node *outputs, int n,
                            double rtol)
{
    double *actual[FYI_LEN(t->params)], *expected[FYI_LEN(t->params)];
    evaluate(t, device, outputs, n, actual);
    evaluate(t, "ref", outputs, n, expected);
    for (int i = 0; i < n; i++) {
        const fy_shape s = fy_node_shape(t->g, outputs[i]);
        char what[64];
        snprintf(what, sizeof what, "output %d on %s", i, device);
        compare(t, what, actual[i], expected[i], fy_shape_numel(&s), rtol);
        fyi_free(actual[i]);
        fyi_free(expected[i]);
    }
}

void op_check_forward(op_build build, const void *row, const char *device, double rtol)
{
    op_test t;
    const fy_node x = begin(&t, build, row);
    compare_devices(&t, device, &x, 1, rtol);
    op_test_end(&t);
}

/* ---- gradients
 * ----------------------------------------------------------------------------------------- */

/* The factor of each element in the scalar that is differentiated: multiples of 1/1024 in (-1, 1).
 */
static float *new_factors(const op_test *t, int64_t n)
{
    float *w = new_floats(n);
    fy_rng r = stream_of(t, 2000);
    for (int64_t i = 0; i < n; i++)
        w[i] = grid_value(&r, -1, 1);
    return w;
}

/* diff[i]: the gradient of L with respect to parameter i, 0 where L does not depend on it. */
static void add_gradients(op_test *t, fy_node x, fyi_id *diff)
{
    const fy_shape s = fy_node_shape(t->g, x);
    float *w = new_factors(t, fy_shape_numel(&s));
    const fy_node factors = fy_constant(t->g, FY_F32, s, w);
    fyi_free(w);
    const fy_node loss = fy_sum_all(t->g, fy_mul(t->g, x, factors));
    must(fy_graph_status(t->g), "the scalar to differentiate");
    fyi_id wrt[FYI_LEN(t->params)];
    for (int i = 0; i < t->n_params; i++)
        wrt[i] = fy_use(t->g, t->params[i]).id;
    must(fyi_backward(t->g, loss.id, wrt, t->n_params, diff), "the gradient pass");
}

static int gradient_outputs(const op_test *t, const fyi_id *diff, fy_node *outputs)
{
    int n = 0;
    for (int i = 0; i < t->n_params; i++)
        if (diff[i])
            outputs[n++] = fyi_n(diff[i]);
    return n;
}

/* L for the parameters as they are now. */
static double scalar_now(const op_test *t, const op_run *r, fy_node x, const float *w)
{
    int64_t n;
    must(fy_plan_step(r->plan), "a step");
    double *y = read_new(t, r, x, &n), sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)w[i] * y[i];
    fyi_free(y);
    return sum;
}

static void central_differences(const op_test *t, const op_run *r, fy_node x, const float *w,
                                fy_param *p, double *slope)
{
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    float *v = new_floats(n);
    must(fy_param_read(p, v, n), "a parameter");
    for (int64_t i = 0; i < n; i++) {
        const float was = v[i];
        double side[2];
        for (int k = 0; k < 2; k++) {
            v[i] = was + (float)(k ? STEP : -STEP);
            must(fy_param_write(p, v, n), "a parameter");
            side[k] = scalar_now(t, r, x, w);
        }
        slope[i] = (side[1] - side[0]) / (2 * STEP);
        v[i] = was;
    }
    must(fy_param_write(p, v, n), "a parameter");
    fyi_free(v);
}

void op_check_gradient(op_build build, const void *row)
{
    op_test t;
    const fy_node x = begin(&t, build, row);
    const fy_shape s = fy_node_shape(t.g, x);
    float *w = new_factors(&t, fy_shape_numel(&s));
    op_run forward = compile(&t, "ref", &x, 1);

    fyi_id diff[FYI_LEN(t.params)];
    fy_node outputs[FYI_LEN(t.params)];
    double *values[FYI_LEN(t.params)];
    add_gradients(&t, x, diff);
    const int n = gradient_outputs(&t, diff, outputs);
    assert_true(n > 0);
    evaluate(&t, "ref", outputs, n, values);

    for (int i = 0, k = 0; i < t.n_params; i++) {
        const int64_t numel = fy_shape_numel(fy_param_shape(t.params[i]));
        double *slope = new_doubles(numel);
        double *rule = diff[i] ? values[k++] : new_doubles(numel); /* no path: zeros */
        char what[64];
        central_differences(&t, &forward, x, w, t.params[i], slope);
        snprintf(what, sizeof what, "gradient of parameter %d", i);
        compare(&t, what, rule, slope, numel, DIFFERENCE_RTOL);
        fyi_free(rule);
        fyi_free(slope);
    }
    release(&forward);
    fyi_free(w);
    op_test_end(&t);
}

void op_check_gradient_on(op_build build, const void *row, const char *device, double rtol)
{
    op_test t;
    const fy_node x = begin(&t, build, row);
    fyi_id diff[FYI_LEN(t.params)];
    fy_node outputs[FYI_LEN(t.params)];
    add_gradients(&t, x, diff);
    const int n = gradient_outputs(&t, diff, outputs);
    assert_true(n > 0);
    compare_devices(&t, device, outputs, n, rtol);
    op_test_end(&t);
}

/* ---- hand-made values, equal graphs, mistakes
 * ------------------------------------------------------------ */

void op_check_values(op_build build, const void *row, const double *expected, int64_t n)
{
    static const char *const devices[] = { "ref", "cpu" };
    for (size_t i = 0; i < FYI_LEN(devices); i++) {
        op_test t;
        double *actual;
        const fy_node x = begin(&t, build, row);
        const fy_shape s = fy_node_shape(t.g, x);
        assert_int_equal(fy_shape_numel(&s), n);
        evaluate(&t, devices[i], &x, 1, &actual);
        compare(&t, devices[i], actual, expected, n, 1e-6);
        fyi_free(actual);
        op_test_end(&t);
    }
}

void op_check_same(op_build build, op_build other, const void *row, const char *device, double rtol)
{
    static const double exact = 1e-12; /* both in double */
    op_test t;
    double *expected, *on_ref, *on_device;
    fy_node x = begin(&t, other, row);
    evaluate(&t, "ref", &x, 1, &expected);
    op_test_end(&t);
    x = begin(&t, build, row);
    const fy_shape s = fy_node_shape(t.g, x);
    evaluate(&t, "ref", &x, 1, &on_ref);
    evaluate(&t, device, &x, 1, &on_device);
    compare(&t, "ref", on_ref, expected, fy_shape_numel(&s), exact);
    compare(&t, device, on_device, expected, fy_shape_numel(&s), rtol);
    fyi_free(on_device);
    fyi_free(on_ref);
    fyi_free(expected);
    op_test_end(&t);
}

void op_check_mistake(op_build build, const void *row, fy_status st, const char *sentence)
{
    op_test t = { .seed = 20 };
    must(fy_graph_new(&t.g), "a test's graph");
    const fy_node x = build(&t, row);
    const fy_node after = fy_fill(t.g, FY_SCALAR, 1); /* passes through, and keeps the first */
    assert_int_equal(x.id, 0);
    assert_int_equal(after.id, 0);
    assert_int_equal(fy_graph_status(t.g), st);
    assert_string_equal(fy_last_error(), sentence);
    op_test_end(&t);
}

/* ---- tables
 * ------------------------------------------------------------------------------------------------
 */

static void values_equal_reference(void **state)
{
    const op_row *r = *state;
    op_check_forward(r->build, r, "cpu", r->rtol);
}

static void gradient_equals_differences(void **state)
{
    const op_row *r = *state;
    op_check_gradient(r->build, r);
}

static void gradient_equals_reference(void **state)
{
    const op_row *r = *state;
    op_check_gradient_on(r->build, r, "cpu", r->rtol);
}

/* Factors and results are rounded to 8 bits, sums are not; what does not multiply keeps its f32. */
#define BF16_RTOL 0.02

static void skip_without_bf16(void)
{
    fy_device *dev;
    must(fy_device_open("cpu", &dev), "cpu");
    const bool has_it = fy_device_set_precision(dev, FY_BF16) == FY_OK;
    fy_device_close(dev);
    if (!has_it)
        skip();
}

static void bf16_values_are_near(void **state)
{
    const op_row *r = *state;
    skip_without_bf16();
    op_check_forward(r->build, r, OP_CPU_BF16, BF16_RTOL);
}

static void bf16_gradient_is_near(void **state)
{
    const op_row *r = *state;
    skip_without_bf16();
    op_check_gradient_on(r->build, r, OP_CPU_BF16, BF16_RTOL);
}

void op_row_tests(const op_row *row, struct CMUnitTest *tests)
{
    static const struct {
        const char *what;
        CMUnitTestFunction run;
    } kinds[OP_ROW_TESTS] = {
        { "values", values_equal_reference },
        { "gradient", gradient_equals_differences },
        { "gradient on cpu", gradient_equals_reference },
        { "values in bf16", bf16_values_are_near },
        { "gradient in bf16", bf16_gradient_is_near },
    };
    /* cmocka keeps the pointer, so names live until the program ends. */
    static char names[1024][80];
    static size_t n_names;
    for (size_t i = 0; i < OP_ROW_TESTS; i++) {
        char *name = names[n_names++ % FYI_LEN(names)];
        snprintf(name, sizeof names[0], "%s: %s", row->name, kinds[i].what);
        tests[i] = (struct CMUnitTest){ name, kinds[i].run, NULL, NULL, (void *)(uintptr_t)row };
    }
}

int op_run_rows(const char *group, const void *rows, size_t n, size_t bytes,
                const struct CMUnitTest *others, size_t n_others)
{
    const size_t total = n * OP_ROW_TESTS + n_others;
    struct CMUnitTest *tests = fyi_calloc(total + 1, sizeof *tests);
    if (!tests)
        return 1;
    for (size_t i = 0; i < n; i++)
        op_row_tests((const op_row *)((const char *)rows + i * bytes), tests + i * OP_ROW_TESTS);
    if (n_others)
        memcpy(tests + n * OP_ROW_TESTS, others, n_others * sizeof *tests);
    const int failed = _cmocka_run_group_tests(group, tests, total, NULL, NULL);
    fyi_free(tests);
    return failed;
}
