/* fused.h: models of several modalities, which take whatever parts of a sample are there.
 *
 *   encoder   z_m = phi_m(x_m), d features of one part: any family whose head has d outputs
 *   fusion    f(z_1, ..., z_M), the logits: a fusion family, with a neutral element for each part that is missing
 *   branch    the whole model with one part alone, the others missing: what that modality has come to */
#ifndef FERRY_FUSED_H
#define FERRY_FUSED_H

#include "parts.h"
#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- predicting ------------------------------------------------------------------------------------------- */

/* Encoders and a fusion on one device. One thread at a time may use one. */
typedef struct fy_fused fy_fused;

/* Sets of modalities: bit m for modality m. */
#define FY_ALL_PARTS (~0u)

/* encoders [n], in the order of the modalities, called as these are: each gives d features, and the fusion takes
 * [n, d + 1]; all are lent. batch: samples at a time. FY_ESHAPE where they do not fit each other. */
FY_API FY_NODISCARD fy_status fy_fused_new(fy_device *dev, fy_model *const *encoders,
                                           fy_model *fusion, int n, int64_t batch, fy_fused **out);
/* The same for encoders of which only some parameters will change, those of the m-th that match the globs moves[m]: what
 * depends on the others alone is computed once for each set of samples and kept in `features`, as fy_predictor_new_moving does. */
typedef struct fy_fused_moving {
    int64_t batch;
    const char *const *moves; /* [n]; an encoder's NULL: all of it */
    fy_features *features;    /* lent. NULL: in memory */
} fy_fused_moving;
FY_API FY_NODISCARD fy_status fy_fused_new_moving(fy_device *dev, fy_model *const *encoders,
                                                  fy_model *fusion, int n, const fy_fused_moving *o,
                                                  fy_fused **out);
/* What fy_fused_save left in a folder; owns its models. FY_EFORMAT for files that do not say what they are. */
FY_API FY_NODISCARD fy_status fy_fused_load(fy_device *dev, const char *dir, int64_t batch,
                                            fy_fused **out);
/* In the run's directory: <modality>.safetensors for each encoder, fusion.safetensors, and fused.json, which says what belongs
 * together. FY_EINVAL for a modality whose name is no file's name, or "fusion". */
FY_API FY_NODISCARD fy_status fy_fused_save(fy_fused *f, fy_run *r);
/* Those files' values back into its models. */
FY_API FY_NODISCARD fy_status fy_fused_restore(fy_fused *f, fy_run *r);
FY_API void fy_fused_free(fy_fused *f); /* accepts NULL */
FY_API int fy_fused_modalities(const fy_fused *f);
FY_API const char *fy_fused_name(const fy_fused *f, int m);  /* the encoder's */
FY_API fy_model *fy_fused_encoder(const fy_fused *f, int m); /* lent */
FY_API fy_model *fy_fused_fusion(const fy_fused *f);         /* lent; it knows the classes */

/* The encoders' results for all samples, f32 [count, n, d + 1] as fusions take them: behind the features 1 where the part is
 * there, 0 where it is not. Of modalities outside the subset no features are computed, they are taken for missing. FY_ESHAPE where samples
 * are not what an encoder takes; FY_EINVAL for another number of modalities. */
FY_API FY_NODISCARD fy_status fy_fused_features(fy_fused *f, const fy_parts *p, unsigned subset,
                                                fy_tensor **z);
/* Logits [count, classes] of features as above, the parts outside the subset taken for missing. */
FY_API FY_NODISCARD fy_status fy_fused_logits(fy_fused *f, const fy_tensor *z, unsigned subset,
                                              fy_tensor **logits);

/* ---- what others know already --------------------------------------------------------------------------- */

/* What the logits s [n, k] of other modalities tell of the labels:
 *   o = (1 - epsilon) softmax(s / T) + epsilon / k        never quite sure, however sure an overfitted network is */
typedef struct fy_others {
    double temperature; /* T, 0.5 to 10, with the least mean -log o[y] */
    double scale;       /* and then t and c with the least mean -log softmax(t log o + c)[y]: */
    double nll;         /* nats: that mean, all that the others tell however they are calibrated */
} fy_others;
/* y [n], 0 .. k-1. FY_ESHAPE unless logits are f32 [n, k]; FY_EINVAL for a label that is no class, an epsilon that is not above 0 and below
 * 1; FY_ENAN for logits that are not finite. */
FY_API FY_NODISCARD fy_status fy_others_of(const fy_tensor *logits, const int32_t *y,
                                           double epsilon, fy_others *out);

/* In nats. */
typedef struct fy_unique {
    double others; /* mean -log o[y], calibrated */
    double expert; /* mean -log q[y], q = softmax(W z + c + t log o) */
    double nats; /* others - expert: z tells at least that much more, I(Z; Y | others); below 0 where z tells nothing */
} fy_unique;
/* Calibration and expert, a logistic regression with an l2 of their own choice, are fitted to one half of the samples and judged by the
 * other, and the other way round: what is learnt by heart counts for nothing. z f32 [n, d]; the rest as above, n >= 16. The seed
 * halves the samples. */
FY_API FY_NODISCARD fy_status fy_unique_information(const fy_tensor *z, const fy_tensor *logits,
                                                    const int32_t *y, double epsilon, uint64_t seed,
                                                    fy_unique *out);

/* ---- who knows what --------------------------------------------------------------------------------------- */

/* One modality. Accuracies on test samples, or on validation samples where there are none. */
typedef struct fy_fuse_branch {
    double accuracy; /* of the branch, over the samples that have the part; NaN: none has */
    double val;      /* the same on validation samples */
    double probe; /* a linear classifier's on the features of training samples: what could be read from them (fy_linear_probe);
                   * NaN: too few samples */
    double shapley; /* share of the accuracy, over all subsets of parts (fy_shapley) */
    double unique; /* nats: how much better the label is known with the features than from the other parts alone, at least
                     * (fy_unique_information, of validation samples); NaN: too few samples */
    double beta;   /* weight of that in the encoder's loss at the end; NaN: it had none */
} fy_fuse_branch;

#define FY_MAX_SUBSETS (1 << FY_MAX_MODALITIES)
typedef struct fy_fused_figures {
    int n;                   /* modalities */
    double fused, fused_val; /* accuracy with all parts that are there */
    double subsets[FY_MAX_SUBSETS]; /* [2^n], accuracy with these parts alone; [0]: of the most frequent class */
    int64_t samples;                /* that the accuracies are of */
    bool is_test;
    int weak; /* modality */
    fy_fuse_branch branches[FY_MAX_MODALITIES];
} fy_fused_figures;
/* val and test labelled, test may be NULL. weak: the modality that figures are about, by name; NULL: the one whose branch is worst on
 * val. FY_EINVAL for one that there is not, naming the nearest. */
FY_API FY_NODISCARD fy_status fy_fused_measure(fy_fused *f, const fy_parts *train,
                                               const fy_parts *val, const fy_parts *test,
                                               const char *weak, fy_fused_figures *out);

typedef struct fy_fused_about {
    const char *method;
    int64_t epochs, best_epoch, moved; /* moved: values that learned */
} fy_fused_about;
/* "fuse.json" in the run's directory: the figures, and what they are of. */
FY_API FY_NODISCARD fy_status fy_run_write_fused(fy_run *r, const fy_fused *f,
                                                 const fy_fused_figures *figures,
                                                 const fy_fused_about *about);

#ifdef __cplusplus
}
#endif
#endif
