/* supervised.c: S1's encoder and a classifier, plain SGD step, 64 images. */
#include "bench.h"

#define BATCH 64

fy_status begin_supervised(bench *b)
{
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    fy_graph *g = b->g;
    fy_model *net;
    fy_status st;
    b->step_images = BATCH;
    FY_TRY(bench_open_model("digits_encoder", "encoder", FY_SHAPE(1, 28, 28), 2, &net));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node logits = fy_model_apply(g, net, x, FY_TRAIN);
    const fy_node loss =
        fy_mean_all(g, fy_cross_entropy(g, logits, bench_halves(g, BATCH, BATCH / 2)));
    const fy_objective task = fy_objective_add(g, "task", loss, &sgd);
    fy_objective_moves_model(g, task, net, "*", NULL);
    FY_TRY(bench_plan(b, NULL));
    FY_TRY(fy_plan_feed(b->plan, x, bench_noise(BATCH * 784)));
done:
    return st;
}
