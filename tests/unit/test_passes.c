/* Guards the compiler's passes: what is folded, fused and left out, and that the result stays the same number. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <string.h>

enum { N = 3, C = 16, HW = 6 };

static fy_node conv_norm_relu(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_conv_opts same = fy_conv_defaults();
    (void)o;
    same.pad[0] = same.pad[1] = 1;
    x = fy_layer_conv2d(l, "conv", x, C, 3, &same, false);
    x = fy_layer_batch_norm(l, "bn", x);
    return fy_relu(fy_layers_graph(l), x);
}

static fy_node conv_bias_relu(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    return fy_relu(fy_layers_graph(l), fy_layer_conv2d(l, "conv", x, C, 3, NULL, true));
}

static fy_node conv_norm_clip(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    (void)o;
    x = fy_layer_conv2d(l, "conv", x, C, 3, NULL, false);
    return fy_clip(fy_layers_graph(l), fy_layer_batch_norm(l, "bn", x), 0, 0.5f);
}

static fy_node residual_block(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    fy_conv_opts same = fy_conv_defaults();
    (void)o;
    same.pad[0] = same.pad[1] = 1;
    x = fy_layer_conv2d(l, "conv1", x, C, 3, &same, false);
    x = fy_relu(g, fy_layer_batch_norm(l, "bn1", x));
    const fy_node y = fy_layer_conv2d(l, "conv2", x, C, 3, &same, false);
    return fy_relu(g, fy_add(g, fy_layer_batch_norm(l, "bn2", y), x));
}

static fy_model *open_model(fy_build_fn build)
{
    const fy_model_opts o = { .input = FY_SHAPE(C, HW, HW), .seed = 2 };
    fy_model *m;
    check_ok(fy_model_new("m", build, &o, &m));
    for (int i = 0; i < fy_model_count(m); i++) { /* statistics and scales away from 0 and 1 */
        fy_param *p = fy_model_param(m, i);
        const int64_t n = fy_shape_numel(fy_param_shape(p));
        float v[C * C * 9];
        fy_rng r = fy_rng_named(7, fy_param_name(p));
        for (int64_t k = 0; k < n; k++)
            v[k] = 0.25f + fy_rng_uniform(&r);
        check_ok(fy_param_write(p, v, n));
    }
    return m;
}

/* The model's result on `device`, and what its plan consists of. */
static void infer(fy_model *m, const char *device, float *y, int64_t n, fy_plan_info *info)
{
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    float x[N * C * HW * HW];
    fy_rng r = fy_rng_named(1, "x");
    for (size_t i = 0; i < LEN(x); i++)
        x[i] = fy_rng_normal(&r);
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(N, C, HW, HW));
    const fy_node out = fy_model_apply(g, m, in, FY_EVAL);
    (void)fy_exp(g, fy_square(g, in)); /* read by nobody */
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    fy_graph_free(g);
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, y, n));
    fy_plan_describe(plan, info);
    fy_plan_free(plan);
    fy_device_close(dev);
}

static void check_model(fy_build_fn build, int64_t n, int most_kernels)
{
    float fast[N * C * HW * HW], slow[N * C * HW * HW];
    fy_plan_info info, ref_info;
    fy_model *m = open_model(build);
    infer(m, "ref", slow, n, &ref_info);
    infer(m, "cpu", fast, n, &info);
    check_close(fast, slow, n, 1e-5, 1e-4);
    assert_true(info.n_kernels - info.n_reorders <= most_kernels);
    assert_int_equal(ref_info.n_reorders, 0);
    fy_model_free(m);
}

static void a_frozen_norm_folds_into_its_convolution(void **state)
{
    (void)state;
    check_model(conv_norm_relu, N * C * HW * HW, 1);
}

static void bias_and_relu_join_their_convolution(void **state)
{
    (void)state;
    check_model(conv_bias_relu, N * C * (HW - 2) * (HW - 2), 1);
    check_model(conv_norm_clip, N * C * (HW - 2) * (HW - 2), 1);
}

/* A folded weight is computed once, and again when somebody writes one of the parameters it came from. */
static void folded_values_follow_writes(void **state)
{
    (void)state;
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    float x[N * C * HW * HW], once[N * C * HW * HW], twice[N * C * HW * HW], zero[C] = { 0 };
    fy_model *m = open_model(conv_norm_relu);
    for (size_t i = 0; i < LEN(x); i++)
        x[i] = 1;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(N, C, HW, HW));
    const fy_node out = fy_model_apply(g, m, in, FY_EVAL);
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &o, &plan));
    fy_graph_free(g);
    check_ok(fy_plan_feed(plan, in, x));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, once, (int64_t)LEN(once)));
    check_ok(fy_param_write(fy_model_find(m, "bn.weight"), zero, C));
    check_ok(fy_param_write(fy_model_find(m, "bn.bias"), zero, C));
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, twice, (int64_t)LEN(twice)));
    assert_true(once[100] > 0);
    for (size_t i = 0; i < LEN(twice); i++)
        assert_true(twice[i] == 0);
    fy_plan_free(plan);
    fy_model_free(m);
    fy_device_close(dev);
}

/* A residual block in training: norm, ReLU and the sum are two kernels forward and two backward. */
static void norms_in_training_take_their_neighbours_along(void **state)
{
    (void)state;
    static const char *const fused[] = { " norm_act ", " norm_act_bwd " };
    static const char *const gone[] = { " relu ", " relu_bwd ", " batch_norm ", " batch_norm_bwd " };
    char text[1 << 14];
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    fy_model *m = open_model(residual_block);
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, FY_SHAPE(N, C, HW, HW));
    const fy_node loss = fy_mean_all(g, fy_square(g, fy_model_apply(g, m, in, FY_TRAIN)));
    fy_objective_moves_model(g, fy_objective_add(g, "task", loss, &sgd), m, "*", NULL);
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    assert_true(fy_plan_text(plan, text, sizeof text) < sizeof text);
    if (strstr(fy_device_text(dev), "AVX-512")) {
        for (size_t i = 0; i < LEN(fused); i++)
            assert_non_null(strstr(text, fused[i]));
        for (size_t i = 0; i < LEN(gone); i++)
            assert_null(strstr(text, gone[i]));
    }
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_model_free(m);
    fy_device_close(dev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frozen_norm_folds_into_its_convolution),
        cmocka_unit_test(bias_and_relu_join_their_convolution),
        cmocka_unit_test(folded_values_follow_writes),
        cmocka_unit_test(norms_in_training_take_their_neighbours_along),
    };
    return cmocka_run_group_tests_name("passes", tests, NULL, NULL);
}
