/* probes.h: mixtures of target samples, by which a model is looked at (MixVal, Hu et al. 2023). Public functions only. */
#ifndef FERRY_METHODS_PROBES_H
#define FERRY_METHODS_PROBES_H

#include <ferry/methods.h>

typedef struct probes {
    int64_t n, numel; /* samples that are mixed, always the same; values of one */
    int64_t *index;   /* [n], in the target */
    fy_tensor *x;     /* [n, ...], the samples */
    int64_t *partner; /* [n + 1], with whom each is mixed because of its class; the last is not 0 where that is settled */
    bool is_settled_once; /* by the first look, and not anew by every one */
    fy_dataset *mixtures;
    fy_tensor *logits;
    int32_t *first, *second; /* as in fy_mixed, [2 n] */
    fy_mixed mixed;
} probes;

/* At most 500 samples, and 64 MiB of them. Release with probes_close, also after a failure. */
fy_status probes_open(const fy_dataset *target, probes *p);
void probes_close(probes *p);
/* From now on the first look settles whom each sample is mixed with, so that a cache knows the mixtures again; in every checkpoint. */
fy_status probes_settle(probes *p, fy_run *r);
/* Mixes them by what the model says of the target, logits [target count, k], and fills p->mixed. predictor: an encoder and a classifier. */
fy_status probes_look(probes *p, fy_predictor *predictor, const fy_tensor *logits);

#endif
