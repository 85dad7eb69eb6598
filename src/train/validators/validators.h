/* What the files of validators share: one pass as they see it. */
#ifndef FYI_VALIDATORS_H
#define FYI_VALIDATORS_H

#include "tensor/tensor.h"

#include <ferry/validate.h>

/* Some samples of a domain, at most FYI_LOOK_ROWS. */
#define FYI_LOOK_ROWS 2000
typedef struct fyi_looked {
    int64_t n;
    fy_tensor *z; /* f32 [n, d] */
    double *p;    /* [n, k] */
    int32_t *y;   /* [n]: labels of the source, predicted classes of the target */
} fyi_looked;

typedef struct fyi_look {
    int k;
    int64_t d;
    fy_signs signs;         /* of all target samples */
    double source_accuracy; /* of all source samples; NaN without any */
    double agreement;       /* with the ensemble, of all target samples; NaN without one */
    const fy_mixed *mixed;  /* NULL: none */
    fyi_looked source, target;
} fyi_look;

typedef struct fyi_validator {
    const char *name, *text;
    bool is_gain;
    bool needs_source;
    bool votes; /* in fy_choose */
    fy_status (*value)(const fyi_look *l, double *out);
} fyi_validator;

#define VALIDATOR(name) extern const fyi_validator fyi_validator_##name;
#include "train/validators/validators.def"
#undef VALIDATOR

#endif
