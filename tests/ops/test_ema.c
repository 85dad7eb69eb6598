/* Guards the averages of what an objective moves: they follow the recursion on both devices, in whatever layout
 * weights are kept, running statistics included; and training does not notice them. */
#include "support/op_check.h"

#include <ferry/graph.h>

#include <math.h>
#include <string.h>

enum { N = 5, STEPS = 24 };

/* w moves along gradients that are fed; `still` is in the loss too, and frozen. */
typedef struct trial {
    fy_graph *g;
    fy_param *w, *still;
    fy_node dw;
    fy_device *dev;
    fy_plan *plan;
} trial;

static const float start[N] = { 1, -2, 0.5f, 0, 3 };

static void open_trial(trial *t, double decay, const char *device)
{
    const fy_optim o = fy_sgd(0.25f, 0.5f, 0);
    check_ok(fy_graph_new(&t->g));
    check_ok(fy_param_new("w", FY_SHAPE(N), &t->w));
    check_ok(fy_param_new("still", FY_SHAPE(N), &t->still));
    check_ok(fy_param_write(t->w, start, N));
    check_ok(fy_param_write(t->still, start, N));
    t->dw = fy_input(t->g, "dw", FY_F32, FY_SHAPE(N));
    const fy_node sum = fy_add(t->g, fy_use(t->g, t->w), fy_use(t->g, t->still));
    const fy_objective fit =
        fy_objective_add(t->g, "fit", fy_sum_all(t->g, fy_mul(t->g, sum, t->dw)), &o);
    fy_objective_moves(t->g, fit, t->w, NULL);
    fy_objective_average(t->g, fit, decay);
    check_ok(fy_device_open(device, &t->dev));
    check_ok(fy_plan_new(t->g, t->dev, NULL, &t->plan));
}

static void close_trial(trial *t)
{
    fy_plan_free(t->plan);
    fy_device_close(t->dev);
    fy_graph_free(t->g);
    fy_param_free(t->still);
    fy_param_free(t->w);
}

static void step(trial *t, int i, float w[N])
{
    float dw[N];
    for (int k = 0; k < N; k++)
        dw[k] = (float)((i * 7 + k * 3) % 11 - 4) / 4;
    check_ok(fy_plan_feed(t->plan, t->dw, dw));
    check_ok(fy_plan_step(t->plan));
    check_ok(fy_param_read(t->w, w, N));
}

static void read_state(fy_plan *p, const char *name, float *v, int64_t n)
{
    for (int i = 0; i < fy_plan_state_count(p); i++)
        if (strcmp(fy_plan_state_name(p, i), name) == 0) {
            check_ok(fy_plan_state_read(p, i, v, n));
            return;
        }
    fail_msg("there is no state '%s'", name);
}

/* By hand: d of update t, counted from 0. */
static double memory(double decay, int t)
{
    const double warm = (1.0 + t) / (10.0 + t);
    return t == 0 ? 0 : warm < decay ? warm : decay;
}

static const struct row {
    const char *name, *device;
    double decay, rtol;
    const char *why;
} rows[] = {
    { "ref, 0.5", "ref", 0.5, 1e-7, "past the warm-up from update 8 on" },
    { "ref, 0.999", "ref", 0.999, 1e-7, "within it to the end" },
    { "cpu, 0.5", "cpu", 0.5, 2e-6, "rounded at every update" },
    { "cpu, 0.999", "cpu", 0.999, 2e-6, "a share of less than a thousandth is left at the end" },
};

static void averages_follow_the_recursion(void **state)
{
    const struct row *r = *state;
    trial t = { 0 };
    double by_hand[N] = { 0 };
    open_trial(&t, r->decay, r->device);
    for (int i = 0; i < STEPS; i++) {
        float w[N], a[N];
        double actual[N];
        const double d = memory(r->decay, i);
        step(&t, i, w);
        read_state(t.plan, "fit/w.ema", a, N);
        for (int k = 0; k < N; k++) {
            by_hand[k] = d * by_hand[k] + (1 - d) * (double)w[k];
            actual[k] = (double)a[k];
        }
        check_close_f64(actual, by_hand, N, r->rtol, r->rtol);
    }
    close_trial(&t);
}

/* Of what moves, and of nothing else; a count beside them. */
static void only_what_moves_has_an_average(void **state)
{
    static const char *const names[] = { "fit/steps", "fit/w.momentum", "fit/ema_steps",
                                         "fit/w.ema" };
    float count;
    float w[N];
    trial t = { 0 };
    (void)state;
    open_trial(&t, 0.5, "cpu");
    assert_int_equal(fy_plan_state_count(t.plan), LEN(names));
    for (int i = 0; i < 3; i++)
        step(&t, i, w);
    for (size_t i = 0; i < LEN(names); i++) {
        float v[N];
        read_state(t.plan, names[i], v, i % 2 ? N : 1);
    }
    read_state(t.plan, "fit/ema_steps", &count, 1);
    assert_true(count == 3);
    close_trial(&t);
}

/* The same bytes with and without; none of them allocated in a step. */
static void training_does_not_notice(void **state)
{
    trial with = { 0 }, without = { 0 };
    float a[N], b[N];
    (void)state;
    open_trial(&with, 0.9, "cpu");
    open_trial(&without, 0, "cpu");
    assert_int_equal(fy_plan_state_count(without.plan), 2);
    for (int i = 0; i < STEPS; i++) {
        fyt_fail_alloc(1, FYT_AND_LATER);
        step(&with, i, a);
        assert_false(fyt_fail_alloc_off());
        step(&without, i, b);
        assert_memory_equal(a, b, sizeof a);
    }
    check_ok(fy_param_read(with.still, a, N));
    assert_memory_equal(a, start, sizeof a);
    close_trial(&without);
    close_trial(&with);
}

/* State that is read and written back goes on to the same bytes. */
static void averages_go_on_from_their_state(void **state)
{
    trial t = { 0 };
    float w[N], a[N], again[N], kept[4][N];
    (void)state;
    open_trial(&t, 0.9, "cpu");
    for (int i = 0; i < 3; i++)
        step(&t, i, w);
    for (int i = 0; i < fy_plan_state_count(t.plan); i++)
        check_ok(
            fy_plan_state_read(t.plan, i, kept[i], fy_shape_numel(fy_plan_state_shape(t.plan, i))));
    step(&t, 3, a);
    read_state(t.plan, "fit/w.ema", a, N);
    for (int i = 0; i < fy_plan_state_count(t.plan); i++)
        check_ok(fy_plan_state_write(t.plan, i, kept[i],
                                     fy_shape_numel(fy_plan_state_shape(t.plan, i))));
    check_ok(fy_param_write(t.w, w, N));
    step(&t, 3, w);
    read_state(t.plan, "fit/w.ema", again, N);
    assert_memory_equal(a, again, sizeof a);
    close_trial(&t);
}

/* ---- networks --------------------------------------------------------------------------------------------- */

enum { OC = 33, IC = 18, WEIGHTS = OC * IC * 9, NET_STEPS = 3 };

/* A convolution whose weights a fast device keeps blocked, and a batch norm behind it. */
typedef struct net {
    op_test t;
    fy_device *dev;
    fy_plan *plan;
} net;

static fy_node norm(net *n, fy_node x)
{
    const fy_node scale = op_param(&n->t, FY_SHAPE(OC), 0.5f, 1),
                  shift = op_param(&n->t, FY_SHAPE(OC), -1, 1),
                  mean = op_param(&n->t, FY_SHAPE(OC), -1, 1),
                  var = op_param(&n->t, FY_SHAPE(OC), 0.5f, 1);
    return fy_batch_norm(n->t.g, x, scale, shift, mean, var, NULL);
}

/* Parameters: 0 the picture, 1 weights, 2 scale, 3 shift, 4 running mean, 5 running variance. */
static void open_net(net *n, const char *device, double decay)
{
    const fy_optim o = fy_sgd(0.1f, 0.9f, 0);
    *n = (net){ .t = { .seed = 3 } };
    check_ok(fy_graph_new(&n->t.g));
    const fy_node x = op_param(&n->t, FY_SHAPE(4, IC, 6, 6), -1, 1);
    const fy_node w = op_param(&n->t, FY_SHAPE(OC, IC, 3, 3), -0.25f, 0.25f);
    const fy_node y = fy_relu(n->t.g, norm(n, fy_conv2d(n->t.g, x, w, NULL)));
    const fy_objective fit =
        fy_objective_add(n->t.g, "fit", fy_mean_all(n->t.g, fy_square(n->t.g, y)), &o);
    for (int i = 1; i < n->t.n_params; i++)
        fy_objective_moves(n->t.g, fit, n->t.params[i], NULL);
    fy_objective_average(n->t.g, fit, decay);
    check_ok(fy_device_open(device, &n->dev));
    check_ok(fy_plan_new(n->t.g, n->dev, NULL, &n->plan));
}

static void close_net(net *n)
{
    fy_plan_free(n->plan);
    fy_device_close(n->dev);
    fy_graph_free(n->t.g);
    for (int i = 0; i < n->t.n_params; i++)
        fy_param_free(n->t.params[i]);
}

static void blocked_weights_are_averaged_like_plain_ones(void **state)
{
    static float a[2][WEIGHTS];
    static const char *const devices[] = { "ref", "cpu" };
    (void)state;
    for (int d = 0; d < 2; d++) {
        net n;
        open_net(&n, devices[d], 0.9);
        for (int i = 0; i < NET_STEPS; i++)
            check_ok(fy_plan_step(n.plan));
        read_state(n.plan, "fit/p1.ema", a[d], WEIGHTS);
        close_net(&n);
    }
    check_close(a[1], a[0], WEIGHTS, 1e-4, 1e-5);
}

static void running_statistics_are_averaged(void **state)
{
    static const char *const names[] = { "fit/p4.ema", "fit/p5.ema" };
    double by_hand[2][OC] = { 0 };
    net n;
    (void)state;
    open_net(&n, "cpu", 0.9);
    for (int i = 0; i < NET_STEPS; i++) {
        check_ok(fy_plan_step(n.plan));
        for (int s = 0; s < 2; s++) {
            float v[OC], a[OC];
            double actual[OC];
            check_ok(fy_param_read(n.t.params[4 + s], v, OC));
            read_state(n.plan, names[s], a, OC);
            for (int k = 0; k < OC; k++) {
                by_hand[s][k] += (1 - memory(0.9, i)) * ((double)v[k] - by_hand[s][k]);
                actual[k] = (double)a[k];
            }
            check_close_f64(actual, by_hand[s], OC, 1e-6, 1e-6);
        }
    }
    close_net(&n);
}

/* ---- two objectives, and mistakes --------------------------------------------------------------------------- */

/* Each averages its own, after its own update. */
static void objectives_average_apart(void **state)
{
    const fy_optim o = fy_sgd(1, 0, 0);
    const float one = 1;
    fy_param *p;
    fy_graph *g;
    fy_device *dev;
    fy_plan *plan;
    float first, second, now;
    (void)state;
    check_ok(fy_param_new("p", FY_SCALAR, &p));
    check_ok(fy_param_write(p, &one, 1));
    check_ok(fy_graph_new(&g));
    const fy_objective down = fy_objective_add(g, "down", fy_use(g, p), &o);
    const fy_objective up = fy_objective_add(g, "up", fy_scale(g, fy_use(g, p), -4), &o);
    fy_objective_moves(g, down, p, NULL);
    fy_objective_moves(g, up, p, NULL);
    fy_objective_average(g, down, 0.5);
    fy_objective_average(g, up, 0.5);
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_plan_new(g, dev, NULL, &plan));
    check_ok(fy_plan_step(plan));
    read_state(plan, "down/p.ema", &first, 1);
    read_state(plan, "up/p.ema", &second, 1);
    check_ok(fy_param_read(p, &now, 1));
    assert_true(first == 0 && second == 4 && now == 4);
    fy_plan_free(plan);
    fy_device_close(dev);
    fy_graph_free(g);
    fy_param_free(p);
}

static void impossible_decays_are_refused(void **state)
{
    static const double decays[] = { 1, -0.5, NAN };
    const fy_optim o = fy_sgd(1, 0, 0);
    (void)state;
    for (size_t i = 0; i < LEN(decays); i++) {
        fy_graph *g;
        check_ok(fy_graph_new(&g));
        const fy_objective fit = fy_objective_add(g, "fit", fy_fill(g, FY_SCALAR, 0), &o);
        fy_objective_average(g, fit, decays[i]);
        check_status(fy_graph_status(g), FY_EINVAL);
        check_sentence("objective 'fit': the decay of its averages is ");
        check_sentence("; expected 0 (none) to below 1");
        fy_graph_free(g);
    }
}

/* Sources that no pass makes. */
static fy_node odd(op_test *t, const void *row)
{
    const fyi_ema_attr a = { .decay = *(const double *)row };
    const fy_node count = op_param(t, FY_SCALAR, 0, 1), w = op_param(t, FY_SHAPE(2), 0, 1),
                  other = op_param(t, FY_SHAPE(3), 0, 1);
    return a.decay > 0.5 ? fyi_op2(t->g, &fyi_op_ema, &a, count, w)
                         : fyi_op3(t->g, &fyi_op_ema, &a, count, w, other);
}

static void odd_sources_are_refused(void **state)
{
    const double three = 0.25, two = 0.75, none = 0;
    (void)state;
    op_check_mistake(
        odd, &two, FY_EINVAL,
        "ema.4: a count, and an average for each value make an odd number of sources; 2 "
        "were given");
    op_check_mistake(odd, &none, FY_EINVAL,
                     "ema.4: the average's decay must be between 0 and 1, not 0");
    op_check_mistake(odd, &three, FY_ESHAPE, "ema.4: an average must be f32[2], not f32[3]");
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(only_what_moves_has_an_average),
        cmocka_unit_test(training_does_not_notice),
        cmocka_unit_test(averages_go_on_from_their_state),
        cmocka_unit_test(blocked_weights_are_averaged_like_plain_ones),
        cmocka_unit_test(running_statistics_are_averaged),
        cmocka_unit_test(objectives_average_apart),
        cmocka_unit_test(impossible_decays_are_refused),
        cmocka_unit_test(odd_sources_are_refused),
    };
    struct CMUnitTest tests[LEN(rows) + LEN(others)];
    for (size_t i = 0; i < LEN(rows); i++)
        tests[i] = (struct CMUnitTest){ rows[i].name, averages_follow_the_recursion, NULL, NULL,
                                        (void *)(uintptr_t)&rows[i] };
    memcpy(tests + LEN(rows), others, sizeof others);
    return cmocka_run_group_tests_name("ema", tests, NULL, NULL);
}
