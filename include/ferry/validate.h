/* validate.h: how good a model is on a target without labels, by what it makes of both domains' samples in one pass. No validator is
 * right about all methods: each is a figure to choose by, or to distrust. */
#ifndef FERRY_VALIDATE_H
#define FERRY_VALIDATE_H

#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Mixtures of two target samples each, and what the model makes of them. */
typedef struct fy_mixed {
    const fy_tensor *logits; /* [m, k] */
    const int32_t *first,
        *second; /* [m]: predicted classes of the sample that has the larger part, and of the other */
} fy_mixed;

/* Features [n, d] and logits [n, k], a row for each sample. */
typedef struct fy_pass {
    const fy_tensor *source_z, *source_logits; /* of held-out source samples; NULL: there are none */
    const fy_dataset *source;                  /* these samples, labelled */
    const fy_tensor *target_z, *target_logits;
    const fy_mixed *mixed; /* NULL: there are none */
    const fy_tensor *
        ensemble; /* [n, k], what several models think of the target's samples in the mean: probabilities; NULL: nothing */
} fy_pass;

#define FY_MAX_VALIDATORS 16
FY_API const char *const *fy_validators(void); /* names, NULL-terminated; docs/adapting.md has a table */
/* Of a validator by name: one line that ends in the paper, NULL if unknown; is more of it better? */
FY_API const char *fy_validator_text(const char *name);
FY_API bool fy_validator_is_gain(const char *name);
/* Does it have a vote in fy_choose? */
FY_API bool fy_validator_votes(const char *name);

/* All of them, in the order of fy_validators; the rest of `values` is NaN, and so are those that need a source, mixtures or an ensemble where
 * there is none, and all where a logit or a feature is not finite. All but the first four and `agreement` look at 2,000 samples of each domain at
 * most, always the same. FY_ESHAPE for tensors that are not of one model. */
FY_API FY_NODISCARD fy_status fy_validate(const fy_pass *p, double values[FY_MAX_VALIDATORS]);

/* The share of the rows of two tensors f32 [n, k], logits or probabilities, whose largest value is of the same class. FY_ESHAPE. */
FY_API FY_NODISCARD fy_status fy_agreement(const fy_tensor *a, const fy_tensor *b, double *out);

#ifdef __cplusplus
}
#endif
#endif
