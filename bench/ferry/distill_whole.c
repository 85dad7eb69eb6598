/* distill_whole.c: all of a distillation to another domain, from random values to the last test: LeNet learns 16,000 source
 * samples, a copy of it 320 of the target without losing the source, that one the source again, and beside it one is fine-tuned.
 * Samples are noise around a picture of their class; the target's are turned by 90 degrees for half of the classes. To be
 * compared (--values), a run is an epoch of SGD in each stage over few samples, in an order that the other side is told. */
#include "bench.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 28
#define PIXELS (SIDE * SIDE)
#define CLASSES 10
#define PARTS 4
#define BATCH 64

enum { SOURCE, SOURCE_VAL, TARGET, TARGET_VAL };

static const char *const part_names[PARTS] = { "source", "source-val", "target", "target-val" };
static const int64_t counts[PARTS] = { 16000, 1600, 320, 80 };
static const int64_t few[PARTS] = { 512, 100, 64, 80 };

/* Pixel k of class c's picture. */
static float pixel_of(const float *pictures, int c, int k, bool is_target)
{
    const int turned = k % SIDE * SIDE + (SIDE - 1 - k / SIDE);
    return pictures[c * PIXELS + (is_target && c % 2 ? turned : k)];
}

static fy_status make_part(const bench *b, const float *pictures, const float *noise, int part,
                           fy_dataset **out)
{
    const int64_t n = b->values ? few[part] : counts[part];
    const float strength = b->values ? 1 : 0.4f; /* so that a few steps come to something */
    fy_tensor *x = NULL, *y = NULL;
    fy_status st;
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(n, 1, SIDE, SIDE), &x));
    FY_TRY(fy_tensor_new(FY_I32, FY_SHAPE(n), &y));
    float *to = fy_tensor_data(x);
    int32_t *label = fy_tensor_data(y);
    for (int64_t i = 0; i < n; i++) {
        label[i] = (int32_t)(i % CLASSES);
        for (int k = 0; k < PIXELS; k++)
            to[i * PIXELS + k] = noise[(i * 997 + part * 131071 + k) % (1 << 20)] +
                                 strength * pixel_of(pictures, label[i], k, part >= TARGET);
    }
    FY_TRY(fy_dataset_from_tensors(part_names[part], x, y, CLASSES, out));
done:
    fy_tensor_free(x);
    fy_tensor_free(y);
    return st;
}

static int drop(const char *path, const struct stat *about, int type, struct FTW *at)
{
    (void)about;
    (void)type;
    (void)at;
    return remove(path);
}

/* ---- the same for the other side ---------------------------------------------------------------------- */

/* The samples of each batch of a lesson of an epoch, as its loader will draw them. */
static fy_status share_order(fy_weights_file *f, const char *lesson, const fy_dataset *d,
                             int64_t rows, int64_t steps)
{
    fy_loader_opts o = fy_loader_defaults();
    fy_loader *loader = NULL;
    fy_batch batch;
    char name[64];
    fy_status st;
    int32_t *order = calloc((size_t)(steps * rows), sizeof *order);
    if (!order)
        return fy_error(FY_ENOMEM, "no memory for the order of samples");
    o.name = lesson;
    o.batch = rows;
    FY_TRY(fy_loader_open(d, &o, &loader));
    for (int64_t i = 0; i < steps; i++) {
        FY_TRY(fy_loader_next(loader, &batch));
        for (int64_t k = 0; k < rows; k++)
            order[i * rows + k] = (int32_t)batch.index[k];
    }
    snprintf(name, sizeof name, "order.%s", lesson);
    FY_TRY(fy_weights_add(f, name, FY_I32, &FY_SHAPE(steps, rows), order));
done:
    fy_loader_close(loader);
    free(order);
    return st;
}

static fy_status share_orders(fy_weights_file *f, fy_dataset *const part[PARTS])
{
    const int64_t steps = few[SOURCE] / (BATCH / 2);
    const struct {
        const char *lesson;
        int part;
        int64_t rows, steps;
    } orders[] = { { "teacher.source", SOURCE, BATCH, few[SOURCE] / BATCH },
                   { "distil.source", SOURCE, BATCH / 2, steps },
                   { "distil.target", TARGET, BATCH / 2, steps },
                   { "redistil-1.source", SOURCE, BATCH / 2, steps },
                   { "redistil-1.target", TARGET, BATCH / 2, steps },
                   { "finetune.target", TARGET, BATCH, steps } };
    fy_status st = FY_OK;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        FY_TRY(share_order(f, orders[i].lesson, part[orders[i].part], orders[i].rows,
                           orders[i].steps));
done:
    return st;
}

static fy_status share_samples(fy_weights_file *f, fy_dataset *const part[PARTS])
{
    fy_tensor *x = NULL;
    fy_status st = FY_OK;
    for (int i = 0; i < PARTS; i++) {
        FY_TRY(fy_dataset_read(part[i], NULL, 0, &x, NULL));
        FY_TRY(
            fy_weights_add(f, part_names[i], FY_F32, fy_tensor_shape(x), fy_tensor_const_data(x)));
        fy_tensor_free(x);
        x = NULL;
    }
done:
    fy_tensor_free(x);
    return st;
}

/* And the values with which the teacher begins. */
static fy_status share(const bench *b, fy_dataset *const part[PARTS])
{
    fy_weights_file *f = NULL;
    fy_model *teacher = NULL;
    fy_status st = FY_OK;
    if (!b->values)
        return FY_OK;
    FY_TRY(bench_open_model("lenet", "teacher", FY_SHAPE(1, SIDE, SIDE), CLASSES, &teacher));
    FY_TRY(fy_weights_create(b->values, &f));
    FY_TRY(bench_share_model(f, "teacher.", teacher));
    FY_TRY(share_samples(f, part));
    FY_TRY(share_orders(f, part));
    st = fy_weights_commit(f);
    f = NULL;
done:
    fy_weights_abort(f);
    fy_model_free(teacher);
    return st;
}

/* Adds up |logit| over a part. */
static fy_status add_sizes(fy_predictor *p, const fy_dataset *d, double *sum)
{
    fy_tensor *y = NULL;
    fy_tensor **outs[] = { &y };
    const fy_status st = fy_predict(p, d, outs);
    for (int64_t i = 0; st == FY_OK && i < fy_tensor_numel(y); i++)
        *sum += fabs((double)((const float *)fy_tensor_const_data(y))[i]);
    fy_tensor_free(y);
    return st;
}

/* The mean size of a network's logits of both domains' validation samples. */
static fy_status put_size(const bench *b, const char *dir, const char *network,
                          fy_dataset *const part[PARTS])
{
    const fy_model_opts o = fy_model_defaults();
    char path[128], metric[64];
    fy_weights *w = NULL;
    fy_model *m = NULL;
    fy_predictor *p = NULL;
    double sum = 0;
    fy_status st;
    snprintf(path, sizeof path, "%s/%s.safetensors", dir, network);
    snprintf(metric, sizeof metric, "%s_result", network);
    FY_TRY(fy_weights_open(path, &w));
    FY_TRY(fy_model_open_saved(w, NULL, "net", &o, &m));
    FY_TRY(fy_model_load(m, path));
    FY_TRY(fy_predictor_new(b->dev, &m, 1, BATCH, &p));
    FY_TRY(add_sizes(p, part[SOURCE_VAL], &sum));
    FY_TRY(add_sizes(p, part[TARGET_VAL], &sum));
    bench_put(b, metric, sum / (double)((few[SOURCE_VAL] + few[TARGET_VAL]) * CLASSES));
done:
    fy_predictor_free(p);
    fy_model_free(m);
    fy_weights_close(w);
    return st;
}

static fy_status put_sizes(const bench *b, const char *dir, fy_dataset *const part[PARTS])
{
    static const char *const networks[] = { "teacher", "student", "redistilled", "finetuned" };
    fy_status st = FY_OK;
    for (int i = 0; b->values && i < 4; i++)
        FY_TRY(put_size(b, dir, networks[i], part));
done:
    return st;
}

/* ---- the work ------------------------------------------------------------------------------------------- */

/* As recipes/distill-mnist-usps.yaml, shorter and without augmentation. */
static fy_status teach(bench *b, fy_run *run, fy_dataset *const part[PARTS])
{
    static const double weight = 0.1;
    const fy_distill_data data = { .source = part[SOURCE],
                                   .source_val = part[SOURCE_VAL],
                                   .target = part[TARGET],
                                   .target_val = part[TARGET_VAL] };
    fy_distill_opts o = fy_distill_defaults();
    fy_distill_report report;
    fy_status st;
    o.teachers[0].family = "lenet";
    o.teacher_epochs = b->values ? 1 : 2;
    o.batch = BATCH;
    o.moves = "conv1.* conv2.* fc2.*";
    o.weights = &weight;
    o.n_weights = 1;
    o.ce = 0.9;
    o.epochs = b->values ? 1 : 3;
    o.redistil_epochs = 1;
    if (b->values) /* Adam's first steps are of one size, and where gradients are nearly 0 rounding gives their sign */
        o.teacher_optim = o.optim = (fy_optim_opts){ .name = "sgd", .lr = 0.01, .momentum = 0.9 };
    FY_TRY(fy_distill(run, b->dev, &data, &o, &report));
    fprintf(
        stderr, "source/target: teacher %.3f/%.3f, student %.3f/%.3f, again %.3f/%.3f, fine-tuned %.3f/%.3f\n",
        report.teacher.source, report.teacher.target, report.student.source, report.student.target,
        report.redistilled.source, report.redistilled.target, report.finetuned.source,
        report.finetuned.target);
done:
    return st;
}

fy_status begin_distill_whole(bench *b)
{
    char dir[] = "/tmp/ferry-bench-XXXXXX";
    fy_run_opts o = fy_run_defaults();
    fy_dataset *part[PARTS] = { NULL };
    fy_run *run = NULL;
    fy_status st = FY_OK;
    float *pictures = bench_noise(CLASSES * PIXELS), *noise = bench_noise(1 << 20);
    if (!pictures || !noise || !mkdtemp(dir))
        return fy_error(FY_EIO, "cannot make a directory like '%s'", dir);
    o.dir = dir;
    for (int i = 0; i < PARTS; i++)
        FY_TRY(make_part(b, pictures, noise, i, &part[i]));
    FY_TRY(share(b, part));
    FY_TRY(fy_run_open(&o, &run));
    FY_TRY(teach(b, run, part));
    FY_TRY(put_sizes(b, dir, part));
done:
    fy_run_close(run);
    for (int i = 0; i < PARTS; i++)
        fy_dataset_free(part[i]);
    nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    return st;
}
