/* validate.h: how good a model is on a target without labels, by what it makes of both domains' samples in one pass. No validator is
 * right about all methods: each is a figure to choose by, or to distrust. */
#ifndef FERRY_VALIDATE_H
#define FERRY_VALIDATE_H

#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Features [n, d] and logits [n, k], a row for each sample. */
typedef struct fy_pass {
    const fy_tensor *source_z, *source_logits; /* of held-out source samples; NULL: there are none */
    const fy_dataset *source;                  /* these samples, labelled */
    const fy_tensor *target_z, *target_logits;
} fy_pass;

#define FY_MAX_VALIDATORS 16
FY_API const char *const *fy_validators(void); /* names, NULL-terminated; docs/adapting.md has a table */
/* Of a validator by name: one line that ends in the paper, NULL if unknown; is more of it better? */
FY_API const char *fy_validator_text(const char *name);
FY_API bool fy_validator_is_gain(const char *name);

/* All of them, in the order of fy_validators; the rest of `values` is NaN, and so are those that need a source where there is none,
 * and all where a logit or a feature is not finite. What looks at pairs of samples or fits something takes at most 2,000 of each
 * domain, always the same. FY_ESHAPE for tensors that are not of one model. */
FY_API FY_NODISCARD fy_status fy_validate(const fy_pass *p, double values[FY_MAX_VALIDATORS]);

#ifdef __cplusplus
}
#endif
#endif
