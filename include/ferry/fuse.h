/* fuse.h: learning from several modalities at once. Methods differ in what teaches an encoder: the loss of all parts
 * together, which a strong modality soon makes small, or one of its own. */
#ifndef FERRY_FUSE_H
#define FERRY_FUSE_H

#include "fused.h"
#include "methods.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- methods ---------------------------------------------------------------------------------------------- */

/* Notation: L = CE(f(z_1, ..., z_M), y); L_m = CE of branch m over the rows that have part m; sg stops gradients. */
typedef struct fy_fuse_data {
    const fy_parts *train; /* labelled */
    const fy_parts *val;   /* labelled: which epoch's model is kept, and adaptive weights */
    const fy_parts *test;  /* labelled: looked at once, when all is done; NULL: there is none */
} fy_fuse_data;

/* Balanced multimodal learning by gradient modulation (Peng et al. 2022, OGM-GE). */
typedef struct fy_ogm_opts {
    double alpha; /* k_m = 1 - tanh(alpha rho_m) where modality m is ahead, rho_m > 1; else 1 */
    bool noise; /* GE: noise of the gradient's own deviation, on encoders' weights of two axes and more */
} fy_ogm_opts;

/* What modality m knows and the others do not. o_m = (1 - eps) softmax(s_{-m} / T) + eps / K, of the logits without part m and
 * without gradient; q_m = softmax(E_m z_m + c_m + kappa log o_m), whose expert head E_m, c_m learns by -mean log q_m[y] and whose
 * encoder by beta_m times it. E[-log q_m] >= H(Y | Z_m, X_{-m}): less of it is more of I(Z_m; Y | X_{-m}), unique and synergistic
 * information. */
typedef struct fy_unique_opts {
    double beta; /* for all encoders; negative: each its own, adaptive, up to beta_max alpha */
    double beta_max;
    double kappa;       /* 0: the expert knows nothing of the others, a control */
    double epsilon;     /* eps */
    double temperature; /* T; 0: of each modality and epoch by the validation samples */
    double gamma; /* adaptive: tanh(gamma max(0, 1 / rho_m - 1)), rho_m what m's branch is right about relative to the others' */
    double delta; /* nats: adaptive: times u / (u + delta), u the unique information seen on validation samples, at least 0 */
    double begin; /* share of the training during which beta is 0 */
    double rate;  /* expert heads' learning rate relative to the optimiser's */
} fy_unique_opts;

typedef struct fy_fuse_opts {
    const char *method; /* of fy_fuse_methods */
    /* Of each modality; family NULL: by its samples, "mlp" for vectors, "conv4_1d" for series [c, t], else "conv4". */
    fy_network_opts encoders[FY_MAX_MODALITIES];
    const char *fusion; /* family */
    int64_t features;   /* d, of every encoder */
    int64_t hidden;     /* of the fusion; 0: the family's own */

    fy_optim_opts optim;
    double encoder_rate; /* encoders' learning rate relative to the optimiser's. Of methods in which the fusion and the encoders
                          * learn from different losses, dgl and dgl_unique, alpha is this and nothing else under SGD, and
                          * nothing at all under Adam; with clip_norm, which is over all of the gradient, it is neither */
    double alpha;        /* weight of the L_m: uniform, mmpareto, dgl, dgl_unique */
    fy_ogm_opts ogm;
    double agm_alpha;      /* agm: exponent of the modulation */
    double mmpareto_gamma; /* mmpareto: the combined gradient's length relative to that of the sum */
    double umt_weight;     /* umt: of the distance to what encoders that learned alone say */
    fy_unique_opts unique; /* dgl_unique */

    int64_t epochs, batch;
    const char *schedule; /* of fy_schedule_names */
    int64_t patience;     /* epochs without a better model that end a stage; 0: none do */
    const fy_augment *augment[FY_MAX_MODALITIES]; /* of training samples; NULL: none */
    const fy_pixels *pixels[FY_MAX_MODALITIES];   /* saved with the encoder; NULL: not said */
    const char *
        weak; /* the modality that reports are about; NULL: the one whose branch is worst on validation */
    uint64_t seed;
    int workers; /* loader threads per modality */
} fy_fuse_opts;
FY_API fy_fuse_opts fy_fuse_defaults(
    void); /* joint, fusion_concat, 64 features, Adam 1e-3, 20 epochs of batches of 64 */

/* The methods' names; NULL-terminated:
 *   alone       each modality by itself, and the best of them by validation: what all must be held against. What is saved is late's
 *   late        the same models, their logits added
 *   joint       L moves everything
 *   uniform     L + alpha sum_m L_m
 *   ogm_ge      joint, with the gradient of encoders that are ahead made smaller (Peng et al. 2022)
 *   agm         joint, with each modality's Shapley share of the logits modulated (Li et al. 2023)
 *   mmpareto    L and L_m weighted for each encoder so that neither suffers (Wei and Hu 2024)
 *   umt         L + w sum_m MSE(z_m, t_m), t_m from encoders that learned alone (Du et al. 2023)
 *   dgl         CE(f(sg z), y) moves the fusion, alpha L_m encoder m alone (Wei et al. 2025)
 *   dgl_unique  dgl + beta_m times the unique information's loss */
FY_API const char *const *fy_fuse_methods(void);
FY_API const char *fy_fuse_method_text(const char *method); /* one line, NULL if unknown */

typedef struct fy_fuse_report {
    double fused, fused_val; /* accuracy with all parts that are there */
    int n;                   /* modalities */
    fy_fuse_branch branches[FY_MAX_MODALITIES];
    int weak;           /* modality */
    int64_t epochs;     /* run, of the last stage */
    int64_t best_epoch; /* after which the model was kept; 0: as it began */
    int64_t moved;      /* values that learned, of encoders and fusion */
} fy_fuse_report;
/* Leaves in the run's directory the model of the epoch that knows the validation samples best, of equals the one with the smaller loss
 * (fy_fused_save), and fuse.json, the accuracy of every subset of parts and each modality's figures. Metrics hold each epoch's val.fused
 * and val.<modality>, and over the steps grad.<modality>, the length of the loss's gradient at that encoder's features of a batch.
 * FY_EINVAL for a method, a family or a modality that there is not, naming what there is, and for modalities' names that are no
 * file names or those of other files of a run. The run must have a directory. */
FY_API FY_NODISCARD fy_status fy_fuse(fy_run *r, fy_device *dev, const fy_fuse_data *data,
                                      const fy_fuse_opts *o, fy_fuse_report *report);

#ifdef __cplusplus
}
#endif
#endif
