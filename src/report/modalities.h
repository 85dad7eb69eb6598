/* modalities.h: what fuse.json says of a run that learned from several modalities, and what its sections share. */
#ifndef FYI_REPORT_MODALITIES_H
#define FYI_REPORT_MODALITIES_H

#include "report/html.h"

#include <ferry/tensor.h>

/* NaN: unknown. */
typedef struct fyi_modality {
    const char *name;
    double accuracy, val, probe; /* 0..1; of its branch, of that on validation, of a linear probe */
    double shapley;              /* share of the accuracy, -1..1 */
    double unique;               /* nats */
    double beta;
} fyi_modality;

#define FYI_SUBSETS (1 << FY_MAX_MODALITIES)

typedef struct fyi_modalities {
    bool is_there;
    bool is_test;       /* figures are of test samples, not of those that chose the epoch */
    const char *method; /* "" if missing */
    int n;              /* at least one */
    fyi_modality v[FY_MAX_MODALITIES];
    double subset[FYI_SUBSETS]; /* accuracy with these parts alone, bit m for modality m; 0: without any; NaN: unknown */
    double fused, fused_val; /* accuracy with all parts that are there; NaN: unknown */
    int weak;                /* that the run is about, or the worst on validation; -1: unknown */
    int64_t samples, best_epoch, epochs; /* -1: unknown */
    int64_t moved;                       /* values that learned; -1: unknown */
} fyi_modalities;

/* The subset of all of them. */
unsigned fyi_all_parts(const fyi_modalities *m);
/* Accuracy with this part alone: of its subset, which is over the same samples as the fused model, or its branch's. */
double fyi_alone(const fyi_modalities *m, int i);
/* The best of them by that; `but` is passed over. -1: unknown. */
int fyi_best_alone(const fyi_modalities *m, int but);
/* Do the method's encoders learn from losses of their own, so that none sees what another has learned? */
bool fyi_learns_apart(const fyi_modalities *m);
/* Does the method fuse nothing, but hand back the best of them? */
bool fyi_keeps_one(const fyi_modalities *m);
/* Is all that there is encoders that learned by themselves, each with a best epoch of its own? */
bool fyi_learns_alone(const fyi_modalities *m);
/* "s0 d0": the colour and the stroke of the i-th one's curves. */
fyi_num fyi_modality_css(int i);
/* How far two figures of as many samples may lie apart by chance: two standard errors of the difference of independent
 * figures. Those of one set of samples usually differ by less. NaN: unknown. */
double fyi_chance_between(const fyi_modalities *m, double p, double q);

#endif
