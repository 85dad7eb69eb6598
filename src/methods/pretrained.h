/* pretrained.h: a source model that was trained before. Public functions only. */
#ifndef FERRY_METHODS_PRETRAINED_H
#define FERRY_METHODS_PRETRAINED_H

#include <ferry/methods.h>

typedef struct pretrained {
    const char *encoder_path;
    const char *classifier_path; /* NULL: encoder_path holds both, a whole model of the encoder's family */
    fy_model *encoder, *classifier;
    const fy_dataset
        *source; /* some of it is looked at, to see that the parts of a whole give what it gave */
} pretrained;

/* Fills encoder and classifier. */
fy_status pretrained_load(fy_device *dev, const pretrained *p);

#endif
