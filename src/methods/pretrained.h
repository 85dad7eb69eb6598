/* pretrained.h: values from files: what a model begins with, and a source model that was trained before. Public functions only. */
#ifndef FERRY_METHODS_PRETRAINED_H
#define FERRY_METHODS_PRETRAINED_H

#include <ferry/methods.h>

/* A file and what of it, as in fy_fit_opts; "" is NULL, so that either is found. */
typedef struct pretrained_file {
    const char *path, *part, *prefix, *map;
    bool slice;
} pretrained_file;

/* fy_model_load_partly with what is said of the file in `how`. */
fy_status pretrained_load_file(fy_model *m, const pretrained_file *f, fy_fit_opts how,
                               fy_fit **report);

/* What fits of the file; nothing without one. FY_ESHAPE where that is too little. r: weights.json tells what did, also then; NULL: nobody
 * is told. */
fy_status pretrained_begin(fy_run *r, fy_model *m, const pretrained_file *f);

typedef struct pretrained {
    pretrained_file encoder_file;
    /* path NULL: encoder_file holds both, a whole model of the encoder's family */
    pretrained_file classifier_file;
    fy_model *encoder, *classifier;
    /* Some of it is looked at, to see that the parts of a whole give what it gave. */
    const fy_dataset *samples;
} pretrained;

/* Fills encoder and classifier. */
fy_status pretrained_load(fy_device *dev, const pretrained *p);

#endif
