/* learner.h: a model that learns from labelled samples: opened for them. Public functions only. */
#ifndef FERRY_METHODS_LEARNER_H
#define FERRY_METHODS_LEARNER_H

#include <ferry/methods.h>

typedef struct learner {
    const char *method; /* in sentences: "finetune" */
    const char *family, *pool, *edit;
    double width, dropout;   /* as in fy_finetune_opts */
    const fy_pixels *pixels; /* how its pictures were prepared; NULL: not said */
    uint64_t seed;
    const fy_dataset *train, *val, *test; /* labelled; test may be NULL */
} learner;

/* Enough samples for a batch, and no classes that training does not know. */
fy_status learner_check(const learner *l, int64_t batch);
/* With random values, for samples as a loader that is opened by `how` gives them: its augmentation may cut them, to the
 * size of the validation's. Knows the classes and the preparation of its pictures. */
fy_status learner_open(const learner *l, const char *name, const fy_loader_opts *how,
                       fy_model **out);

#endif
