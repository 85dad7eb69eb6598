/* distill_epoch.c: whole epochs of LeNet on 4,096 images of 28x28, batches of 64, as a stage trains: the loader shuffles, and what a
 * frozen teacher says of each sample was computed once and is gathered. One epoch with the teacher and one of the student
 * alone by turns, so that what drifts on the machine hits both; `epoch_cost` is the median of the pairs' ratios. --live: no
 * room for what the teacher says. */
#include "bench.h"

#define SAMPLES 4096
#define BATCH 64
#define CLASSES 10
#define STEPS (SAMPLES / BATCH)

enum { ALONE, TAUGHT, SIDES };

typedef struct side {
    bench_teacher teacher; /* of the one that is taught */
    fy_model *student;
    fy_graph *g;
    fy_loader *loader;
    fy_loop *loop;
    double epoch_s[BENCH_MOST_BLOCKS];
} side;

static fy_status make_samples(fy_dataset **out)
{
    fy_tensor *x = NULL, *y = NULL;
    fy_status st;
    const float *noise = bench_noise(1 << 20);
    if (!noise)
        return fy_error(FY_ENOMEM, "no memory for noise");
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(SAMPLES, 1, 28, 28), &x));
    FY_TRY(fy_tensor_new(FY_I32, FY_SHAPE(SAMPLES), &y));
    for (int64_t i = 0; i < fy_tensor_numel(x); i++)
        ((float *)fy_tensor_data(x))[i] = noise[i * 997 % (1 << 20)];
    for (int32_t i = 0; i < SAMPLES; i++)
        ((int32_t *)fy_tensor_data(y))[i] = i % CLASSES;
    FY_TRY(fy_dataset_from_tensors("noise", x, y, CLASSES, out));
done:
    fy_tensor_free(x);
    fy_tensor_free(y);
    return st;
}

/* Its stage; the teacher is in the graph, where the stage finds that it is frozen. */
static fy_status build(side *s, bool is_taught, const fy_dataset *samples, fy_stage *stage)
{
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    fy_loader_opts o = fy_loader_defaults();
    fy_status st;
    o.batch = BATCH;
    FY_TRY(fy_loader_open(samples, &o, &s->loader));
    FY_TRY(fy_graph_new(&s->g));
    FY_TRY(bench_open_model("lenet", "student", FY_SHAPE(1, 28, 28), CLASSES, &s->student));
    const fy_node x = fy_input(s->g, "x", FY_F32, FY_SHAPE(BATCH, 1, 28, 28)),
                  y = fy_input(s->g, "y", FY_I32, FY_SHAPE(BATCH)),
                  logits = fy_model_apply(s->g, s->student, x, FY_TRAIN);
    fy_node loss = fy_mean_all(s->g, fy_cross_entropy(s->g, logits, y));
    if (is_taught) {
        FY_TRY(bench_add_teacher(s->g, x, logits, &s->teacher));
        loss = fy_add(s->g, s->teacher.loss, fy_scale(s->g, loss, 0.1f));
    }
    const fy_objective task = fy_objective_add(s->g, "task", loss, &sgd);
    fy_objective_moves_model(s->g, task, s->student, "*", NULL);
    *stage = fy_stage_defaults(is_taught ? "taught" : "alone", s->g);
    stage->streams[stage->n_streams++] = (fy_stream){ .loader = s->loader, .x = x, .y = y };
    st = fy_graph_status(s->g);
done:
    return st;
}

static fy_status open_side(const bench *b, fy_run *run, const fy_dataset *samples, bool is_taught,
                           side *s)
{
    fy_stage stage;
    fy_status st;
    const double start = bench_now_s();
    FY_TRY(build(s, is_taught, samples, &stage));
    FY_TRY(fy_loop_open(run, b->dev, &stage, &s->loop));
    if (is_taught)
        bench_put(b, "open_s", bench_now_s() - start); /* what the teacher says among it */
done:
    return st;
}

static void close_side(side *s)
{
    fy_loop_close(s->loop);
    fy_loader_close(s->loader);
    fy_graph_free(s->g);
}

static fy_status run_epoch(fy_loop *loop, double *seconds)
{
    const double start = bench_now_s();
    fy_status st = FY_OK;
    for (int i = 0; i < STEPS; i++)
        FY_TRY(fy_loop_step(loop, NULL));
    *seconds = bench_now_s() - start;
done:
    return st;
}

/* Which one goes first changes from pair to pair; the first pair warms up. */
static fy_status run_pairs(const bench *b, side s[SIDES])
{
    fy_status st = FY_OK;
    for (int64_t k = b->first_only ? 0 : -1; k < (b->first_only ? 1 : b->blocks); k++)
        for (int i = 0; i < SIDES; i++) {
            side *of = &s[(k + i) & 1];
            FY_TRY(run_epoch(of->loop, &of->epoch_s[k < 0 ? 0 : k]));
        }
done:
    return st;
}

static void put_figures(const bench *b, side s[SIDES])
{
    const int64_t n = b->first_only ? 1 : b->blocks;
    double ratio[BENCH_MOST_BLOCKS];
    for (int64_t k = 0; k < n; k++)
        ratio[k] = s[TAUGHT].epoch_s[k] / s[ALONE].epoch_s[k];
    bench_put(b, "epoch_s", bench_median(s[TAUGHT].epoch_s, n));
    bench_put(b, "alone_epoch_s", bench_median(s[ALONE].epoch_s, n));
    bench_put(b, "epoch_cost", bench_median(ratio, n));
}

fy_status begin_distill_epoch(bench *b)
{
    static side sides[SIDES];
    fy_features_opts fo = fy_features_defaults();
    fy_run_opts ro = fy_run_defaults();
    fy_dataset *samples = NULL;
    fy_run *run = NULL;
    fy_status st;
    fo.limit = b->live ? 1 : 0;
    FY_TRY(fy_features_open(&fo, &ro.features));
    FY_TRY(make_samples(&samples));
    FY_TRY(fy_run_open(&ro, &run));
    for (int i = 0; i < SIDES; i++)
        FY_TRY(open_side(b, run, samples, i == TAUGHT, &sides[i]));
    FY_TRY(run_pairs(b, sides));
    put_figures(b, sides);
done:
    for (int i = 0; i < SIDES; i++)
        close_side(&sides[i]);
    fy_run_close(run);
    fy_features_close(ro.features);
    fy_dataset_free(samples);
    return st;
}
