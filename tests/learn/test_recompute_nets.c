/* Guards limits of memory on whole families: five steps in less memory give the same bytes of every parameter and running
 * statistic.
 * labels: slow */
#include "support/support.h"

#include <ferry/ferry.h>

#include <stdlib.h>
#include <string.h>

enum { STEPS = 5, CLASSES = 10 };

static const struct net_case {
    const char *family;
    int64_t hw, batch;
    double least; /* of the block that has to do */
} cases[] = {
    { "resnet20_cifar", 32, 8, 0.5 },
    { "mobilenet_v2", 64, 8, 0.5 },
    { "resnet18", 128, 8, 0.92 }, /* most of the rest are gradients, for so small pictures */
};

typedef struct trained {
    float loss[STEPS];
    char hash[65];
    fy_plan_info info;
} trained;

static void take_steps(const struct net_case *c, fy_plan *plan, fy_node x, fy_node loss, trained *t)
{
    const int64_t n = c->batch * 3 * c->hw * c->hw;
    float *v = malloc((size_t)n * sizeof *v);
    fy_rng r = fy_rng_named(5, "x");
    assert_non_null(v);
    check_ok(fy_plan_feed(plan, x, v));
    for (int k = 0; k < STEPS; k++) {
        for (int64_t i = 0; i < n; i++)
            v[i] = fy_rng_normal(&r);
        check_ok(fy_plan_step(plan));
        check_ok(fy_plan_read(plan, loss, &t->loss[k], 1));
    }
    free(v);
}

static fy_node build(const struct net_case *c, fy_graph *g, fy_model *m, fy_node *x)
{
    const fy_optim sgd = fy_sgd(0.01f, 0.9f, 1e-4f);
    int32_t y[16];
    for (int i = 0; i < 16; i++)
        y[i] = i % CLASSES;
    *x = fy_input(g, "x", FY_F32, FY_SHAPE(c->batch, 3, c->hw, c->hw));
    const fy_node labels = fy_constant(g, FY_I32, FY_SHAPE(c->batch), y);
    const fy_node logits = fy_model_apply(g, m, *x, FY_TRAIN);
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, logits, labels));
    fy_objective_moves_model(g, fy_objective_add(g, "task", loss, &sgd), m, "*", NULL);
    return loss;
}

static void train(const struct net_case *c, size_t memory, trained *t)
{
    fy_model_opts o = fy_model_defaults();
    fy_device *dev;
    fy_model *m;
    fy_graph *g;
    fy_plan *plan;
    fy_node x;
    o.input = FY_SHAPE(3, c->hw, c->hw);
    o.n_classes = CLASSES;
    o.seed = 3;
    check_ok(fy_device_open("cpu", &dev));
    check_ok(fy_model_open(c->family, "m", &o, &m));
    check_ok(fy_graph_new(&g));
    const fy_node loss = build(c, g, m, &x);
    const fy_plan_opts limited = { .seed = 7, .memory = memory };
    check_ok(fy_plan_new(g, dev, &limited, &plan));
    fy_graph_free(g);
    fy_plan_describe(plan, &t->info);
    take_steps(c, plan, x, loss, t);
    fy_plan_free(plan);
    check_ok(fy_model_hash(m, t->hash));
    fy_model_free(m);
    fy_device_close(dev);
}

static void less_memory_gives_the_same_bytes(void **state)
{
    const struct net_case *c = *state;
    trained whole, limited;
    train(c, 0, &whole);
    const size_t block = whole.info.activation_bytes;
    const size_t limit = whole.info.total_bytes - block + (size_t)(c->least * (double)block);
    train(c, limit, &limited);
    assert_memory_equal(whole.loss, limited.loss, sizeof whole.loss);
    assert_string_equal(whole.hash, limited.hash);
    assert_true(limited.info.total_bytes <= limit);
    assert_true(limited.info.recompute_frac > 0 && limited.info.recompute_frac < 0.35);
}

int main(void)
{
    struct CMUnitTest tests[LEN(cases)];
    for (size_t i = 0; i < LEN(cases); i++)
        tests[i] = (struct CMUnitTest){ cases[i].family, less_memory_gives_the_same_bytes, NULL,
                                        NULL, (void *)(uintptr_t)&cases[i] };
    return cmocka_run_group_tests_name("recompute_nets", tests, NULL, NULL);
}
