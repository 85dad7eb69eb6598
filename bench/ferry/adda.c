/* adda.c: one step of ADDA: the critic's SGD step, then the target encoder's, 64 + 64 images. The frozen source
 * encoder's features are cached, as a stage does; --live computes them. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 64
#define ROWS 256 /* cached samples to gather from */
#define WIDTH 512

typedef struct adda {
    fy_model *source, *target, *critic;
    float *cache, *gathered; /* [ROWS, WIDTH], [BATCH, WIDTH] */
    uint64_t steps;
} adda;

/* Cached features reach the step as a stage hands them over: row by row, by sample number. */
static fy_status step_cached(bench *b)
{
    adda *a = b->state;
    for (uint64_t i = 0; i < BATCH; i++)
        memcpy(a->gathered + i * WIDTH, a->cache + (a->steps * 37 + i * 17) % ROWS * WIDTH,
               WIDTH * sizeof *a->cache);
    a->steps++;
    return fy_plan_step(b->plan);
}

static fy_status use_cache(bench *b, adda *a, fy_node features)
{
    a->cache = bench_noise(ROWS * WIDTH);
    a->gathered = malloc(BATCH * WIDTH * sizeof *a->gathered);
    if (!a->cache || !a->gathered)
        return fy_error(FY_ENOMEM, "no memory for cached features");
    b->step = step_cached;
    return fy_plan_feed(b->plan, features, a->gathered);
}

static fy_status open_models(adda *a)
{
    fy_status st;
    FY_TRY(bench_open_model("digits_encoder", "source", FY_SHAPE(1, 28, 28), 0, &a->source));
    FY_TRY(fy_model_clone(a->source, "target", &a->target));
    FY_TRY(bench_open_model("critic", "critic", FY_SHAPE(WIDTH), 2, &a->critic));
done:
    return st;
}

fy_status begin_adda(bench *b)
{
    static adda a;
    fy_graph *g = b->g;
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    fy_status st;
    b->state = &a;
    b->step_images = 2 * BATCH;
    FY_TRY(open_models(&a));
    const fy_node xs = fy_input(g, "xs", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node xt = fy_input(g, "xt", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node fs = fy_model_apply(g, a.source, xs, FY_EVAL);
    const fy_node ft = fy_model_apply(g, a.target, xt, FY_TRAIN);
    const fy_node both =
        fy_model_apply(g, a.critic, fy_concat2(g, 0, fs, fy_detach(g, ft)), FY_TRAIN);
    const fy_node critic_loss =
        fy_mean_all(g, fy_cross_entropy(g, both, bench_halves(g, 2 * BATCH, BATCH)));
    const fy_node called = fy_model_apply(g, a.critic, ft, FY_TRAIN);
    const fy_node target_loss =
        fy_mean_all(g, fy_cross_entropy(g, called, bench_halves(g, BATCH, BATCH)));
    const fy_objective critic = fy_objective_add(g, "critic", critic_loss, &sgd);
    fy_objective_moves_model(g, critic, a.critic, "*", NULL);
    const fy_objective target = fy_objective_add(g, "target", target_loss, &sgd);
    fy_objective_moves_model(g, target, a.target, "*", NULL);
    const fy_plan_opts o = { .feeds = &fs, .n_feeds = b->live ? 0 : 1 };
    FY_TRY(bench_plan(b, &o));
    FY_TRY(fy_plan_feed(b->plan, xs, bench_noise(BATCH * 784)));
    FY_TRY(fy_plan_feed(b->plan, xt, bench_noise(BATCH * 784)));
    if (!b->live)
        FY_TRY(use_cache(b, &a, fs));
done:
    return st;
}
