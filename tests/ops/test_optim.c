/* test_optim.c: the optimisers against PyTorch's, step for step (golden/optim.py makes the table),
 * and the rules around them: names, options, gradient clipping. */
#include "support/op_check.h"

#include "graph/ops/optim.h"

#include <math.h>
#include <string.h>

#include "golden/optim.inc"

/* ---- against PyTorch ------------------------------------------------------------------------- */

/* a and b, moved along gradients that are fed: loss = sum(a da) + sum(b db). */
typedef struct trial {
    fy_graph *g;
    fy_param *a, *b;
    fy_node da, db;
    fy_device *dev;
    fy_plan *plan;
} trial;

static fy_optim optim_of(const struct golden_case *c)
{
    fy_optim o;
    check_ok(fy_optim_named(c->rule, c->lr_a, &o));
    o.momentum = c->momentum;
    o.nesterov = c->nesterov;
    o.weight_decay = c->weight_decay;
    o.beta1 = c->beta1;
    o.beta2 = c->beta2;
    o.eps = c->eps;
    o.clip_norm = c->clip_norm;
    return o;
}

static void build(trial *t, const struct golden_case *c)
{
    const fy_optim o = optim_of(c);
    check_ok(fy_graph_new(&t->g));
    check_ok(fy_param_new("a", FY_SHAPE(GOLDEN_A), &t->a));
    check_ok(fy_param_new("b", FY_SHAPE(2, 3), &t->b));
    check_ok(fy_param_write(t->a, golden_start, GOLDEN_A));
    check_ok(fy_param_write(t->b, golden_start + GOLDEN_A, GOLDEN_B));
    t->da = fy_input(t->g, "da", FY_F32, FY_SHAPE(GOLDEN_A));
    t->db = fy_input(t->g, "db", FY_F32, FY_SHAPE(2, 3));
    const fy_node la = fy_sum_all(t->g, fy_mul(t->g, fy_use(t->g, t->a), t->da));
    const fy_node lb = fy_sum_all(t->g, fy_mul(t->g, fy_use(t->g, t->b), t->db));
    const fy_objective fit = fy_objective_add(t->g, "fit", fy_add(t->g, la, lb), &o);
    fy_objective_moves(t->g, fit, t->a, NULL);
    fy_objective_moves(t->g, fit, t->b, c->lr_a == c->lr_b ? NULL : "head");
    check_ok(fy_graph_status(t->g));
}

static void start(trial *t, const struct golden_case *c, const char *device)
{
    build(t, c);
    check_ok(fy_device_open(device, &t->dev));
    check_ok(fy_plan_new(t->g, t->dev, NULL, &t->plan));
    if (c->lr_a != c->lr_b)
        check_ok(fy_plan_set(t->plan, "fit.head.lr", c->lr_b));
}

static void finish(trial *t)
{
    fy_plan_free(t->plan);
    fy_device_close(t->dev);
    fy_graph_free(t->g);
    fy_param_free(t->a);
    fy_param_free(t->b);
}

static void step(trial *t, int i, double *after)
{
    float now[GOLDEN_ALL];
    check_ok(fy_plan_feed(t->plan, t->da, golden_gradients[i]));
    check_ok(fy_plan_feed(t->plan, t->db, golden_gradients[i] + GOLDEN_A));
    check_ok(fy_plan_step(t->plan));
    check_ok(fy_param_read(t->a, now, GOLDEN_A));
    check_ok(fy_param_read(t->b, now + GOLDEN_A, GOLDEN_B));
    for (int k = 0; k < GOLDEN_ALL; k++)
        after[k] = (double)now[k];
}

/* State `which` of a and b, found by name. */
static void read_state(const trial *t, const char *which, float *v)
{
    for (int i = 0; i < fy_plan_state_count(t->plan); i++) {
        const char *name = fy_plan_state_name(t->plan, i);
        char a[64], b[64];
        snprintf(a, sizeof a, "fit/a.%s", which);
        snprintf(b, sizeof b, "fit/b.%s", which);
        if (strcmp(name, a) == 0)
            check_ok(fy_plan_state_read(t->plan, i, v, GOLDEN_A));
        if (strcmp(name, b) == 0)
            check_ok(fy_plan_state_read(t->plan, i, v + GOLDEN_A, GOLDEN_B));
    }
}

static void check_states(const trial *t, const struct golden_case *c, double rtol)
{
    const fy_optim o = optim_of(c);
    assert_int_equal(fy_plan_state_count(t->plan), 1 + 2 * c->n_states); /* and the step count */
    for (int k = 0; k < c->n_states; k++) {
        float v[GOLDEN_ALL];
        double actual[GOLDEN_ALL];
        memset(v, 0xff, sizeof v); /* NaN: a state that no name matched fails */
        read_state(t, o.rule->state_names[k], v);
        for (int i = 0; i < GOLDEN_ALL; i++)
            actual[i] = (double)v[i];
        check_close_f64(actual, c->states[k], GOLDEN_ALL, rtol, rtol);
    }
}

static void follow(const struct golden_case *c, const char *device, double rtol)
{
    trial t = { 0 };
    start(&t, c, device);
    for (int i = 0; i < GOLDEN_STEPS; i++) {
        double after[GOLDEN_ALL];
        step(&t, i, after);
        check_close_f64(after, c->after[i], GOLDEN_ALL, rtol, rtol);
    }
    check_states(&t, c, rtol);
    finish(&t);
}

/* Parameters are read as floats: half a unit in the last place. */
static void ref_steps_like_pytorch(void **state)
{
    follow(*state, "ref", 6e-8);
}

/* Six steps of single-precision rounding. */
static void cpu_steps_like_pytorch(void **state)
{
    follow(*state, "cpu", 2e-6);
}

/* ---- in whatever layout weights are kept ----------------------------------------------------- */

enum { BLOCKED_STEPS = 3, BLOCKED_PARAMS = 3 };

/* A convolution past one block of 16 channels, whose weights a fast device keeps blocked. Its loss
 * goes through the weights, so that a step in the wrong layout shows in the next. */
static void train_convolution(const char *device, const fy_optim *o, float *weights, float *state)
{
    op_test t = { .seed = 3 };
    fy_device *dev;
    fy_plan *plan;
    check_ok(fy_graph_new(&t.g));
    const fy_node x = op_param(&t, FY_SHAPE(2, 18, 6, 6), -1, 1);
    const fy_node w = op_param(&t, FY_SHAPE(33, 18, 3, 3), -0.25f, 0.25f);
    const fy_node b = op_param(&t, FY_SHAPE(33), -1, 1);
    const fy_node y = fy_relu(t.g, fy_bias(t.g, fy_conv2d(t.g, x, w, NULL), b));
    const fy_objective fit = fy_objective_add(t.g, "fit", fy_mean_all(t.g, fy_square(t.g, y)), o);
    fy_objective_moves(t.g, fit, t.params[1], NULL);
    fy_objective_moves(t.g, fit, t.params[2], NULL);
    check_ok(fy_device_open(device, &dev));
    check_ok(fy_plan_new(t.g, dev, NULL, &plan));
    for (int i = 0; i < BLOCKED_STEPS; i++)
        check_ok(fy_plan_step(plan));
    const int64_t n = fy_shape_numel(fy_param_shape(t.params[1]));
    check_ok(fy_param_read(t.params[1], weights, n));
    for (int i = 0; i < fy_plan_state_count(plan); i++)
        if (strncmp(fy_plan_state_name(plan, i), "fit/p1.", 7) == 0)
            check_ok(fy_plan_state_read(plan, i, state, n));
    fy_plan_free(plan);
    fy_device_close(dev);
    fy_graph_free(t.g);
    for (int i = 0; i < BLOCKED_PARAMS; i++)
        fy_param_free(t.params[i]);
}

static void blocked_weights_move_like_plain_ones(void **state)
{
    enum { N = 33 * 18 * 9 };
    static float w[2][N], s[2][N];
    fy_optim optims[] = { fy_sgd(0.1f, 0.9f, 0.01f), fy_adam(0.01f), fy_adamw(0.01f),
                          fy_adagrad(0.01f) };
    (void)state;
    for (size_t i = 0; i < LEN(optims); i++) {
        optims[i].clip_norm = 0.5f;
        if (i > 0)
            optims[i].eps = 1e-3f; /* no sign of rounding noise is taken for a gradient */
        train_convolution("ref", &optims[i], w[0], s[0]);
        train_convolution("cpu", &optims[i], w[1], s[1]);
        check_close(w[1], w[0], N, 1e-4, 1e-5);
        check_close(s[1], s[0], N, 1e-3, 1e-6);
    }
}

/* ---- the clip scale -------------------------------------------------------------------------- */

static fy_node clip(op_test *t, const void *row)
{
    const fyi_clip_scale_attr a = { .max_norm = *(const float *)row };
    const fy_node src[] = { op_param_of(t, FY_SHAPE(2), (const float[]){ 1, 2 }),
                            op_param_of(t, FY_SHAPE(1, 1), (const float[]){ -2 }),
                            op_param_of(t, FY_SCALAR, (const float[]){ 4 }) };
    return fyi_apply(t->g, &fyi_op_clip_scale, &a, 3, src);
}

static void clip_scale_is_the_ratio_of_norms(void **state)
{
    static const float half = 2.5f, above = 6, zero = 0;
    const double shrunk = 2.5 / (5 + 1e-6), one = 1;
    (void)state;
    op_check_values(clip, &half, &shrunk, 1);
    op_check_values(clip, &above, &one, 1);
    op_check_mistake(clip, &zero, FY_EINVAL,
                     "clip_scale.4: the largest norm must be above 0, not 0");
}

/* ---- names and options ----------------------------------------------------------------------- */

static void optimisers_are_found_by_name(void **state)
{
    const char *const *names = fy_optim_names();
    fy_optim o;
    (void)state;
    assert_string_equal(names[0], "sgd");
    for (size_t i = 0; names[i]; i++) {
        check_ok(fy_optim_named(names[i], 0.5f, &o));
        assert_string_equal(o.rule->name, names[i]);
        assert_true(o.lr == 0.5f);
    }
    check_status(fy_optim_named("adamm", 0.5f, &o), FY_EINVAL);
    assert_string_equal(fy_last_error(), "no optimiser is called 'adamm' (is 'adam' meant?); there "
                                         "are sgd, adam, adamw and adagrad");
    check_status(fy_optim_named("lion", 0.5f, &o), FY_EINVAL);
    assert_string_equal(fy_last_error(),
                        "no optimiser is called 'lion'; there are sgd, adam, adamw and adagrad");
}

static void defaults_are_the_papers(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0.9f, 1e-4f), adam = fy_adam(1e-3f), adamw = fy_adamw(1e-3f);
    (void)state;
    assert_true(sgd.momentum == 0.9f && sgd.weight_decay == 1e-4f && !sgd.nesterov);
    assert_true(adam.beta1 == 0.9f && adam.beta2 == 0.999f && adam.eps == 1e-8f);
    assert_true(adam.weight_decay == 0 && adamw.weight_decay == 1e-2f);
    assert_true(adamw.beta1 == adam.beta1 && adamw.beta2 == adam.beta2);
    assert_true(fy_adagrad(0.1f).eps == 1e-10f && adam.clip_norm == 0);
}

typedef struct mistake {
    fy_optim o;
    const char *sentence;
} mistake;

/* The compiler's first update node of a graph with one parameter and no clipping. */
static void check_refused(const mistake *m)
{
    trial t = { 0 };
    const struct golden_case plain = { .rule = "sgd", .lr_a = 1, .lr_b = 1 };
    build(&t, &plain);
    t.g->objectives[0].optim = m->o;
    check_ok(fy_device_open("ref", &t.dev));
    check_status(fy_plan_new(t.g, t.dev, NULL, &t.plan), FY_EINVAL);
    check_sentence(m->sentence);
    finish(&t);
}

static void impossible_options_are_refused(void **state)
{
    mistake m[5] = {
        { fy_sgd(0.1f, 0, 0),
          "nesterov looks ahead along the momentum, which is 0; set one above 0" },
        { fy_adam(0.1f), "beta1 and beta2 must be in [0, 1), they are 1 and 0.999" },
        { fy_adam(0.1f), "beta1 and beta2 must be in [0, 1), they are 0.9 and -1" },
        { fy_sgd(0.1f, -0.5f, 0),
          "momentum, eps, weight_decay and clip_norm must be 0 or more, they "
          "are -0.5, 0, 0 and 0" },
        { fy_adagrad(0.1f), "must be 0 or more, they are 0, -1, 0 and 0" },
    };
    (void)state;
    m[0].o.nesterov = true;
    m[1].o.beta1 = 1;
    m[2].o.beta2 = -1;
    m[4].o.eps = -1;
    for (size_t i = 0; i < LEN(m); i++)
        check_refused(&m[i]);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(blocked_weights_move_like_plain_ones),
        cmocka_unit_test(clip_scale_is_the_ratio_of_norms),
        cmocka_unit_test(optimisers_are_found_by_name),
        cmocka_unit_test(defaults_are_the_papers),
        cmocka_unit_test(impossible_options_are_refused),
    };
    enum { N = LEN(golden_cases) };
    static char names[2 * N][80];
    struct CMUnitTest tests[2 * N + LEN(others)];
    for (size_t i = 0; i < N; i++) {
        void *row = (void *)(uintptr_t)&golden_cases[i];
        snprintf(names[2 * i], sizeof names[0], "%s: ref", golden_cases[i].name);
        snprintf(names[2 * i + 1], sizeof names[0], "%s: cpu", golden_cases[i].name);
        tests[2 * i] = (struct CMUnitTest){ names[2 * i], ref_steps_like_pytorch, NULL, NULL, row };
        tests[2 * i + 1] =
            (struct CMUnitTest){ names[2 * i + 1], cpu_steps_like_pytorch, NULL, NULL, row };
    }
    memcpy(tests + 2 * N, others, sizeof others);
    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
