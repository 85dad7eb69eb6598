/* lesson.h: one stage of a distillation: a network learns from labels, from networks that stay as they are, or from both,
 * and the best of its epochs is kept. Public functions only. */
#ifndef FERRY_METHODS_LESSON_H
#define FERRY_METHODS_LESSON_H

#include "domains.h"
#include "teachers.h"

/* What all lessons of a run have in common. */
typedef struct school {
    fy_run *run;
    fy_device *dev;
    const fy_distill_opts *o;
    const domains *domains;
    const fy_tensor *
        teacher_x; /* [count of the source, ...]: the source as the teachers see it; NULL: as the student does */
} school;

/* What a model is judged by: its accuracy on the source, on the target, or their harmonic mean. */
typedef enum lesson_aim { LESSON_SOURCE, LESSON_TARGET, LESSON_BOTH } lesson_aim;

typedef struct lesson {
    const char *name; /* of the stage */
    const char *file; /* "<file>.safetensors" has the best */
    fy_model *learner;
    const char *moves; /* globs of its parameters */
    const fy_optim_opts *optim;
    double rate; /* relative to the optimiser's */
    int64_t epochs;
    int64_t epoch_steps; /* between two looks; 0: through the larger domain that it learns from */
    double ce[DOMAINS];  /* weight of the labels */
    double kd[DOMAINS];  /* of what the teachers say */
    const teachers *teachers; /* NULL: labels alone */
    fy_model *start;          /* that the learner is pulled to, by `pull`; NULL: nothing */
    double pull;
    lesson_aim aim;
    double floor;  /* accuracy on the source without which a model does not count */
    double enough; /* score that ends the lesson; 0: none */
} lesson;

/* In every checkpoint. */
typedef struct lesson_kept {
    int64_t epochs;        /* looked at */
    int64_t best_epoch;    /* 0: as it began; -1: nothing was looked at */
    int64_t worse;         /* epochs since */
    double source, target; /* validation accuracy of the best */
    double score;          /* by its aim */
    bool holds;            /* the best is above the floor */
} lesson_kept;
lesson_kept lesson_kept_none(void);
/* One above the floor beats all below it; of two alike, the one of the higher score; anything beats nothing. */
bool lesson_beats(const lesson_kept *a, const lesson_kept *than);

/* The learner has the best model's values afterwards. */
fy_status lesson_run(const school *s, const lesson *l, lesson_kept *kept);
/* What epoch_steps 0 comes to. */
int64_t lesson_epoch_steps(const school *s, const lesson *l);
/* Validation accuracies of a model as it is. */
fy_status lesson_look(const school *s, fy_model *m, double v[DOMAINS]);
/* Test accuracies, or on validation where there is no test. */
fy_status lesson_test(const school *s, fy_model *m, double v[DOMAINS]);

#endif
