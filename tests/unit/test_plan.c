/* Guards plans: the order of objectives, what is shared and what is computed again, who may move, memory taken
 * during a step, cut values, and parameters that several plans use. */
#include "support/support.h"

#include "graph/find_nan.h"

#include <ferry/ferry.h>

#include <math.h>
#include <string.h>

enum { N = 4, F = 6, H = 5 };

/* A small ADDA: a frozen encoder, a target encoder, a critic. */
typedef struct world {
    fy_device *dev;
    fy_model *source, *target, *critic;
    float xs[N * F], xt[N * F];
} world;

static fy_node two_layers(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    x = fy_layer_linear(l, "fc1", x, H, true);
    return fy_layer_linear(l, "fc2", fy_relu(fy_layers_graph(l), x), o->n_classes, true);
}

static world *open_world(const char *device)
{
    world *w = test_calloc(1, sizeof *w);
    fy_model_opts o = fy_model_defaults();
    o.input = FY_SHAPE(F);
    o.n_classes = H;
    o.seed = 3;
    assert_int_equal(fy_device_open(device, &w->dev), FY_OK);
    assert_int_equal(fy_model_new("source", two_layers, &o, &w->source), FY_OK);
    assert_int_equal(fy_model_clone(w->source, "target", &w->target), FY_OK);
    o.input = FY_SHAPE(H);
    o.n_classes = 2;
    assert_int_equal(fy_model_new("critic", two_layers, &o, &w->critic), FY_OK);
    fy_rng r = fy_rng_named(1, "test");
    for (int i = 0; i < N * F; i++) {
        w->xs[i] = fy_rng_normal(&r);
        w->xt[i] = fy_rng_normal(&r) + 0.5f;
    }
    return w;
}

static void close_world(world *w)
{
    fy_model_free(w->critic);
    fy_model_free(w->target);
    fy_model_free(w->source);
    fy_device_close(w->dev);
    test_free(w);
}

static fy_node labels(fy_graph *g, int64_t n, int32_t first, int32_t rest, int64_t n_first)
{
    int32_t y[2 * N];
    for (int64_t i = 0; i < n; i++)
        y[i] = i < n_first ? first : rest;
    return fy_constant(g, FY_I32, FY_SHAPE(n), y);
}

typedef struct parts {
    fy_node xs, xt, fs, ft, critic_loss, target_loss;
} parts;

/* Which objectives the graph gets. */
enum { CRITIC = 1, TARGET = 2 };

static parts build(world *w, fy_graph *g, int which, const fy_optim *optim)
{
    parts p = { .xs = fy_input(g, "xs", FY_F32, FY_SHAPE(N, F)),
                .xt = fy_input(g, "xt", FY_F32, FY_SHAPE(N, F)) };
    p.fs = fy_model_apply(g, w->source, p.xs, FY_EVAL);
    p.ft = fy_model_apply(g, w->target, p.xt, FY_TRAIN);
    const fy_node both =
        fy_model_apply(g, w->critic, fy_concat2(g, 0, p.fs, fy_detach(g, p.ft)), FY_TRAIN);
    p.critic_loss = fy_mean_all(g, fy_cross_entropy(g, both, labels(g, 2 * N, 0, 1, N)));
    const fy_node called = fy_model_apply(g, w->critic, p.ft, FY_TRAIN);
    p.target_loss = fy_mean_all(g, fy_cross_entropy(g, called, labels(g, N, 0, 0, N)));
    if (which & CRITIC)
        fy_objective_moves_model(g, fy_objective_add(g, "critic", p.critic_loss, optim), w->critic,
                                 "*", NULL);
    if (which & TARGET)
        fy_objective_moves_model(g, fy_objective_add(g, "target", p.target_loss, optim), w->target,
                                 "*", NULL);
    assert_int_equal(fy_graph_status(g), FY_OK);
    return p;
}

static fy_plan *plan_of(world *w, int which, const fy_optim *optim, parts *p)
{
    fy_graph *g;
    fy_plan *plan;
    assert_int_equal(fy_graph_new(&g), FY_OK);
    *p = build(w, g, which, optim);
    fy_plan_opts o = fy_plan_defaults();
    if (fy_plan_new(g, w->dev, &o, &plan) != FY_OK)
        fail_msg("%s", fy_last_error());
    fy_graph_free(g);
    assert_int_equal(fy_plan_feed(plan, p->xs, w->xs), FY_OK);
    assert_int_equal(fy_plan_feed(plan, p->xt, w->xt), FY_OK);
    return plan;
}

static void step(fy_plan *p)
{
    if (fy_plan_step(p) != FY_OK)
        fail_msg("%s", fy_last_error());
}

static const char *hash(fy_model *m)
{
    static char hex[4][65];
    static int turn;
    turn = (turn + 1) % 4;
    assert_int_equal(fy_model_hash(m, hex[turn]), FY_OK);
    return hex[turn];
}

/* Two objectives in one plan do what two plans do, one after the other. */
static void objectives_run_in_order_and_see_each_other(void **state)
{
    const char *device = *state;
    const fy_optim sgd = fy_sgd(0.5f, 0.9f, 0);
    world *one = open_world(device), *two = open_world(device);
    parts p1, pc, pt;
    fy_plan *both = plan_of(one, CRITIC | TARGET, &sgd, &p1);
    fy_plan *critic = plan_of(two, CRITIC, &sgd, &pc), *target = plan_of(two, TARGET, &sgd, &pt);
    for (int i = 0; i < 5; i++) {
        step(both);
        step(critic);
        step(target);
        float a[2], b[2];
        assert_int_equal(fy_plan_read(both, p1.critic_loss, &a[0], 1), FY_OK);
        assert_int_equal(fy_plan_read(both, p1.target_loss, &a[1], 1), FY_OK);
        assert_int_equal(fy_plan_read(critic, pc.critic_loss, &b[0], 1), FY_OK);
        assert_int_equal(fy_plan_read(target, pt.target_loss, &b[1], 1), FY_OK);
        check_close(a, b, 2, 1e-5, 1e-6);
    }
    for (int i = 0; i < fy_model_count(one->target); i++) {
        float a[F * H], b[F * H];
        fy_param *x = fy_model_param(one->target, i), *y = fy_model_param(two->target, i);
        const int64_t n = fy_shape_numel(fy_param_shape(x));
        assert_int_equal(fy_param_read(x, a, n), FY_OK);
        assert_int_equal(fy_param_read(y, b, n), FY_OK);
        check_close(a, b, (size_t)n, 1e-4, 1e-6);
    }
    fy_plan_free(target);
    fy_plan_free(critic);
    fy_plan_free(both);
    close_world(two);
    close_world(one);
}

/* In whatever order outputs are listed, each shows what the first objective that needs it saw. */
static void outputs_do_not_change_the_order(void **state)
{
    const fy_optim sgd = fy_sgd(0.25f, 0, 0);
    for (int turn = 0; turn < 2; turn++) {
        fy_device *dev;
        fy_graph *g;
        fy_plan *plan;
        fy_param *a, *b;
        float one = 1, two = 2, got[2];
        check_ok(fy_device_open(*state, &dev));
        check_ok(fy_graph_new(&g));
        check_ok(fy_param_new("a", FY_SCALAR, &a));
        check_ok(fy_param_new("b", FY_SCALAR, &b));
        check_ok(fy_param_write(a, &one, 1));
        check_ok(fy_param_write(b, &two, 1));
        const fy_node na = fy_use(g, a), nb = fy_use(g, b);
        const fy_node size = fy_abs(g, na), product = fy_mul(g, na, nb);
        fy_objective_moves(g, fy_objective_add(g, "first", fy_square(g, na), &sgd), a, NULL);
        fy_objective_moves(g, fy_objective_add(g, "second", product, &sgd), b, NULL);
        const fy_node outputs[] = { turn ? size : product, turn ? product : size };
        const fy_plan_opts o = { .outputs = outputs, .n_outputs = 2 };
        check_ok(fy_plan_new(g, dev, &o, &plan));
        fy_graph_free(g);
        check_ok(fy_plan_step(plan));
        check_ok(fy_plan_read(plan, size, &got[0], 1));
        check_ok(fy_plan_read(plan, product, &got[1], 1));
        assert_true(got[0] == 1);        /* before a moved */
        assert_true(got[1] == 0.5f * 2); /* after it did: 1 - 0.25 * 2 */
        fy_plan_free(plan);
        fy_param_free(b);
        fy_param_free(a);
        fy_device_close(dev);
    }
}

/* A parameter that its objective's loss does not reach stays where it is, also when somebody reads it. */
static void an_unreached_parameter_can_be_read(void **state)
{
    const fy_optim sgd = fy_sgd(0.25f, 0, 0);
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    fy_param *a, *b;
    float one = 1, two = 2, got;
    check_ok(fy_device_open(*state, &dev));
    check_ok(fy_graph_new(&g));
    check_ok(fy_param_new("a", FY_SCALAR, &a));
    check_ok(fy_param_new("b", FY_SCALAR, &b));
    check_ok(fy_param_write(a, &one, 1));
    check_ok(fy_param_write(b, &two, 1));
    const fy_node out = fy_use(g, b);
    const fy_objective o = fy_objective_add(g, "task", fy_square(g, fy_use(g, a)), &sgd);
    fy_objective_moves(g, o, a, NULL);
    fy_objective_moves(g, o, b, NULL);
    const fy_plan_opts opts = { .outputs = &out, .n_outputs = 1 };
    check_ok(fy_plan_new(g, dev, &opts, &plan));
    fy_graph_free(g);
    check_ok(fy_plan_step(plan));
    check_ok(fy_plan_read(plan, out, &got, 1));
    assert_true(got == 2);
    fy_plan_free(plan);
    fy_param_free(b);
    fy_param_free(a);
    fy_device_close(dev);
}

static void only_what_an_objective_names_moves(void **state)
{
    const fy_optim adam = fy_adam(0.01f);
    world *w = open_world(*state);
    parts p;
    char source[65], target[65], critic[65];
    strcpy(source, hash(w->source));
    strcpy(target, hash(w->target));
    strcpy(critic, hash(w->critic));
    fy_plan *plan = plan_of(w, CRITIC, &adam, &p);
    step(plan);
    assert_string_equal(hash(w->source), source);
    assert_string_equal(hash(w->target), target);
    assert_string_not_equal(hash(w->critic), critic);
    fy_plan_free(plan);
    close_world(w);
}

static void a_step_allocates_nothing(void **state)
{
    const fy_optim adam = fy_adam(0.01f);
    world *w = open_world(*state);
    parts p;
    fy_plan *plan = plan_of(w, CRITIC | TARGET, &adam, &p);
    step(plan);
    const uint64_t before = fy_alloc_count();
    for (int i = 0; i < 10; i++)
        step(plan);
    assert_int_equal(fy_alloc_count() - before, 0);
    fy_plan_free(plan);
    close_world(w);
}

/* The target's features feed both objectives and no parameter of theirs has moved in between. */
static void unmoved_values_are_computed_once(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    parts p;
    fy_plan_info both, critic, target;
    fy_plan *plan = plan_of(w, CRITIC | TARGET, &sgd, &p);
    fy_plan_describe(plan, &both);
    fy_plan_free(plan);
    plan = plan_of(w, CRITIC, &sgd, &p);
    fy_plan_describe(plan, &critic);
    fy_plan_free(plan);
    plan = plan_of(w, TARGET, &sgd, &p);
    fy_plan_describe(plan, &target);
    fy_plan_free(plan);
    assert_true(both.n_kernels < critic.n_kernels + target.n_kernels);
    assert_true(both.activation_bytes < both.unplanned_bytes);
    close_world(w);
}

static void a_cut_value_is_fed_instead_of_computed(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    fy_graph *g;
    fy_plan *whole, *cut;
    float features[N * H], a, b;
    assert_int_equal(fy_graph_new(&g), FY_OK);
    const parts p = build(w, g, CRITIC, &sgd);
    assert_true(fy_node_is_frozen(g, p.fs));
    const fy_plan_opts want = { .outputs = &p.fs, .n_outputs = 1 },
                       feed = { .feeds = &p.fs, .n_feeds = 1 };
    assert_int_equal(fy_plan_new(g, w->dev, &want, &whole), FY_OK);
    assert_int_equal(fy_plan_new(g, w->dev, &feed, &cut), FY_OK);
    fy_graph_free(g);
    assert_int_equal(fy_plan_feed(whole, p.xs, w->xs), FY_OK);
    assert_int_equal(fy_plan_feed(whole, p.xt, w->xt), FY_OK);
    step(whole);
    assert_int_equal(fy_plan_read(whole, p.fs, features, N * H), FY_OK);
    assert_int_equal(fy_plan_read(whole, p.critic_loss, &a, 1), FY_OK);
    assert_int_equal(fy_model_init(w->critic, 3), FY_OK); /* as before the step */
    assert_int_equal(fy_plan_feed(cut, p.fs, features), FY_OK);
    assert_int_equal(fy_plan_feed(cut, p.xs, w->xs), FY_OK); /* dead now, and allowed */
    assert_int_equal(fy_plan_feed(cut, p.xt, w->xt), FY_OK);
    step(cut);
    assert_int_equal(fy_plan_read(cut, p.critic_loss, &b, 1), FY_OK);
    assert_true(fabsf(a - b) <= 1e-6f * fabsf(a));
    fy_plan_free(cut);
    fy_plan_free(whole);
    close_world(w);
}

/* Whoever moved a parameter last, every plan and reader sees the newest value. */
static void plans_share_parameters(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    parts p1, p2;
    float a, b, c;
    fy_plan *first = plan_of(w, CRITIC, &sgd, &p1), *second = plan_of(w, CRITIC, &sgd, &p2);
    step(first);
    step(second);
    assert_int_equal(fy_plan_read(first, p1.critic_loss, &a, 1), FY_OK);
    assert_int_equal(fy_plan_read(second, p2.critic_loss, &b, 1), FY_OK);
    assert_true(b < a); /* the second saw what the first did */
    assert_int_equal(fy_model_init(w->critic, 3), FY_OK);
    step(second);
    assert_int_equal(fy_plan_read(second, p2.critic_loss, &c, 1), FY_OK);
    assert_true(fabsf(a - c) <= 1e-6f * fabsf(a)); /* a written value is seen too */
    fy_plan_free(second);
    fy_plan_free(first);
    close_world(w);
}

static void state_survives_a_round_trip(void **state)
{
    const fy_optim adam = fy_adam(0.01f);
    world *w = open_world(*state);
    parts p;
    fy_plan *plan = plan_of(w, CRITIC, &adam, &p);
    step(plan);
    char once[65];
    float saved[32][2 * H * F];
    const int n = fy_plan_state_count(plan);
    assert_in_range(n, 1, 32);
    fy_model *copy;
    assert_int_equal(fy_model_clone(w->critic, "copy", &copy), FY_OK);
    for (int i = 0; i < n; i++)
        assert_int_equal(
            fy_plan_state_read(plan, i, saved[i], fy_shape_numel(fy_plan_state_shape(plan, i))),
            FY_OK);
    step(plan);
    strcpy(once, hash(w->critic));
    fy_plan_free(plan);
    assert_int_equal(fy_model_copy(w->critic, copy), FY_OK);
    plan = plan_of(w, CRITIC, &adam, &p);
    for (int i = 0; i < n; i++)
        assert_int_equal(
            fy_plan_state_write(plan, i, saved[i], fy_shape_numel(fy_plan_state_shape(plan, i))),
            FY_OK);
    step(plan);
    assert_string_equal(hash(w->critic), once);
    fy_model_free(copy);
    fy_plan_free(plan);
    close_world(w);
}

/* What would only be written: momentum that is 0. */
static void an_optimiser_keeps_only_what_it_reads(void **state)
{
    const struct {
        fy_optim optim;
        int per_param;
    } rows[] = { { fy_sgd(0.1f, 0, 0), 0 },
                 { fy_sgd(0.1f, 0, 0.1f), 0 },
                 { fy_sgd(0.1f, 0.5f, 0), 1 },
                 { fy_adam(0.1f), 2 },
                 { fy_adagrad(0.1f), 1 } };
    world *w = open_world(*state);
    for (size_t i = 0; i < LEN(rows); i++) {
        parts p;
        fy_plan *plan = plan_of(w, CRITIC, &rows[i].optim, &p);
        /* Besides the objective's step count. */
        assert_int_equal(fy_plan_state_count(plan),
                         1 + rows[i].per_param * fy_model_count(w->critic));
        step(plan);
        fy_plan_free(plan);
    }
    close_world(w);
}

/* Weights first, then what the optimiser keeps: an infinite second moment stops a weight without a trace. */
static void the_first_value_that_is_no_number_is_named(void **state)
{
    const fy_optim adam = fy_adam(0.01f);
    world *w = open_world(*state);
    parts p;
    fy_plan *plan = plan_of(w, CRITIC, &adam, &p);
    fyi_culprit found;
    float bias[H], v[2];
    step(plan);
    check_ok(fyi_plan_find_not_finite(plan, &found));
    assert_null(found.kind);
    for (int i = 0; i < fy_plan_state_count(plan); i++)
        if (strcmp(fy_plan_state_name(plan, i), "critic/critic.fc2.bias.exp_avg_sq") == 0) {
            check_ok(fy_plan_state_read(plan, i, v, 2));
            v[1] = INFINITY;
            check_ok(fy_plan_state_write(plan, i, v, 2));
        }
    check_ok(fyi_plan_find_not_finite(plan, &found));
    assert_string_equal(found.kind, "optimiser state");
    assert_string_equal(found.name, "critic/critic.fc2.bias.exp_avg_sq");
    assert_true(isinf(found.value));
    check_ok(fy_param_read(fy_model_find(w->critic, "fc1.bias"), bias, H));
    bias[3] = NAN;
    check_ok(fy_param_write(fy_model_find(w->critic, "fc1.bias"), bias, H));
    check_ok(fyi_plan_find_not_finite(plan, &found));
    assert_string_equal(found.kind, "parameter");
    assert_string_equal(found.name, "critic.fc1.bias");
    assert_true(isnan(found.value));
    fy_plan_free(plan);
    close_world(w);
}

/* How far each parameter of `m` is from where `before` (its clone) stands, at most. */
static float moved_by(fy_model *m, fy_model *before, const char *name)
{
    float a[2 * H * F], b[2 * H * F], most = 0;
    fy_param *p = fy_model_find(m, name), *q = fy_model_find(before, name);
    const int64_t n = fy_shape_numel(fy_param_shape(p));
    check_ok(fy_param_read(p, a, n));
    check_ok(fy_param_read(q, b, n));
    for (int64_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(a[i] - b[i]));
    return most;
}

static void groups_have_learning_rates_of_their_own(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    fy_graph *g;
    fy_plan *plan;
    fy_model *before;
    check_ok(fy_model_clone(w->critic, "before", &before));
    check_ok(fy_graph_new(&g));
    const parts p = build(w, g, 0, &sgd);
    const fy_objective o = fy_objective_add(g, "critic", p.critic_loss, &sgd);
    fy_objective_moves_model(g, o, w->critic, "fc1.*", "body");
    fy_objective_moves_model(g, o, w->critic, "fc2.*", NULL);
    check_ok(fy_plan_new(g, w->dev, NULL, &plan));
    fy_graph_free(g);
    check_ok(fy_plan_feed(plan, p.xs, w->xs));
    check_ok(fy_plan_feed(plan, p.xt, w->xt));
    check_ok(fy_plan_set(plan, "critic.body.lr", 0));
    step(plan);
    assert_true(moved_by(w->critic, before, "fc1.weight") == 0);
    assert_true(moved_by(w->critic, before, "fc2.weight") > 0);
    check_ok(fy_plan_set(plan, "critic.body.lr", 0.1f));
    step(plan);
    assert_true(moved_by(w->critic, before, "fc1.weight") > 0);
    fy_plan_free(plan);
    fy_model_free(before);
    close_world(w);
}

/* With plain SGD and lr 1 the step is the gradient, whose norm over all parameters is clipped. */
static void clipping_bounds_the_whole_gradient(void **state)
{
    fy_optim sgd = fy_sgd(1.0f, 0, 0);
    world *w = open_world(*state);
    fy_model *before;
    parts p;
    double norm = 0;
    sgd.clip_norm = 1e-3f;
    check_ok(fy_model_clone(w->critic, "before", &before));
    fy_plan *plan = plan_of(w, CRITIC, &sgd, &p);
    step(plan);
    for (int i = 0; i < fy_model_count(w->critic); i++) {
        float a[2 * H * F], b[2 * H * F];
        const int64_t n = fy_shape_numel(fy_param_shape(fy_model_param(w->critic, i)));
        check_ok(fy_param_read(fy_model_param(w->critic, i), a, n));
        check_ok(fy_param_read(fy_model_param(before, i), b, n));
        for (int64_t k = 0; k < n; k++)
            norm += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    }
    assert_true(fabs(sqrt(norm) - 1e-3) < 2e-5);
    fy_plan_free(plan);
    fy_model_free(before);
    close_world(w);
}

/* Batch norm's running statistics follow the batches only where an objective names them. */
static fy_node with_norm(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fy_layer_linear(l, "fc", fy_layer_batch_norm(l, "bn", x), o->n_classes, true);
}

static void running_statistics_move_only_when_named(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    const fy_model_opts o = { .input = FY_SHAPE(F), .n_classes = 2 };
    static const char *const globs[] = { "fc.*", "*" };
    for (int named = 0; named < 2; named++) {
        world *w = open_world(*state);
        fy_model *m, *before;
        fy_graph *g;
        fy_plan *plan;
        check_ok(fy_model_new("m", with_norm, &o, &m));
        check_ok(fy_model_clone(m, "before", &before));
        check_ok(fy_graph_new(&g));
        const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(N, F));
        const fy_node y = fy_model_apply(g, m, x, FY_TRAIN);
        const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, y, labels(g, N, 0, 1, N / 2)));
        fy_objective_moves_model(g, fy_objective_add(g, "task", loss, &sgd), m, globs[named], NULL);
        check_ok(fy_plan_new(g, w->dev, NULL, &plan));
        fy_graph_free(g);
        check_ok(fy_plan_feed(plan, x, w->xs));
        step(plan);
        assert_int_equal(moved_by(m, before, "bn.running_mean") > 0, named);
        assert_int_equal(moved_by(m, before, "bn.running_var") > 0, named);
        assert_true(moved_by(m, before, "fc.weight") > 0);
        fy_plan_free(plan);
        fy_model_free(before);
        fy_model_free(m);
        close_world(w);
    }
}

/* ---- mistakes -------------------------------------------------------------------------------------------- */

static void a_loss_must_be_a_scalar(void **state)
{
    (void)state;
    fy_graph *g;
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    assert_int_equal(fy_graph_new(&g), FY_OK);
    fy_objective_add(g, "task", fy_input(g, "x", FY_F32, FY_SHAPE(3, 2)), &sgd);
    assert_int_equal(fy_graph_status(g), FY_ESHAPE);
    assert_non_null(strstr(fy_last_error(), "f32[3, 2]"));
    fy_graph_free(g);
}

static void an_objective_must_reach_what_it_moves(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    fy_graph *g;
    fy_plan *plan;
    assert_int_equal(fy_graph_new(&g), FY_OK);
    const parts p = build(w, g, 0, &sgd);
    fy_objective_moves_model(g, fy_objective_add(g, "critic", p.critic_loss, &sgd), w->target,
                             "fc1.*", NULL);
    assert_int_equal(fy_plan_new(g, w->dev, NULL, &plan), FY_EINVAL);
    assert_null(plan);
    assert_non_null(strstr(fy_last_error(), "target.fc1.weight"));
    fy_graph_free(g);
    close_world(w);
}

static void unknown_names_are_answered_with_near_ones(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    parts p;
    fy_plan *plan = plan_of(w, CRITIC, &sgd, &p);
    assert_int_equal(fy_plan_set(plan, "critc.lr", 1), FY_EINVAL);
    assert_non_null(strstr(fy_last_error(), "critic.lr"));
    float lr;
    assert_int_equal(fy_plan_set(plan, "critic.lr", 0.25f), FY_OK);
    assert_int_equal(fy_plan_get(plan, "critic.lr", &lr), FY_OK);
    assert_true(lr == 0.25f);
    fy_plan_free(plan);
    close_world(w);
}

static void an_input_that_was_not_fed_is_named(void **state)
{
    const fy_optim sgd = fy_sgd(0.1f, 0, 0);
    world *w = open_world(*state);
    fy_graph *g;
    fy_plan *plan;
    assert_int_equal(fy_graph_new(&g), FY_OK);
    (void)build(w, g, CRITIC, &sgd);
    assert_int_equal(fy_plan_new(g, w->dev, NULL, &plan), FY_OK);
    assert_int_equal(fy_plan_step(plan), FY_EINVAL);
    assert_non_null(strstr(fy_last_error(), "'xs'"));
    assert_int_equal(fy_plan_steps(plan), 0); /* it never began */
    fy_plan_free(plan);
    fy_graph_free(g);
    close_world(w);
}

#define ON(test, device)                                                 \
    {                                                                    \
#test " on " device, test, NULL, NULL, (void *)(uintptr_t)device \
    }
#define BOTH(test) ON(test, "ref"), ON(test, "cpu")

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(objectives_run_in_order_and_see_each_other),
        BOTH(outputs_do_not_change_the_order),
        BOTH(an_unreached_parameter_can_be_read),
        BOTH(only_what_an_objective_names_moves),
        BOTH(a_step_allocates_nothing),
        BOTH(unmoved_values_are_computed_once),
        BOTH(a_cut_value_is_fed_instead_of_computed),
        BOTH(plans_share_parameters),
        ON(state_survives_a_round_trip, "cpu"), /* ref's own state is f64, and comes out as f32 */
        BOTH(an_optimiser_keeps_only_what_it_reads),
        BOTH(the_first_value_that_is_no_number_is_named),
        BOTH(groups_have_learning_rates_of_their_own),
        BOTH(clipping_bounds_the_whole_gradient),
        BOTH(running_statistics_move_only_when_named),
        ON(a_loss_must_be_a_scalar, "ref"),
        ON(an_objective_must_reach_what_it_moves, "ref"),
        ON(unknown_names_are_answered_with_near_ones, "ref"),
        ON(an_input_that_was_not_fed_is_named, "ref"),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
