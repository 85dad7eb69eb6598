/* Guards plans within a limit of memory: the same bytes of everything that is trained, in less memory, whatever is computed
 * twice: norms with their statistics, dropout, pooling, residuals, and objectives that move what others read. */
#include "support/support.h"

#include <ferry/ferry.h>

#include <string.h>

enum { N = 4, C = 8, HW = 10, K = 5, STEPS = 5 };

/* ---- networks ------------------------------------------------------------------------------------------------- */

static fy_node conv(fy_layers *l, const char *name, fy_node x, int64_t groups, bool bias)
{
    fy_conv_opts same = fy_conv_defaults();
    same.pad[0] = same.pad[1] = 1;
    same.groups = groups;
    return fy_layer_conv2d(l, name, x, C, 3, &same, bias);
}

static fy_node head(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fy_layer_linear(l, "fc", fy_global_avg_pool(fy_layers_graph(l), x), o->n_classes, true);
}

static fy_node norm(fy_layers *l, const char *name, fy_node x)
{
    char bn[16];
    (void)snprintf(bn, sizeof bn, "%s_bn", name);
    return fy_layer_batch_norm(l, bn, x);
}

static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

static fy_node chain(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    for (size_t i = 0; i < LEN(names); i++)
        x = fy_relu(fy_layers_graph(l), norm(l, names[i], conv(l, names[i], x, 1, false)));
    return head(l, o, x);
}

static fy_node residual(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    x = conv(l, "stem", x, 1, false);
    for (size_t i = 0; i < LEN(names); i++)
        x = fy_relu(g, fy_add(g, norm(l, names[i], conv(l, names[i], x, 1, false)), x));
    return head(l, o, x);
}

static fy_node bottleneck(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    for (size_t i = 0; i + 1 < LEN(names); i += 2) {
        const fy_node wide = norm(l, names[i], conv(l, names[i], x, 1, false));
        const fy_node deep = conv(l, names[i + 1], fy_clip(g, wide, 0, 6), C, false);
        x = norm(l, names[i + 1], deep);
        x = i ? fy_add(g, x, wide) : x;
    }
    return head(l, o, x);
}

static fy_node plain(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    const fy_pool_opts halve = fy_pool_defaults(2);
    for (size_t i = 0; i < LEN(names); i++) {
        x = fy_relu(g, conv(l, names[i], x, 1, true));
        x = i == 2 ? fy_max_pool2d(g, x, &halve) : x;
    }
    return head(l, o, x);
}

static fy_node dropping(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    for (size_t i = 0; i < LEN(names); i++)
        x = fy_layer_dropout(l, fy_sigmoid(g, conv(l, names[i], x, 1, true)), 0.3f);
    return head(l, o, x);
}

static fy_node dense(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    for (size_t i = 0; i < 5; i++) {
        const fy_node y = fy_tanh(g, conv(l, names[i], x, 1, true));
        x = fy_concat2(g, 1, x, y);
    }
    return head(l, o, x);
}

/* Views of what is dropped: where an image looks. */
static fy_node reshaped(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    for (size_t i = 0; i < LEN(names); i++) {
        const fy_node y = fy_relu(g, conv(l, names[i], x, 1, true));
        const fy_shape s = fy_node_shape(g, y);
        const fy_node p = fy_softmax(g, fy_reshape(g, y, FY_SHAPE(s.d[0] * C, HW * HW)));
        x = fy_add(g, y, fy_reshape(g, p, s));
    }
    return head(l, o, x);
}

/* ---- training ---------------------------------------------------------------------------------------------------- */

typedef struct world {
    const char *device;
    fy_build_fn net;
    fy_device *dev;
    fy_model *model, *source, *critic;
    fy_node x, loss;
} world;

static fy_node labels(fy_graph *g, int64_t n, int32_t first, int32_t rest)
{
    int32_t y[2 * N];
    for (int64_t i = 0; i < n; i++)
        y[i] = i < n / 2 ? first : rest;
    return fy_constant(g, FY_I32, FY_SHAPE(n), y);
}

static void classify(world *w, fy_graph *g)
{
    fy_optim o = fy_sgd(0.05f, 0.9f, 1e-3f);
    o.clip_norm = 1;
    const fy_node logits = fy_model_apply(g, w->model, w->x, FY_TRAIN);
    w->loss = fy_mean_all(g, fy_cross_entropy(g, logits, labels(g, N, 1, 2)));
    const fy_objective task = fy_objective_add(g, "task", w->loss, &o);
    fy_objective_moves_model(g, task, w->model, "*", NULL);
    fy_objective_average(g, task, 0.9);
}

/* As ADDA does: a critic tells the results of a frozen model from those of one that learns to deceive it. */
static void deceive(world *w, fy_graph *g)
{
    const fy_optim o = fy_adam(1e-2f);
    const fy_node hs = fy_model_apply(g, w->source, w->x, FY_EVAL);
    const fy_node ht = fy_model_apply(g, w->model, w->x, FY_TRAIN);
    const fy_node both = fy_concat2(g, 0, hs, fy_detach(g, ht));
    const fy_node told = fy_model_apply(g, w->critic, both, FY_TRAIN);
    const fy_node called = fy_model_apply(g, w->critic, ht, FY_TRAIN);
    const fy_node caught = fy_mean_all(g, fy_cross_entropy(g, told, labels(g, 2 * N, 0, 1)));
    w->loss = fy_mean_all(g, fy_cross_entropy(g, called, labels(g, N, 0, 0)));
    fy_objective_moves_model(g, fy_objective_add(g, "critic", caught, &o), w->critic, "*", NULL);
    fy_objective_moves_model(g, fy_objective_add(g, "target", w->loss, &o), w->model, "*", NULL);
}

static fy_node critic(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    x = fy_layer_dropout(l, fy_relu(g, fy_layer_linear(l, "fc1", x, 16, true)), 0.5f);
    return fy_layer_linear(l, "fc2", x, o->n_classes, true);
}

static void open_world(world *w)
{
    fy_model_opts o = fy_model_defaults();
    o.input = FY_SHAPE(C, HW, HW);
    o.n_classes = K;
    o.seed = 3;
    check_ok(fy_device_open(w->device, &w->dev));
    check_ok(fy_model_new("model", w->net, &o, &w->model));
    check_ok(fy_model_clone(w->model, "source", &w->source));
    o.input = FY_SHAPE(K);
    o.n_classes = 2;
    check_ok(fy_model_new("critic", critic, &o, &w->critic));
}

static void close_world(world *w)
{
    fy_model_free(w->critic);
    fy_model_free(w->source);
    fy_model_free(w->model);
    fy_device_close(w->dev);
}

typedef void (*objectives)(world *w, fy_graph *g);

static fy_status plan_of(world *w, objectives add, size_t memory, fy_plan **plan)
{
    fy_graph *g;
    check_ok(fy_graph_new(&g));
    w->x = fy_input(g, "x", FY_F32, FY_SHAPE(N, C, HW, HW));
    add(w, g);
    const fy_plan_opts o = { .outputs = &w->loss, .n_outputs = 1, .seed = 11, .memory = memory };
    const fy_status st = fy_plan_new(g, w->dev, &o, plan);
    fy_graph_free(g);
    return st;
}

/* What training leaves behind. */
typedef struct trained {
    float loss[STEPS];
    char model[65], critic[65];
    float state[1 << 16];
    int64_t n_state;
    fy_plan_info info;
} trained;

static void read_state(fy_plan *plan, trained *t)
{
    for (int i = 0; i < fy_plan_state_count(plan); i++) {
        const int64_t n = fy_shape_numel(fy_plan_state_shape(plan, i));
        assert_true(t->n_state + n <= (int64_t)LEN(t->state));
        check_ok(fy_plan_state_read(plan, i, t->state + t->n_state, n));
        t->n_state += n;
    }
}

static void take_steps(world *w, fy_plan *plan, trained *t)
{
    float x[N * C * HW * HW];
    fy_rng r = fy_rng_named(5, "x");
    check_ok(fy_plan_feed(plan, w->x, x));
    for (int k = 0; k < STEPS; k++) {
        for (size_t i = 0; i < LEN(x); i++)
            x[i] = fy_rng_normal(&r);
        check_ok(fy_plan_step(plan));
        check_ok(fy_plan_read(plan, w->loss, &t->loss[k], 1));
    }
}

static void train(const char *device, fy_build_fn net, objectives add, size_t memory, trained *t)
{
    world w = { .device = device, .net = net };
    fy_plan *plan;
    memset(t, 0, sizeof *t);
    open_world(&w);
    check_ok(plan_of(&w, add, memory, &plan));
    fy_plan_describe(plan, &t->info);
    take_steps(&w, plan, t);
    read_state(plan, t);
    fy_plan_free(plan);
    check_ok(fy_model_hash(w.model, t->model));
    check_ok(fy_model_hash(w.critic, t->critic));
    close_world(&w);
}

/* ---- tests --------------------------------------------------------------------------------------------------------- */

static const struct limited_case {
    const char *name, *why;
    fy_build_fn net;
    objectives add;
    double least; /* of the block that has to do */
} cases[] = {
    { "a chain", "norm and activation come back from the convolution", chain, classify, 0.6 },
    { "residuals", "what is added was dropped too", residual, classify, 0.7 },
    { "bottlenecks", "a sum without an activation; depthwise; ReLU6", bottleneck, classify, 0.7 },
    { "convolutions", "only they are there to be computed again; pooling's index", plain, classify,
      0.9 },
    { "dropout", "the same numbers are drawn again", dropping, classify, 0.6 },
    { "concatenations", "a value with many late readers", dense, classify, 0.9 },
    { "views", "a copy of what a view looks at needs a view of its own", reshaped, classify, 0.6 },
    { "two objectives", "the critic is overwritten before the target's gradient", chain, deceive,
      0.6 },
    { "two, dropout", "one mask in both", dropping, deceive, 0.6 },
};

static void check_same(const trained *a, const trained *b)
{
    assert_memory_equal(a->loss, b->loss, sizeof a->loss);
    assert_string_equal(a->model, b->model);
    assert_string_equal(a->critic, b->critic);
    assert_int_equal(a->n_state, b->n_state);
    assert_memory_equal(a->state, b->state, sizeof a->state);
}

static void check_limited(const struct limited_case *c, const char *device)
{
    static trained whole, limited;
    train(device, c->net, c->add, 0, &whole);
    const size_t block = whole.info.activation_bytes;
    const size_t limit = whole.info.total_bytes - block + (size_t)(c->least * (double)block);
    train(device, c->net, c->add, limit, &limited);
    check_same(&whole, &limited);
    assert_int_equal(whole.info.n_recomputed, 0);
    assert_int_equal(whole.info.unlimited_bytes, whole.info.total_bytes);
    assert_int_equal(limited.info.unlimited_bytes, whole.info.total_bytes);
    assert_true(limited.info.total_bytes <= limit);
    assert_in_range(limited.info.n_recomputed, 1, whole.info.n_values);
    assert_int_equal(limited.info.n_values, whole.info.n_values + limited.info.n_recomputed);
    assert_true(limited.info.recompute_frac > 0 && limited.info.recompute_frac < 0.7);
}

static void less_memory_gives_the_same_bytes(void **state)
{
    const struct limited_case *c = *state;
    check_limited(c, "cpu");
    check_limited(c, "ref");
}

static void what_fits_is_left_alone(void **state)
{
    (void)state;
    static trained whole, same;
    train("cpu", chain, classify, 0, &whole);
    train("cpu", chain, classify, whole.info.total_bytes, &same);
    assert_int_equal(same.info.n_recomputed, 0);
    assert_int_equal(same.info.activation_bytes, whole.info.activation_bytes);
    check_same(&whole, &same);
}

static void the_smallest_plan_says_what_it_needs(void **state)
{
    (void)state;
    world w = { .device = "cpu", .net = chain };
    fy_plan *plan = NULL;
    open_world(&w);
    check_status(plan_of(&w, classify, 2000, &plan), FY_ENOMEM);
    assert_null(plan);
    check_sentence("plan: computing as much as possible twice it needs ");
    check_sentence(" hold parameters and optimiser state, and memory is 2.0 KiB; take a smaller "
                   "batch or smaller samples, or give it more");
    close_world(&w);
}

static void a_step_allocates_nothing_and_the_text_tells(void **state)
{
    (void)state;
    static trained whole, t;
    world w = { .device = "cpu", .net = chain };
    char text[65536];
    fy_plan *plan;
    train("cpu", chain, classify, 0, &whole);
    open_world(&w);
    check_ok(plan_of(&w, classify, whole.info.total_bytes * 8 / 10, &plan));
    take_steps(&w, plan, &t);
    const int64_t before = fy_alloc_count();
    check_ok(fy_plan_step(plan));
    assert_int_equal(fy_alloc_count() - before, 0);
    assert_true(fy_plan_text(plan, text, sizeof text) < sizeof text);
    check_contains(text, " again ");
    check_contains(text, "memory: ");
    check_contains(text, " values computed twice (+");
    fy_plan_free(plan);
    close_world(&w);
}

/* Nothing is trained: a long connection past what needs most. */
static void leap(world *w, fy_graph *g)
{
    const fy_node far = fy_exp(g, w->x);
    fy_node y = fy_concat2(g, 1, far, fy_tanh(g, far));
    for (int i = 0; i < 4; i++)
        y = fy_tanh(g, fy_concat2(g, 1, y, fy_sigmoid(g, y)));
    w->loss = fy_mean_all(g, fy_mul(g, fy_slice(g, y, 1, 0, C), far));
}

static void a_plan_without_objectives_can_be_limited_too(void **state)
{
    (void)state;
    static trained whole, limited;
    train("cpu", chain, leap, 0, &whole);
    train("cpu", chain, leap, whole.info.total_bytes - 4 * N * C * HW * HW, &limited);
    assert_true(limited.info.n_recomputed >= 1);
    assert_memory_equal(whole.loss, limited.loss, sizeof whole.loss);
}

/* ---- memory that is really short ------------------------------------------------------------------------------------ */

typedef struct attempt {
    world *w;
    size_t memory;
} attempt;

static fy_node wide(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    fy_graph *g = fy_layers_graph(l);
    x = fy_tanh(g, fy_sigmoid(g, fy_tanh(g, conv(l, "a", x, 1, true))));
    return head(l, o, x);
}

static fy_status compile(void *arg)
{
    const attempt *a = arg;
    fy_graph *g = NULL;
    fy_plan *plan = NULL;
    fy_status st = fy_graph_new(&g);
    if (st == FY_OK) {
        a->w->x = fy_input(g, "x", FY_F32, FY_SHAPE(N, C, HW, HW));
        classify(a->w, g);
        const fy_plan_opts o = { .memory = a->memory };
        st = fy_plan_new(g, a->w->dev, &o, &plan);
    }
    fy_plan_free(plan);
    fy_graph_free(g);
    return st;
}

/* All that an unlimited plan takes is not asked about here. Without memory to ask a kernel, fusion does without its pattern and placing takes the next one: an attempt may get
 * through, or find no kernel. */
static bool survives(attempt *a, uint64_t n, enum fyt_fail how)
{
    fyt_fail_alloc(n, how);
    const fy_status st = compile(a);
    const bool has_failed = fyt_fail_alloc_off();
    assert_int_equal(fyt_live_allocs(), 0);
    assert_true(st == FY_OK || st == FY_ENOMEM || st == FY_ENOKERNEL);
    return !has_failed;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static trained whole;
    world w = { .device = "ref", .net = wide };
    train("ref", wide, classify, 0, &whole);
    open_world(&w);
    attempt a = { &w, 0 };
    check_ok(compile(&a)); /* from here on the parameters have their memory */
    const uint64_t before = fy_alloc_count();
    check_ok(compile(&a));
    const uint64_t unlimited = fy_alloc_count() - before;
    a.memory = whole.info.total_bytes - whole.info.activation_bytes / 8;
    for (int how = FYT_ONCE; how <= FYT_AND_LATER; how++)
        for (uint64_t n = unlimited; !survives(&a, n, (enum fyt_fail)how); n++)
            assert_true(n < 20 * unlimited);
    close_world(&w);
}

int main(void)
{
    struct CMUnitTest tests[LEN(cases) + 5];
    size_t n = 0;
    for (size_t i = 0; i < LEN(cases); i++)
        tests[n++] = (struct CMUnitTest){ cases[i].name, less_memory_gives_the_same_bytes, NULL,
                                          NULL, (void *)(uintptr_t)&cases[i] };
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(what_fits_is_left_alone);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(the_smallest_plan_says_what_it_needs);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_step_allocates_nothing_and_the_text_tells);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_plan_without_objectives_can_be_limited_too);
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(every_allocation_may_fail);
    return cmocka_run_group_tests_name("recompute", tests, NULL, NULL);
}
