/* distill.h: what the files of distillation share. Public functions only. */
#ifndef FERRY_METHODS_DISTILL_H
#define FERRY_METHODS_DISTILL_H

#include "lesson.h"

#define DISTILL_ROUNDS 2 /* of re-distillation, at most */

/* The networks: T and the other teachers, S, R, and a plainly fine-tuned T beside them. */
typedef struct distill_models {
    fy_model *teachers[FY_MAX_TEACHERS];
    fy_model *student, *redistilled, *finetuned; /* the last two NULL where they are not wanted */
    fy_model *before; /* what a round of re-distillation begins with and learns from; NULL: there is one at most, from S */
    fy_model *start;  /* S's values at its beginning; NULL without L2-SP */
    char *moves;      /* of S; to be given to free() */
} distill_models;

/* What a run knows so far: in its checkpoints. */
typedef struct distill_found {
    lesson_kept teachers[FY_MAX_TEACHERS], student, rounds[DISTILL_ROUNDS], finetuned;
    int64_t begun; /* of the beginnings below, those that were made */
} distill_found;

/* When networks get their first values, in this order; once, also in a run that is resumed. */
enum { BEGIN_TEACHERS, BEGIN_STUDENT, BEGIN_ROUND, BEGIN_FINETUNED = BEGIN_ROUND + DISTILL_ROUNDS };

typedef struct distill {
    fy_run *run;
    fy_device *dev;
    const fy_distill_opts *o;
    const fy_distill_data *data;
    domains domains;
    school school;
    distill_models m;
    fy_tensor *teacher_x;
    teachers of_t, of_s; /* what S learns from the teachers, R from S */
    distill_found found;
    double teacher[DOMAINS];  /* T's validation accuracies */
    int n_rounds, best_round; /* run; the best, from 1; 0: there was none */
} distill;

/* distill_check.c: what is wrong with the options and the data alone. */
fy_status distill_check(const distill *d);
/* What is wrong with the teachers once they are open: the classes that they know. */
fy_status distill_check_teachers(const distill *d);

/* distill_models.c: opens all of them, in the order in which a run keeps them. S and the others have their values later. */
fy_status distill_open_models(distill *d);
void distill_close_models(distill *d);
/* What of the teachers' files fits is read now; T's copy begins with all it has. */
fy_status distill_load_teachers(distill *d);
fy_status distill_begin_student(distill *d);
bool distill_is_copy(const distill *d);
/* Does teacher i learn the source first? */
bool distill_learns(const distill *d, int i);
/* Copies a network's values into a copy of it, whose head may be wider. */
fy_status distill_copy(fy_model *to, fy_model *from);

#endif
