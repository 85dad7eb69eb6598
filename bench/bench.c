/* bench.c: Ferry's side of the comparison with PyTorch (bench/compare.py runs both). One workload
 * a run, constant synthetic batches, and one JSON line per figure: images_per_s and steps_per_s
 * (median over timed blocks), startup_s (process start until the first step is done), peak_rss_mib.
 *
 *   bench adda        one step of ADDA: the critic's SGD step, then the target encoder's, 64 + 64
 *                     images. The frozen source encoder's features are cached, as a stage does;
 *                     --live computes them
 *   bench supervised  encoder and classifier, plain SGD step, 64 images
 *
 * --spawned NS: the parent's CLOCK_MONOTONIC when it started this process. --first: stop after one
 * step. --bf16: products in bf16. --block-s S: seconds of a timed block (1). --plan prints the launches. */
#include <ferry/ferry.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define BATCH 64
#define BLOCKS 7
#define ROWS 256 /* cached samples to gather from */

typedef struct bench {
    const char *workload;
    bool live, bf16, show_plan, first_only;
    double spawned_s, block_s;
    fy_device *dev;
    fy_model *source, *target, *classifier, *critic;
    fy_plan *plan;
    fy_node features;        /* cut value of the source encoder; none when live */
    float *cache, *gathered; /* [ROWS, 512], [BATCH, 512] */
    uint64_t steps;
    int64_t images; /* per step */
} bench;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fy_status open_model(const char *family, const char *name, fy_shape input, int64_t classes,
                            fy_model **m)
{
    fy_model_opts o = fy_model_defaults();
    o.input = input;
    o.n_classes = classes;
    return fy_model_open(family, name, &o, m);
}

/* Uniform with mean 0 and deviation 1: as good as normal here, and drawn much faster. */
static const float *noise(int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    fy_rng r = fy_rng_named(1, "bench");
    for (int64_t i = 0; x && i < n; i++)
        x[i] = (2 * fy_rng_uniform(&r) - 1) * 1.7320508f;
    return x;
}

static fy_node labels(fy_graph *g, int n, int n_first)
{
    int32_t y[2 * BATCH];
    for (int i = 0; i < n; i++)
        y[i] = i >= n_first;
    return fy_constant(g, FY_I32, FY_SHAPE(n), y);
}

static fy_status build_adda(bench *b, fy_graph *g)
{
    const fy_shape image = FY_SHAPE(1, 28, 28);
    fy_status st;
    fy_plan_opts o = fy_plan_defaults();
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    b->images = 2 * BATCH;
    FY_TRY(open_model("digits_encoder", "source", image, 0, &b->source));
    FY_TRY(fy_model_clone(b->source, "target", &b->target));
    FY_TRY(open_model("critic", "critic", FY_SHAPE(512), 2, &b->critic));
    const fy_node xs = fy_input(g, "xs", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node xt = fy_input(g, "xt", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node fs = fy_model_apply(g, b->source, xs, FY_EVAL);
    const fy_node ft = fy_model_apply(g, b->target, xt, FY_TRAIN);
    const fy_node both =
        fy_model_apply(g, b->critic, fy_concat2(g, 0, fs, fy_detach(g, ft)), FY_TRAIN);
    const fy_node critic_loss =
        fy_mean_all(g, fy_cross_entropy(g, both, labels(g, 2 * BATCH, BATCH)));
    const fy_node called = fy_model_apply(g, b->critic, ft, FY_TRAIN);
    const fy_node target_loss = fy_mean_all(g, fy_cross_entropy(g, called, labels(g, BATCH, BATCH)));
    const fy_objective critic = fy_objective_add(g, "critic", critic_loss, &sgd);
    fy_objective_moves_model(g, critic, b->critic, "*", NULL);
    const fy_objective target = fy_objective_add(g, "target", target_loss, &sgd);
    fy_objective_moves_model(g, target, b->target, "*", NULL);
    b->features = b->live ? FY_NO_NODE : fs;
    o.feeds = &fs;
    o.n_feeds = b->live ? 0 : 1;
    FY_TRY(fy_plan_new(g, b->dev, &o, &b->plan));
    FY_TRY(fy_plan_feed(b->plan, xs, noise(BATCH * 784)));
    FY_TRY(fy_plan_feed(b->plan, xt, noise(BATCH * 784)));
    if (!b->live) {
        b->cache = (float *)(uintptr_t)noise(ROWS * 512);
        b->gathered = malloc(BATCH * 512 * sizeof *b->gathered);
        if (!b->cache || !b->gathered)
            FY_TRY(fy_error(FY_ENOMEM, "no memory for cached features"));
        FY_TRY(fy_plan_feed(b->plan, fs, b->gathered));
    }
done:
    return st;
}

static fy_status build_supervised(bench *b, fy_graph *g)
{
    fy_status st;
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    b->images = BATCH;
    FY_TRY(open_model("digits_encoder", "encoder", FY_SHAPE(1, 28, 28), 2, &b->source));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node logits = fy_model_apply(g, b->source, x, FY_TRAIN);
    const fy_node loss = fy_mean_all(g, fy_cross_entropy(g, logits, labels(g, BATCH, BATCH / 2)));
    const fy_objective task = fy_objective_add(g, "task", loss, &sgd);
    fy_objective_moves_model(g, task, b->source, "*", NULL);
    FY_TRY(fy_plan_new(g, b->dev, NULL, &b->plan));
    FY_TRY(fy_plan_feed(b->plan, x, noise(BATCH * 784)));
done:
    return st;
}

static const struct workload {
    const char *name;
    fy_status (*build)(bench *b, fy_graph *g);
} workloads[] = {
    { "adda", build_adda },
    { "supervised", build_supervised },
};

/* Cached features reach the step as a stage hands them over: row by row, by sample number. */
static fy_status step(bench *b)
{
    for (int i = 0; b->cache && i < BATCH; i++)
        memcpy(b->gathered + i * 512, b->cache + (b->steps * 37 + (uint64_t)i * 17) % ROWS * 512,
               512 * sizeof *b->cache);
    b->steps++;
    return fy_plan_step(b->plan);
}

static int by_value(const void *x, const void *y)
{
    const double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static void put(const bench *b, const char *metric, double value)
{
    printf("{\"workload\": \"%s\", \"system\": \"ferry\", \"version\": \"%s\", \"metric\": \"%s\", "
           "\"value\": "
           "%.4f}\n",
           b->workload, fy_version(), metric, value);
    fflush(stdout);
}

static fy_status measure(bench *b)
{
    double rate[BLOCKS];
    fy_status st;
    double start = now_s();
    int n = 0;
    for (; n < 3 || now_s() - start < 1.5 * b->block_s; n++)
        FY_TRY(step(b));
    const int reps = 1 + (int)(b->block_s * n / (now_s() - start));
    for (int k = 0; k < BLOCKS; k++) {
        start = now_s();
        for (int i = 0; i < reps; i++)
            FY_TRY(step(b));
        rate[k] = reps / (now_s() - start);
    }
    qsort(rate, BLOCKS, sizeof *rate, by_value);
    put(b, "steps_per_s", rate[BLOCKS / 2]);
    put(b, "images_per_s", rate[BLOCKS / 2] * (double)b->images);
done:
    return st;
}

static void show_plan(const bench *b)
{
    static char text[1 << 16];
    (void)fy_plan_text(b->plan, text, sizeof text);
    fputs(text, stderr);
}

static fy_status run(bench *b)
{
    fy_graph *g = NULL;
    fy_status st = FY_EINVAL;
    struct rusage use;
    FY_TRY(fy_device_open("cpu", &b->dev));
    FY_TRY(fy_device_set_precision(b->dev, b->bf16 ? FY_BF16 : FY_F32));
    FY_TRY(fy_graph_new(&g));
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (strcmp(workloads[i].name, b->workload) == 0)
            FY_TRY(workloads[i].build(b, g));
    if (!b->plan)
        FY_TRY(fy_error(FY_EINVAL, "there is no workload '%s'; expected adda or supervised",
                        b->workload));
    FY_TRY(step(b));
    if (b->spawned_s > 0)
        put(b, "startup_s", now_s() - b->spawned_s);
    if (!b->first_only)
        FY_TRY(measure(b));
    if (b->show_plan)
        show_plan(b);
    getrusage(RUSAGE_SELF, &use);
    put(b, "peak_rss_mib", (double)use.ru_maxrss / 1024);
done:
    fy_graph_free(g);
    fy_plan_free(b->plan);
    return st;
}

int main(int argc, char **argv)
{
    bench b = { .workload = argc > 1 ? argv[1] : "", .block_s = 1.0 };
    for (int i = 2; i < argc; i++) {
        b.live |= strcmp(argv[i], "--live") == 0;
        b.bf16 |= strcmp(argv[i], "--bf16") == 0;
        b.show_plan |= strcmp(argv[i], "--plan") == 0;
        b.first_only |= strcmp(argv[i], "--first") == 0;
        if (strcmp(argv[i], "--spawned") == 0 && i + 1 < argc)
            b.spawned_s = 1e-9 * strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--block-s") == 0 && i + 1 < argc)
            b.block_s = strtod(argv[++i], NULL);
    }
    if (run(&b) == FY_OK)
        return 0;
    fprintf(stderr, "bench: %s\n", fy_last_error());
    return 1;
}
