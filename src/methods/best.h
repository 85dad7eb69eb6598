/* best.h: the model that is best on validation samples, kept on disk while training goes on. Public functions only. */
#ifndef FERRY_METHODS_BEST_H
#define FERRY_METHODS_BEST_H

#include <ferry/methods.h>

typedef struct best {
    fy_run *run;
    const fy_dataset *val;
    fy_model *model; /* looked at and kept in best.safetensors: what learns, or one of its averages; lent */
    struct best_kept {                 /* in every checkpoint */
        int64_t epochs;                /* looked at, all stages together */
        int64_t best_epoch;            /* 0: before the first; -1: nothing was looked at */
        double before, accuracy, loss; /* before the first step; of the best */
        int64_t worse;                 /* looks since the best of this stage */
    } kept;
} best;

/* From its first look on, or from the checkpoint's. */
fy_status best_open(best *b, fy_run *r, const fy_dataset *val);
/* After an epoch, or at step 0 of a stage: what is best by accuracy, of equals by loss, is kept. A stage that follows
 * another does not look at what that one ended in. */
fy_status best_look(best *b, fy_predictor *p, const char *stage, int64_t step);
/* The best model's values again in b->model, and eval.json: its figures on `test`, or on b->val where there is none,
 * for which *test_accuracy is NaN. */
fy_status best_finish(best *b, fy_predictor *p, const fy_dataset *test, const fy_pixels *pixels,
                      double *test_accuracy);

#endif
