/* train.c: a family as it was published, all of it moving: one SGD step on a constant batch. */
#include "bench.h"

#include <string.h>

typedef struct train {
    fy_model *net;
    fy_node loss;
} train;

static const struct kind {
    const char *workload, *family;
    int64_t batch;
} kinds[] = {
    { "resnet18-train", "resnet18", 32 },
    { "mobilenet-train", "mobilenet_v2", 32 },
    { "cnn-train", "cnn", 64 },
};

static const struct kind *find_kind(const char *workload)
{
    const struct kind *k = kinds;
    while (strcmp(k->workload, workload) != 0)
        k++;
    return k;
}

/* Dropout is left out where results are to be compared: masks differ. */
static fy_status open_net(const bench *b, const char *family, fy_model **net, fy_model_opts *o)
{
    fy_status st;
    FY_TRY(fy_model_family_defaults(family, o));
    if (b->values)
        o->dropout = 0;
    FY_TRY(fy_model_open(family, "net", o, net));
done:
    return st;
}

static fy_status put_loss(bench *b)
{
    const train *t = b->state;
    return bench_put_loss(b, t->loss);
}

fy_status begin_train(bench *b)
{
    static train t;
    const struct kind *k = find_kind(b->workload);
    const int64_t batch = b->batch ? b->batch : k->batch;
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    fy_graph *g = b->g;
    fy_model_opts o;
    fy_status st;
    b->state = &t;
    b->step_images = batch;
    b->result = put_loss;
    FY_TRY(open_net(b, k->family, &t.net, &o));
    const fy_shape shape = fy_shape_batch(batch, &o.input);
    const float *images = bench_noise(fy_shape_numel(&shape));
    const fy_node x = fy_input(g, "x", FY_F32, shape);
    const fy_node logits = fy_model_apply(g, t.net, x, FY_TRAIN);
    t.loss = fy_mean_all(g, fy_cross_entropy(g, logits, bench_spread(g, batch, o.n_classes)));
    const fy_objective task = fy_objective_add(g, "task", t.loss, &sgd);
    fy_objective_moves_model(g, task, t.net, "*", NULL);
    FY_TRY(bench_share(b, t.net, shape, images));
    FY_TRY(bench_plan(b, NULL));
    FY_TRY(fy_plan_feed(b->plan, x, images));
done:
    return st;
}
