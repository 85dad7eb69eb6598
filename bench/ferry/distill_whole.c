/* distill_whole.c: all of a distillation to another domain, from random values to the last test: LeNet learns 16,000 source
 * samples, a copy of it 320 of the target without losing the source, that one the source again, and beside it one is fine-tuned.
 * Samples are noise around a picture of their class; the target's are turned by 90 degrees for half of the classes. */
#include "bench.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE 28
#define PIXELS (SIDE * SIDE)
#define CLASSES 10
#define PARTS 4

static const int64_t counts[PARTS] = { 16000, 1600, 320, 80 };

/* Pixel k of class c's picture. */
static float pixel_of(const float *pictures, int c, int k, bool is_target)
{
    const int turned = k % SIDE * SIDE + (SIDE - 1 - k / SIDE);
    return 0.4f * pictures[c * PIXELS + (is_target && c % 2 ? turned : k)];
}

static fy_status make_part(const float *pictures, const float *noise, int part, fy_dataset **out)
{
    static const char *const names[PARTS] = { "source", "source-val", "target", "target-val" };
    const int64_t n = counts[part];
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
                                 pixel_of(pictures, label[i], k, part >= 2);
    }
    FY_TRY(fy_dataset_from_tensors(names[part], x, y, CLASSES, out));
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

/* As recipes/distill-mnist-usps.yaml, shorter and without augmentation. */
static fy_status teach(bench *b, fy_run *run, fy_dataset *const part[PARTS])
{
    static const double weight = 0.1;
    const fy_distill_data data = {
        .source = part[0], .source_val = part[1], .target = part[2], .target_val = part[3]
    };
    fy_distill_opts o = fy_distill_defaults();
    fy_distill_report report;
    fy_status st;
    o.teachers[0].family = "lenet";
    o.teacher_epochs = 2;
    o.moves = "conv1.* conv2.* fc2.*";
    o.weights = &weight;
    o.n_weights = 1;
    o.ce = 0.9;
    o.epochs = 3;
    o.redistil_epochs = 1;
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
        FY_TRY(make_part(pictures, noise, i, &part[i]));
    FY_TRY(fy_run_open(&o, &run));
    FY_TRY(teach(b, run, part));
done:
    fy_run_close(run);
    for (int i = 0; i < PARTS; i++)
        fy_dataset_free(part[i]);
    nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
    return st;
}
