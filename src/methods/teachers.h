/* teachers.h: networks that stay as they are, and what a student's loss takes from them. Public functions only. */
#ifndef FERRY_METHODS_TEACHERS_H
#define FERRY_METHODS_TEACHERS_H

#include "words.h"

#include <ferry/methods.h>

#define TEACHERS_MAX_LOSSES 4

/* Who teaches, by which losses. */
typedef struct teachers {
    fy_model *const *v;
    int n;
    int64_t n_source; /* classes that they know of the student's */
    words losses, taps, teacher_taps;
    double weight[TEACHERS_MAX_LOSSES];
    fy_kd *kd[TEACHERS_MAX_LOSSES][FY_MAX_TEACHERS];
    fy_kd *back; /* by which the only teacher learns from the student; NULL: teachers stay as they are */
    double back_weight; /* of it: that of soft */
    bool critic_on_features;
    const char *back_moves; /* globs of the parameters of the teacher that learn so */
} teachers;

/* v lent. o's losses, weights and taps; shapes are those of `rows` samples of x, or of teacher_x where teachers see something
 * else. Release with teachers_release, always. */
typedef struct teachers_of {
    fy_model *const *v;
    int n;
    fy_model *student;
    const fy_distill_opts *o;
    int64_t n_source; /* classes of the source */
    const fy_shape *x, *teacher_x;
    int64_t rows;
} teachers_of;
fy_status teachers_open(const teachers_of *of, teachers *out);
void teachers_release(teachers *t);
/* Does one of the losses need that: "logits", "labels"? */
bool teachers_read(const teachers *t, const char *what);
/* Of batches whose samples are mixed with others. */
fy_status teachers_check_mixing(const teachers *t, bool see_otherwise);
/* Of samples whose class 0 is that of the source's. */
fy_status teachers_check_first(const teachers *t, int64_t first);
/* Whatever learns with the student, or against it, into the run's checkpoints. */
fy_status teachers_keep(const teachers *t, fy_run *r);

/* A batch as the student and the teachers see it. */
typedef struct taught_batch {
    fy_model *student;
    fy_node y; /* the student's logits, of which the rows from `first` on are looked at */
    int64_t first, n;
    fy_node said[FY_MAX_TEACHERS]; /* each teacher's logits of these n rows */
    fy_node labels;                /* i32 [n] */
} taught_batch;
/* The teachers' logits of x, in evaluation mode; of one that learns, with what moves in training mode. */
void teachers_apply(const teachers *t, fy_graph *g, fy_node x, fy_node said[FY_MAX_TEACHERS]);
/* sum_i w_i mean over the teachers of loss_i, a scalar; the critics' loss beside it, FY_NO_NODE if there is no critic. */
fy_node teachers_loss(const teachers *t, fy_graph *g, const taught_batch *b, fy_node *critics);
/* What the teacher learns from the student by, weighed, a scalar (Zhang et al. 2018, equation 6). There is t->back. */
fy_node teachers_back(const teachers *t, fy_graph *g, const taught_batch *b);
/* Lets the objectives move what is not the student's: adapters with it, critics against it. critic may be {0}. */
fy_status teachers_move(const teachers *t, fy_graph *g, fy_objective student, fy_objective critic);

#endif
