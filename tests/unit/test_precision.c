/* Guards bf16 plans: products are stored narrow, parameters and losses are not, training learns as in f32, frozen
 * layers keep their bytes, and two runs give the same ones. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 8, C = 3, SIDE = 12, CLASSES = 4, STEPS = 30 };

/* A residual network in small: convolution, norm, ReLU, a sum of two ways, pooling, a head. */
static fy_node residual(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    fy_conv_opts c = fy_conv_defaults();
    c.pad[0] = c.pad[1] = 1;
    x = fy_layer_conv2d(l, "conv1", x, 16, 3, &c, false);
    x = fy_relu(g, fy_layer_batch_norm(l, "bn1", x));
    fy_node y = fy_layer_conv2d(l, "conv2", x, 16, 3, &c, false);
    y = fy_layer_batch_norm(l, "bn2", y);
    x = fy_relu(g, fy_add(g, x, y));
    const fy_pool_opts half = fy_pool_defaults(2);
    x = fy_flatten(g, fy_max_pool2d(g, x, &half));
    return fy_layer_linear(l, "fc", x, o->n_classes, true);
}

typedef struct run {
    fy_dtype precision;
    const char *moved; /* which parameters move */
    float losses[STEPS];
    char *text;
    fy_model *model;
} run;

static void fill(float *x, int32_t *y)
{
    fy_rng r = fy_rng_named(3, "precision");
    for (int i = 0; i < N * C * SIDE * SIDE; i++)
        x[i] = fy_rng_normal(&r);
    for (int i = 0; i < N; i++)
        y[i] = i % CLASSES;
}

static void train(run *r)
{
    static float x[N * C * SIDE * SIDE];
    int32_t y[N];
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    fy_model_opts m = fy_model_defaults();
    const fy_optim sgd = fy_sgd(0.02f, 0.9f, 0);
    fill(x, y);
    m.input = FY_SHAPE(C, SIDE, SIDE);
    m.n_classes = CLASSES;
    check_ok(fy_device_open("cpu", &dev));
    if (fy_device_set_precision(dev, r->precision) != FY_OK) {
        fy_device_close(dev);
        skip(); /* this processor has no bf16 */
    }
    check_ok(fy_graph_new(&g));
    check_ok(fy_model_new("net", residual, &m, &r->model));
    check_ok(fy_model_init(r->model, 1));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(N, C, SIDE, SIDE));
    const fy_node labels = fy_input(g, "y", FY_I32, FY_SHAPE(N));
    const fy_node loss =
        fy_mean_all(g, fy_cross_entropy(g, fy_model_apply(g, r->model, in, FY_TRAIN), labels));
    const fy_objective task = fy_objective_add(g, "task", loss, &sgd);
    fy_objective_moves_model(g, task, r->model, r->moved, NULL);
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_feed(plan, labels, y));
    for (int i = 0; i < STEPS; i++) {
        check_ok(fy_plan_step(plan));
        check_ok(fy_plan_read(plan, loss, &r->losses[i], 1));
    }
    const size_t len = fy_plan_text(plan, NULL, 0);
    r->text = malloc(len + 1);
    assert_non_null(r->text);
    (void)fy_plan_text(plan, r->text, len + 1);
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_device_close(dev);
}

static void finish(run *r)
{
    fy_model_free(r->model);
    free(r->text);
}

static int64_t read_param(const run *r, const char *name, float *v)
{
    fy_param *p = fy_model_find(r->model, name);
    assert_non_null(p);
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    check_ok(fy_param_read(p, v, n));
    return n;
}

static void learns_as_in_f32(void **state)
{
    run wide = { .precision = FY_F32, .moved = "*" },
        narrow = { .precision = FY_BF16, .moved = "*" };
    (void)state;
    train(&wide);
    train(&narrow);
    assert_true(fabsf(wide.losses[0] - narrow.losses[0]) < 0.02f * wide.losses[0]);
    assert_true(fabsf(wide.losses[4] - narrow.losses[4]) < 0.1f * wide.losses[0]);
    assert_true(narrow.losses[STEPS - 1] < 0.1f * narrow.losses[0]);
    assert_null(strstr(wide.text, "bf16["));
    assert_non_null(strstr(narrow.text, "bf16["));
    finish(&wide);
    finish(&narrow);
}

/* Learning rates times gradients are far below bf16's steps: masters have to be finer. */
static void masters_are_f32(void **state)
{
    run r = { .precision = FY_BF16, .moved = "*" };
    float w[16 * 16 * 9];
    int64_t n_finer = 0;
    (void)state;
    train(&r);
    const int64_t n = read_param(&r, "conv2.weight", w);
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &w[i], sizeof bits);
        n_finer += (bits & 0xffffu) != 0;
    }
    assert_true(n_finer > n / 2);
    finish(&r);
}

static void frozen_layers_keep_their_bytes(void **state)
{
    run moved = { .precision = FY_BF16, .moved = "fc.*" };
    fy_model_opts m = fy_model_defaults();
    fy_model *fresh;
    float a[16 * 16 * 9], b[16 * 16 * 9];
    static const char *const frozen[] = { "conv1.weight", "bn1.weight", "bn2.running_mean",
                                          "bn2.running_var", "conv2.weight" };
    (void)state;
    train(&moved);
    m.input = FY_SHAPE(C, SIDE, SIDE);
    m.n_classes = CLASSES;
    check_ok(fy_model_new("net", residual, &m, &fresh));
    check_ok(fy_model_init(fresh, 1));
    const run untouched = { .model = fresh };
    for (size_t i = 0; i < sizeof frozen / sizeof *frozen; i++) {
        const int64_t n = read_param(&moved, frozen[i], a);
        assert_int_equal(read_param(&untouched, frozen[i], b), n);
        assert_memory_equal(a, b, (size_t)n * sizeof *a);
    }
    fy_model_free(fresh);
    finish(&moved);
}

static void two_runs_give_the_same_bytes(void **state)
{
    run a = { .precision = FY_BF16, .moved = "*" }, b = { .precision = FY_BF16, .moved = "*" };
    (void)state;
    train(&a);
    train(&b);
    assert_memory_equal(a.losses, b.losses, sizeof a.losses);
    finish(&a);
    finish(&b);
}

static void other_types_and_devices_are_refused(void **state)
{
    fy_device *dev;
    (void)state;
    check_ok(fy_device_open("ref", &dev));
    check_status(fy_device_set_precision(dev, FY_I32), FY_EINVAL);
    assert_string_equal(fy_last_error(), "precision must be f32 or bf16, not i32");
    check_status(fy_device_set_precision(dev, FY_BF16), FY_EDEVICE);
    assert_string_equal(fy_last_error(), "device 'ref' (plain loops in double) has no instructions "
                                         "for bf16; use precision f32");
    assert_int_equal(fy_device_precision(dev), FY_F32);
    fy_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_as_in_f32),
        cmocka_unit_test(masters_are_f32),
        cmocka_unit_test(frozen_layers_keep_their_bytes),
        cmocka_unit_test(two_runs_give_the_same_bytes),
        cmocka_unit_test(other_types_and_devices_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
