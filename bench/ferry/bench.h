/* bench.h: what the workloads of the comparison share. A workload builds its step, or does all of its work at once;
 * bench.c measures and prints. */
#ifndef FERRY_BENCH_H
#define FERRY_BENCH_H

#include <ferry/ferry.h>

#define BENCH_MOST_BLOCKS 99

typedef struct bench {
    const char *workload, *folder; /* folder: of pictures */
    const char *kernel_times;
    const char *
        values; /* where to write what the other side needs to compute the same; NULL: not wanted */
    bool live, bf16, show_plan, show_times, first_only;
    double spawned_s, block_s;     /* spawned_s 0: unknown */
    int64_t blocks, batch, images; /* batch 0: the workload's own; images: to make */
    fy_device *dev;
    fy_graph *g;
    fy_plan *plan;
    int64_t step_images;                /* that one step sees */
    fy_status (*step)(struct bench *b); /* NULL: `begin` did all there is to do */
    fy_status (*result)(
        struct bench *b); /* after each of the first two steps, to be compared; or NULL */
    void *state;          /* the workload's */
} bench;

fy_status begin_adda(bench *b);
fy_status begin_supervised(bench *b);
fy_status begin_train(bench *b); /* any of the train workloads, by its name */
fy_status begin_infer(bench *b); /* any of features and infer, by its name */
fy_status begin_pictures(bench *b);
fy_status begin_jpeg(bench *b);
fy_status begin_head10(bench *b);
fy_status begin_distill(bench *b); /* distill and student */
fy_status begin_distill_epoch(bench *b);
fy_status begin_distill_whole(bench *b);
fy_status begin_search_head(bench *b);
fy_status begin_backbone(bench *b);
fy_status begin_dgl(bench *b);   /* joint, dgl and dgl-unique */
fy_status begin_carry(bench *b); /* dann, cdan, mcd and mmd */

/* One line of figures on stdout. */
void bench_put(const bench *b, const char *metric, double value);
fy_status bench_open_model(const char *family, const char *name, fy_shape input, int64_t classes,
                           fy_model **m);
/* n values, uniform with mean 0 and deviation 1: as good as normal here, and drawn much faster. Never freed. */
float *bench_noise(int64_t n);
/* Two classes: n_first zeros, then ones. */
fy_node bench_halves(fy_graph *g, int n, int n_first);
/* Sample i is of class 37 i, in the ring of the classes. */
fy_node bench_spread(fy_graph *g, int64_t n, int64_t classes);
/* What a student takes from a CNN, of ten classes of 28x28: 0.9 tau^2 KL(T || S), tau 4. Never freed. */
typedef struct bench_teacher {
    fy_model *model;
    fy_kd *kd;
    fy_node said, loss; /* logits; a scalar */
} bench_teacher;
fy_status bench_add_teacher(fy_graph *g, fy_node x, fy_node logits, bench_teacher *t);
double bench_now_s(void);
/* The middle one of n values, which are sorted. */
double bench_median(double *v, int64_t n);
/* b->plan, run by b->step. */
fy_status bench_plan(bench *b, const fy_plan_opts *o);
/* The folder's pictures as ImageNet's networks see them, [3, 224, 224]. */
fy_status bench_open_pictures(const bench *b, fy_dataset **out);
/* Writes m's values and x [shape] for the other side, if they are wanted. Either may be NULL. */
fy_status bench_share(const bench *b, fy_model *m, fy_shape shape, const float *x);
/* m's values, their names after the prefix, or after m's own name and a point: for files of several models. */
fy_status bench_share_model(fy_weights_file *f, const char *prefix, const fy_model *m);
fy_status bench_share_named(fy_weights_file *f, const fy_model *m);
/* A figure of the first or second step, to be compared: "first<of>_result". */
void bench_put_result(const bench *b, const char *of, double value);
fy_status bench_put_loss(const bench *b, fy_node loss);
/* The mean size of a state of an optimiser, in thousandths: what gradients have come to so far. */
fy_status bench_put_moment(const bench *b, const char *of, const char *state);

#endif
