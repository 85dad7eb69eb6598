/* distill.c: LeNet learns 64 images of 28x28 from labels and from a convolutional network's logits; the teacher's are kept and
 * gathered by sample number, as a stage does, or computed (--live). `student` is the same without a teacher. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 64
#define ROWS 256 /* kept samples to gather from */
#define CLASSES 10

typedef struct lesson {
    bench_teacher teacher;
    fy_model *student;
    fy_node loss;
    float *images;          /* [BATCH, 1, 28, 28] */
    float *kept, *gathered; /* [ROWS, CLASSES], [BATCH, CLASSES] */
    uint64_t steps;
} lesson;

static fy_status step_kept(bench *b)
{
    lesson *l = b->state;
    for (uint64_t i = 0; i < BATCH; i++)
        memcpy(l->gathered + i * CLASSES, l->kept + (l->steps * 37 + i * 17) % ROWS * CLASSES,
               CLASSES * sizeof *l->kept);
    l->steps++;
    return fy_plan_step(b->plan);
}

static fy_status keep_words(bench *b, fy_node said)
{
    lesson *l = b->state;
    l->kept = bench_noise(ROWS * CLASSES);
    l->gathered = malloc(BATCH * CLASSES * sizeof *l->gathered);
    if (!l->kept || !l->gathered)
        return fy_error(FY_ENOMEM, "no memory for what the teacher says");
    b->step = step_kept;
    return fy_plan_feed(b->plan, said, l->gathered);
}

fy_status bench_add_teacher(fy_graph *g, fy_node x, fy_node logits, bench_teacher *t)
{
    fy_status st;
    FY_TRY(bench_open_model("cnn", "teacher", FY_SHAPE(1, 28, 28), CLASSES, &t->model));
    t->said = fy_model_apply(g, t->model, x, FY_EVAL);
    const fy_kd_in in = { .student = { .logits = logits }, .teacher = { .logits = t->said } };
    FY_TRY(fy_kd_new("soft", "kd", g, &in, NULL, &t->kd));
    t->loss = fy_scale(g, fy_kd_apply(g, t->kd, &in), 0.9f);
done:
    return st;
}

static fy_status put_loss(bench *b)
{
    const lesson *l = b->state;
    return bench_put_loss(b, l->loss);
}

static fy_status share(const bench *b, const lesson *l)
{
    fy_weights_file *f = NULL;
    fy_status st = FY_OK;
    if (!b->values)
        return FY_OK;
    FY_TRY(fy_weights_create(b->values, &f));
    FY_TRY(bench_share_model(f, "student.", l->student));
    if (l->teacher.model)
        FY_TRY(bench_share_model(f, "teacher.", l->teacher.model));
    if (l->kept)
        FY_TRY(fy_weights_add(f, "kept", FY_F32, &FY_SHAPE(ROWS, CLASSES), l->kept));
    FY_TRY(fy_weights_add(f, "x", FY_F32, &FY_SHAPE(BATCH, 1, 28, 28), l->images));
    return fy_weights_commit(f);
done:
    fy_weights_abort(f);
    return st;
}

fy_status begin_distill(bench *b)
{
    static lesson l;
    const bool is_taught = strcmp(b->workload, "distill") == 0;
    const fy_optim sgd = fy_sgd(1e-3f, 0.9f, 0);
    fy_graph *g = b->g;
    fy_status st;
    b->state = &l;
    b->step_images = BATCH;
    b->result = put_loss;
    FY_TRY(bench_open_model("lenet", "student", FY_SHAPE(1, 28, 28), CLASSES, &l.student));
    const fy_node x = fy_input(g, "x", FY_F32, FY_SHAPE(BATCH, 1, 28, 28));
    const fy_node logits = fy_model_apply(g, l.student, x, FY_TRAIN);
    const fy_node labels =
        fy_mean_all(g, fy_cross_entropy(g, logits, bench_halves(g, BATCH, BATCH / 2)));
    if (is_taught)
        FY_TRY(bench_add_teacher(g, x, logits, &l.teacher));
    l.loss = is_taught ? fy_add(g, l.teacher.loss, fy_scale(g, labels, 0.1f)) : labels;
    const fy_objective task = fy_objective_add(g, "task", l.loss, &sgd);
    fy_objective_moves_model(g, task, l.student, "*", NULL);
    const bool is_kept = is_taught && !b->live;
    const fy_plan_opts o = { .feeds = &l.teacher.said, .n_feeds = is_kept ? 1 : 0 };
    FY_TRY(bench_plan(b, &o));
    l.images = bench_noise(BATCH * 784);
    FY_TRY(fy_plan_feed(b->plan, x, l.images));
    if (is_kept)
        FY_TRY(keep_words(b, l.teacher.said));
    st = share(b, &l);
done:
    return st;
}
