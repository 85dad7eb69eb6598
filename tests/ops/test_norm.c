/* test_norm.c: batch and layer normalisation. Guards the gradient through the moments, the two
 * modes, and that running statistics move only in the objectives that name them. */
#include "support/op_check.h"

#include <math.h>
#include <string.h>

typedef struct norm_case {
    op_row row;
    fy_shape src;
} norm_case;

static int64_t channels(const norm_case *c)
{
    return c->src.d[1];
}

static fy_node batch_norm(op_test *t, const void *row)
{
    const norm_case *c = row;
    const fy_shape each = FY_SHAPE(channels(c));
    const fy_node src = op_param(t, c->src, -2, 3), scale = op_param(t, each, 0.5f, 2);
    const fy_node shift = op_param(t, each, -1, 1), mean = op_param(t, each, -1, 1);
    return fy_batch_norm(t->g, src, scale, shift, mean, op_param(t, each, 1, 2), NULL);
}

/* Results stay 1/64 and more away from the bounds, where the gradient jumps: src has few values, far apart. */
static fy_node spread_norm(op_test *t, const norm_case *c)
{
    const fy_shape each = FY_SHAPE(channels(c));
    const fy_node src = op_param_apart(t, c->src, 0), scale = op_param(t, each, 0.5f, 2);
    const fy_node shift = op_param(t, each, 0.25f, 0.5f), mean = op_param(t, each, -1, 1);
    return fy_batch_norm(t->g, src, scale, shift, mean, op_param(t, each, 1, 2), NULL);
}

static fy_node norm_relu(op_test *t, const void *row)
{
    return fy_relu(t->g, spread_norm(t, row));
}

static fy_node norm_copy_clip(op_test *t, const void *row)
{
    return fy_clip(t->g, fy_affine(t->g, spread_norm(t, row), 1, 0), 0, 1.5f);
}

static fy_node norm_clip(op_test *t, const void *row)
{
    return fy_clip(t->g, spread_norm(t, row), 0, 1.5f);
}

static fy_node norm_sum(op_test *t, const void *row)
{
    const norm_case *c = row;
    return fy_add(t->g, op_param(t, c->src, 5, 6), spread_norm(t, c));
}

/* Both branches of a residual block normalised: the second stays a node of its own. */
static fy_node norm_sum_relu(op_test *t, const void *row)
{
    const fy_node a = spread_norm(t, row);
    return fy_relu(t->g, fy_add(t->g, a, spread_norm(t, row)));
}

/* The block's source comes back as the other term, so its gradient has two parts. */
static fy_node norm_of_itself(op_test *t, const void *row)
{
    const norm_case *c = row;
    const fy_shape each = FY_SHAPE(channels(c));
    const fy_node x = op_param_apart(t, c->src, 0), scale = op_param(t, each, 0.5f, 2);
    const fy_node shift = op_param(t, each, 0.25f, 0.5f), mean = op_param(t, each, -1, 1);
    const fy_node y = fy_batch_norm(t->g, x, scale, shift, mean, op_param(t, each, 1, 2), NULL);
    return fy_relu(t->g, fy_add(t->g, y, x));
}

static fy_node norm_relu_pool(op_test *t, const void *row)
{
    fy_pool_opts o = fy_pool_defaults(3);
    o.stride[0] = o.stride[1] = 2;
    o.pad[0] = o.pad[1] = 1;
    return fy_max_pool2d(t->g, fy_relu(t->g, spread_norm(t, row)), &o);
}

static fy_node norm_clip_pool(op_test *t, const void *row)
{
    const fy_pool_opts o = fy_pool_defaults(2);
    return fy_max_pool2d(t->g, fy_clip(t->g, spread_norm(t, row), 0, 1.5f), &o);
}

/* What is pooled is read by somebody else too, and has to be there. */
static fy_node norm_relu_pool_and_more(op_test *t, const void *row)
{
    const fy_pool_opts o = fy_pool_defaults(2);
    const fy_node y = fy_relu(t->g, spread_norm(t, row));
    return fy_add(t->g, fy_max_pool2d(t->g, y, &o), fy_avg_pool2d(t->g, y, &o));
}

/* The running statistics as constants: no gradient is asked of them. */
static fy_node batch_norm_eval(op_test *t, const void *row)
{
    const norm_case *c = row;
    const fy_shape each = FY_SHAPE(channels(c));
    fy_batch_norm_opts o = fy_batch_norm_defaults();
    float mean[32], var[32];
    assert_true(channels(c) <= 32);
    for (int i = 0; i < 32; i++) {
        mean[i] = (float)i / 16 - 1;
        var[i] = (float)(i + 1) / 8;
    }
    o.training = false;
    const fy_node src = op_param(t, c->src, -2, 3), scale = op_param(t, each, 0.5f, 2);
    const fy_node shift = op_param(t, each, -1, 1);
    return fy_batch_norm(t->g, src, scale, shift, fy_constant(t->g, FY_F32, each, mean),
                         fy_constant(t->g, FY_F32, each, var), &o);
}

static fy_node layer_norm(op_test *t, const void *row)
{
    const norm_case *c = row;
    const fy_shape last = FY_SHAPE(c->src.d[c->src.rank - 1]);
    const fy_node src = op_param(t, c->src, -2, 3), scale = op_param(t, last, 0.5f, 2);
    return fy_layer_norm(t->g, src, scale, op_param(t, last, -1, 1), 1e-5f);
}

/* clang-format off */
static const norm_case cases[] = {
    { { "batch norm [n, c, h, w]", "after a convolution", batch_norm, 1e-4 },
      { 4, { 3, 4, 5, 3 } } },
    { { "batch norm, 18 channels", "past one block of 16", batch_norm, 1e-4 },
      { 4, { 2, 18, 3, 3 } } },
    { { "batch norm [n, c]", "after a linear layer", batch_norm, 1e-4 }, { 2, { 9, 5 } } },
    { { "batch norm [n, c, t]", "sound", batch_norm, 1e-4 }, { 3, { 2, 3, 7 } } },
    { { "evaluation [n, c, h, w]", "the moments are constants", batch_norm_eval, 1e-4 },
      { 4, { 2, 17, 3, 4 } } },
    { { "evaluation [n, c]", "a batch of one is fine here", batch_norm_eval, 1e-4 },
      { 2, { 1, 5 } } },
    { { "norm and ReLU", "one kernel", norm_relu, 1e-4 }, { 4, { 3, 16, 3, 2 } } },
    { { "norm and ReLU, 24 channels", "half a block is padding", norm_relu, 1e-4 },
      { 4, { 2, 24, 3, 3 } } },
    { { "norm and ReLU, 3 channels", "too few for blocks", norm_relu, 1e-4 }, { 4, { 2, 3, 3, 3 } } },
    { { "norm and a clip", "both bounds", norm_clip, 1e-4 }, { 4, { 2, 16, 2, 2 } } },
    { { "norm, a copy, a clip", "nothing to fuse", norm_copy_clip, 1e-4 }, { 4, { 2, 16, 2, 2 } } },
    { { "norm and a sum", "a linear bottleneck", norm_sum, 1e-4 }, { 4, { 2, 20, 2, 3 } } },
    { { "two norms, a sum, ReLU", "a block with a projection", norm_sum_relu, 1e-4 },
      { 4, { 2, 16, 2, 2 } } },
    { { "norm, its source, ReLU", "a block without", norm_of_itself, 1e-4 }, { 4, { 2, 16, 2, 2 } } },
    { { "norm, ReLU, pooling", "the first layers of a ResNet", norm_relu_pool, 1e-4 },
      { 4, { 2, 16, 4, 5 } } },
    { { "norm, a clip, pooling", "half a block is padding, a row is left over", norm_clip_pool, 1e-4 },
      { 4, { 2, 24, 3, 4 } } },
    { { "norm, ReLU, pooling and more", "nothing of it can be left out", norm_relu_pool_and_more, 1e-4 },
      { 4, { 2, 16, 2, 4 } } },
    { { "layer norm [n, k]", "rows", layer_norm, 1e-4 }, { 2, { 4, 7 } } },
    { { "layer norm [n, t, k]", "tokens", layer_norm, 1e-4 }, { 3, { 2, 3, 33 } } },
    { { "layer norm [k]", "one row without other axes", layer_norm, 1e-4 }, { 1, { 6 } } },
};
/* clang-format on */

/* ---- hand-made values: mean 3, variance 3.5 -------------------------------------------------- */

static const float four[] = { 1, 2, 3, 6 };

static fy_node hand_batch(op_test *t, const void *row)
{
    const fy_shape one = FY_SHAPE(1);
    const fy_node src = op_param_of(t, FY_SHAPE(2, 1, 2), four);
    const fy_node scale = op_param_of(t, one, (const float[]){ 2 });
    const fy_node shift = op_param_of(t, one, (const float[]){ 1 });
    const fy_node mean = op_param_of(t, one, (const float[]){ 10 });
    const fy_node var = op_param_of(t, one, (const float[]){ 20 });
    return fyi_output(t->g, fy_batch_norm(t->g, src, scale, shift, mean, var, NULL),
                      *(const int *)row);
}

static fy_node hand_layer(op_test *t, const void *row)
{
    const fy_node src = op_param_of(t, FY_SHAPE(1, 4), four);
    const fy_node scale = op_param_of(t, FY_SHAPE(4), (const float[]){ 2, 2, 2, 2 });
    const fy_node shift = op_param_of(t, FY_SHAPE(4), (const float[]){ 1, 1, 1, 1 });
    return fyi_output(t->g, fy_layer_norm(t->g, src, scale, shift, 1e-5f), *(const int *)row);
}

static void values_are_those_worked_out_by_hand(void **state)
{
    static const int dst = 0, first = 1, second = 2;
    const double rstd = 1 / sqrt(3.5 + 1e-5), mean = 3, var = 3.5;
    double y[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        y[i] = 2 * ((double)four[i] - 3) * rstd + 1;
    op_check_values(hand_batch, &dst, y, 4);
    op_check_values(hand_batch, &first, &mean, 1);
    op_check_values(hand_batch, &second, &var, 1);
    op_check_values(hand_layer, &dst, y, 4);
    op_check_values(hand_layer, &first, &mean, 1);
    op_check_values(hand_layer, &second, &rstd, 1);
}

/* ---- running statistics ---------------------------------------------------------------------- */

/* One step of an objective that moves the scale, and the statistics if it names them. */
static void train_one_step(const char *device, bool named, float running[2])
{
    op_test t = { .seed = 1 };
    fy_device *dev;
    fy_plan *plan;
    const int dst = 0;
    const fy_optim o = fy_sgd(0.1f, 0, 0);
    check_ok(fy_graph_new(&t.g));
    const fy_node y = hand_batch(&t, &dst);
    const fy_objective fit = fy_objective_add(t.g, "fit", fy_mean_all(t.g, y), &o);
    fy_objective_moves(t.g, fit, t.params[2], NULL);
    for (int i = 3; i < 5 && named; i++)
        fy_objective_moves(t.g, fit, t.params[i], NULL);
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_plan_new(t.g, dev, NULL, &plan));
    check_ok(fy_plan_step(plan));
    check_ok(fy_param_read(t.params[3], &running[0], 1));
    check_ok(fy_param_read(t.params[4], &running[1], 1));
    fy_plan_free(plan);
    fy_device_close(dev);
    fy_graph_free(t.g);
    for (int i = 0; i < t.n_params; i++)
        fy_param_free(t.params[i]);
}

static void statistics_follow_the_batch(void **state)
{
    /* The variance is made unbiased: 3.5 * 4 / 3. */
    static const float expected[] = { 0.9f * 10 + 0.1f * 3, 0.9f * 20 + 0.1f * 3.5f * 4 / 3 };
    float running[2];
    (void)state;
    train_one_step("ref", true, running);
    check_close(running, expected, 2, 1e-6, 0);
    train_one_step("cpu", true, running);
    check_close(running, expected, 2, 1e-6, 0);
}

static void statistics_that_no_objective_names_stay(void **state)
{
    static const float before[] = { 10, 20 };
    float running[2];
    (void)state;
    train_one_step("ref", false, running);
    assert_memory_equal(running, before, sizeof before);
    train_one_step("cpu", false, running);
    assert_memory_equal(running, before, sizeof before);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

typedef struct mistake {
    fy_shape src, scale, shift, mean, var;
    fy_status status;
    const char *sentence;
} mistake;

static fy_node mistaken_batch(op_test *t, const void *row)
{
    const mistake *m = row;
    const fy_node src = op_param(t, m->src, -1, 1), scale = op_param(t, m->scale, -1, 1);
    const fy_node shift = op_param(t, m->shift, -1, 1), mean = op_param(t, m->mean, -1, 1);
    return fy_batch_norm(t->g, src, scale, shift, mean, op_param(t, m->var, 1, 2), NULL);
}

/* clang-format off */
#define V(k) { 1, { k } }
/* clang-format on */

/* clang-format off */
static const mistake mistakes[] = {
    { V(3), V(3), V(3), V(3), V(3), FY_ESHAPE,
      "batch_norm.6: src must be [n, c, ...], not f32[3]" },
    { { 2, { 4, 3 } }, V(2), V(3), V(3), V(3), FY_ESHAPE,
      "batch_norm.6: scale must be f32[3], not f32[2]" },
    { { 2, { 4, 3 } }, V(3), V(4), V(3), V(3), FY_ESHAPE,
      "batch_norm.6: shift must be f32[3], not f32[4]" },
    { { 2, { 4, 3 } }, V(3), V(3), V(4), V(3), FY_ESHAPE,
      "batch_norm: running_mean must be f32[3], not f32[4]" },
    { { 2, { 4, 3 } }, V(3), V(3), V(3), { 2, { 3, 1 } }, FY_ESHAPE,
      "batch_norm: running_var must be f32[3], not f32[3, 1]" },
    { { 4, { 1, 3, 1, 1 } }, V(3), V(3), V(3), V(3), FY_ESHAPE,
      "batch_norm.6: 1 value per channel has no deviation; train on larger batches or use "
      "evaluation mode" },
};
/* clang-format on */

static fy_node running_mean_computed(op_test *t, const void *row)
{
    (void)row;
    const fy_node v = op_param(t, FY_SHAPE(3), -1, 1), src = op_param(t, FY_SHAPE(4, 3), -1, 1);
    return fy_batch_norm(t->g, src, v, v, fy_square(t->g, v), v, NULL);
}

static fy_node mistaken_layer(op_test *t, const void *row)
{
    (void)row;
    const fy_node src = op_param(t, FY_SHAPE(4, 3), -1, 1), v = op_param(t, FY_SHAPE(4), -1, 1);
    return fy_layer_norm(t->g, src, v, v, 1e-5f);
}

static fy_node empty_layer(op_test *t, const void *row)
{
    (void)row;
    const fy_node src = fy_input(t->g, "x", FY_F32, FY_SHAPE(4, 0));
    return fy_layer_norm(t->g, src, src, src, 1e-5f);
}

static void mistakes_are_named_in_one_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(mistakes); i++)
        op_check_mistake(mistaken_batch, &mistakes[i], mistakes[i].status, mistakes[i].sentence);
    op_check_mistake(running_mean_computed, NULL, FY_EINVAL,
                     "batch_norm: running_mean must be a parameter's value (fy_use)");
    op_check_mistake(mistaken_layer, NULL, FY_ESHAPE,
                     "layer_norm.3: scale must be f32[3], not f32[4]");
    op_check_mistake(empty_layer, NULL, FY_ESHAPE,
                     "layer_norm.2: the last axis is empty, there is nothing to normalise");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(values_are_those_worked_out_by_hand),
        cmocka_unit_test(statistics_follow_the_batch),
        cmocka_unit_test(statistics_that_no_objective_names_stay),
        cmocka_unit_test(mistakes_are_named_in_one_sentence),
    };
    return op_run_rows("norm", cases, LEN(cases), sizeof cases[0], others, LEN(others));
}
