/* source.h: encoder and classifier learn the source, the first stage of what adapts. Public functions only. */
#ifndef FERRY_METHODS_SOURCE_H
#define FERRY_METHODS_SOURCE_H

#include <ferry/methods.h>

typedef struct source_networks {
    const char *encoder, *classifier; /* families */
    int64_t features; /* the encoder's; 0: its own. A family that has but its own gets a layer to it */
    const fy_dataset *of;
    const fy_pixels *pixels; /* NULL: not said */
    uint64_t seed;
} source_networks;

/* "source" and "classifier", which know pixels and classes. */
fy_status source_open(const source_networks *n, fy_model **encoder, fy_model **classifier);

typedef struct source {
    const char *stage;  /* NULL: "source" */
    bool keeps_encoder; /* only the classifier learns */
    double label_smoothing;
    fy_run *run;
    fy_device *dev;
    const fy_dataset *train, *test; /* labelled */
    fy_model *encoder, *classifier; /* one after the other */
    const char *moves;              /* globs of what of the encoder learns; NULL: all of it */
    const fy_augment *augment;      /* of the samples that are learnt from; NULL: none */
    const fy_optim_opts *optim;
    int64_t batch, steps;
    uint64_t seed;
    int workers;
} source;

/* The stage: cross-entropy moves both models, or the classifier alone. */
fy_status source_train(const source *s);
/* The accuracy on the test side, NaN without one; source.safetensors and classifier.safetensors. */
fy_status source_judge(const source *s, double *accuracy);

#endif
