/* source.h: a classifier that learns the source, the first stage of what adapts. Public functions only. */
#ifndef FERRY_METHODS_SOURCE_H
#define FERRY_METHODS_SOURCE_H

#include <ferry/methods.h>

typedef struct source {
    fy_run *run;
    fy_device *dev;
    const fy_dataset *train, *test; /* labelled */
    fy_model *encoder, *classifier; /* one after the other */
    const fy_optim_opts *optim;
    int64_t batch, steps;
    uint64_t seed;
    int workers;
} source;

/* The stage "source": cross-entropy moves both models. */
fy_status source_train(const source *s);
/* The accuracy on the test side; source.safetensors and classifier.safetensors. */
fy_status source_judge(const source *s, double *accuracy);

#endif
