/* hdnet.h: staged multimodal distillation from one domain to others. Each modality has an encoder phi_m and heads C_m of its own, a
 * fusion f makes one answer of all features, and the answers teach each other:
 *
 *   z_m = phi_m(x_m)      s_m = C_m(z_m), the mean of its heads' logits      s_0 = f(z_1, ..., z_M)
 *   KD(t -> s) = tau^2 KL(softmax(t / tau) || softmax(s / tau)), no gradient to t
 *
 *   1  source, everything   CE(s_0) + a sum_m aux(s_m) + k mean_m [KD(s_0 -> s_m) + KD(s_m -> s_0)]
 *   2  target, phi and C    by strategy; the fusion stays as it is
 *   3  target, everything   CE(s_0) + k mean_m M w_m KD(s_m -> s_0), at a tenth of the rate
 *
 * Stages 2 and 3 are each target's own, from the one model of stage 1. docs/hdnet.md says how to use it. */
#ifndef FERRY_HDNET_H
#define FERRY_HDNET_H

#include "fuse.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- data ------------------------------------------------------------------------------------------------- */

/* A domain to which the model is carried: four sets that have no sample in common. */
typedef struct fy_hdnet_target {
    const char *name;         /* "george": in files and figures */
    const fy_parts *train;    /* without labels; NULL: there is none */
    const fy_parts *finetune; /* labelled: what stages 2 and 3 learn from */
    const fy_parts *val; /* labelled: chooses epochs, stage and strategy, and nothing learns from it */
    const fy_parts *test; /* labelled: looked at once, when all is done; NULL: there is none */
} fy_hdnet_target;

#define FY_HDNET_TARGETS 8
typedef struct fy_hdnet_data {
    const fy_parts *source, *source_val; /* labelled */
    fy_hdnet_target targets[FY_HDNET_TARGETS];
    int n_targets;
} fy_hdnet_data;

/* ---- options ---------------------------------------------------------------------------------------------- */

/* Stage 2, with shares w_m of the learning rate and eta of the source's samples; p_m is what head m gives the label's class:
 *   soft    a_m = running mean of p_m[y] in .05 .. .95;  w = softmax_m(sign log(a_m / (1 - a_m)) / T), at least `floor`;
 *           modality m's rate is M w_m times the optimiser's;  (1 - eta) CE_T(s_m) + eta CE_S(s_m)
 *   hard    CE_T(s_m), and critics D_m that tell the domains apart: phi_m gets -g l_m of the gradient of their loss, where
 *           g = 2 / (1 + exp(-10 progress)) - 1 and, where it is adaptive, l_m = pressure clip(4 (won_m - 1/2), 0, 2) for a
 *           running mean won_m of how often D_m is right: more while it wins, less as it comes down to chance
 *   hybrid  both */
typedef struct fy_hdnet_soft {
    double sign;        /* 1: who is right more often learns faster; -1: slower */
    double temperature; /* T */
    double floor;       /* of w_m */
    double memory;      /* of a_m, of one step */
    double source;      /* eta, also of hybrid */
} fy_hdnet_soft;

typedef struct fy_hdnet_hard {
    double pressure; /* l */
    bool is_adaptive;
    bool on_target_only; /* the encoder learns it from the target's samples alone */
    int64_t hidden;      /* of the critics; 0: the family's own */
    double rate;         /* of the critics, relative to the optimiser's */
    double memory;       /* of won_m */
} fy_hdnet_hard;

#define FY_HDNET_HEADS 8
typedef struct fy_hdnet_opts {
    /* "soft", "hard", "hybrid"; "auto" and "all" run all three from one stage 1, and choose by the target's validation samples;
     * "all" also looks at the test of those that were not chosen. */
    const char *strategy;

    fy_network_opts encoders[FY_MAX_MODALITIES]; /* as in fy_fuse_opts */
    const char *
        freeze[FY_MAX_MODALITIES]; /* globs of an encoder's parameters that never move; NULL: none */
    const char *fusion;            /* family; fusion_attention is the paper's MMFM */
    int64_t features, hidden;      /* as in fy_fuse_opts */
    int64_t heads;           /* of each modality, 1 to FY_HDNET_HEADS, from different beginnings */
    const char *head_family; /* any that takes vectors: "head", "mlp", "linear" */
    int64_t head_hidden;     /* 0: `features` */
    double dropout;          /* of the heads */

    fy_optim_opts optim;
    const char *schedule; /* of fy_schedule_names, over each stage */
    double step_epochs, gamma;
    const int32_t *milestones; /* [n_milestones], rising, at most 16 epochs */
    int n_milestones;
    int64_t epochs, batch;               /* of stage 1 */
    int64_t branch_epochs, whole_epochs; /* of stages 2 and 3; 0: left out */
    int64_t target_batch; /* of each of the sets that stages 2 and 3 draw from; fewer where there are fewer */
    double branch_rate, whole_rate; /* of stages 2 and 3, relative to the optimiser's */
    int64_t patience;               /* epochs without a better model that end a stage; 0: none do */

    const char *
        aux_loss; /* stage 1: "ce"; "ce+kd": and KD(s_0 -> s_m); "mse": mean (s_m - s_0)^2, no gradient to s_0 */
    double aux_weight; /* a */
    double kd_weight;  /* k; 0: nobody teaches another */
    double tau;
    double kd_warmup; /* epochs of stage 1 over which k rises */
    bool kd_on_target; /* stage 1: the answers also teach each other on the unlabelled samples of the only target */
    double whole_aux; /* weight of sum_m CE(s_m) in stage 3, which then moves the heads, too; 0: they stay */
    fy_hdnet_soft soft;
    fy_hdnet_hard hard;

    /* What it is held against: encoders and fusion learn the source by CE(s_0) alone, as many steps as stage 1 has, then the target's
     * labelled samples likewise, as many as stages 2 and 3 together. */
    bool finetuned;
    double finetune_rate; /* relative to the optimiser's */

    const fy_augment *augment[FY_MAX_MODALITIES]; /* of training samples; NULL: none */
    bool augment_target;                          /* false: only the source's */
    int64_t test_views; /* augmented views of a test sample whose probabilities are averaged; 0: the sample itself */
    const fy_pixels *pixels[FY_MAX_MODALITIES]; /* saved with the encoder; NULL: not said */
    uint64_t seed;
    int workers; /* loader threads per stream */
} fy_hdnet_opts;
/* hybrid; 64 features, one head with dropout 0.5, Adam 1e-3, 20, 30 and 15 epochs. */
FY_API fy_hdnet_opts fy_hdnet_defaults(void);

/* "soft", "hard", "hybrid", "auto", "all"; NULL-terminated. */
FY_API const char *const *fy_hdnet_strategies(void);
FY_API const char *const *fy_hdnet_aux_losses(void);

/* ---- running it ------------------------------------------------------------------------------------------- */

/* One model on one target. NaN: nobody looked. */
typedef struct fy_hdnet_figures {
    double fused, fused_val;          /* accuracy of s_0 with all parts that are there */
    double branch[FY_MAX_MODALITIES]; /* of s_m, over the test samples that have the part */
    double branch_val[FY_MAX_MODALITIES];
    int64_t epoch; /* after which it was kept; 0: as it began */
    double moved;  /* share of the values that the stage could move */
    bool is_there;
} fy_hdnet_figures;

enum { FY_HDNET_SOURCE, FY_HDNET_BRANCHES, FY_HDNET_WHOLE, FY_HDNET_STAGES };
enum { FY_HDNET_SOFT, FY_HDNET_HARD, FY_HDNET_HYBRID, FY_HDNET_WAYS };

/* One strategy on one target. */
typedef struct fy_hdnet_way {
    fy_hdnet_figures stages[FY_HDNET_STAGES]; /* after stage 1, 2, 3 */
    int kept;                        /* which of them is best by validation; of equals the latest */
    double share[FY_MAX_MODALITIES]; /* w_m at stage 2's end */
    double critic[FY_MAX_MODALITIES];   /* won_m; NaN: there was none */
    double pressure[FY_MAX_MODALITIES]; /* l_m; NaN: there was none */
    bool is_there;
} fy_hdnet_way;

typedef struct fy_hdnet_result {
    fy_hdnet_way ways[FY_HDNET_WAYS];
    int chosen; /* of them */
    fy_hdnet_figures finetuned;
    int64_t test; /* samples */
} fy_hdnet_result;

typedef struct fy_hdnet_report {
    int n, n_targets;        /* modalities */
    fy_hdnet_figures source; /* of stage 1 on source_val */
    fy_hdnet_result targets[FY_HDNET_TARGETS];
    double target,
        finetuned;  /* means over the targets: of the model handed back, of plain fine-tuning */
    int64_t epochs; /* of stage 1 */
} fy_hdnet_report;

/* Leaves in the run's directory each stage's model, "<stage>+<model>.safetensors", the first target's as fy_fused_save has it, of which
 * of which fuse.json tells what every subset of parts comes to. Metrics hold each epoch's val.fused,
 * val.<modality>, and of stage 2 w.<modality> and pressure.<modality> (l_m). FY_EINVAL for what does not fit, before
 * anything runs. The run must have a directory. */
FY_API FY_NODISCARD fy_status fy_hdnet(fy_run *r, fy_device *dev, const fy_hdnet_data *data,
                                       const fy_hdnet_opts *o, fy_hdnet_report *report);

#ifdef __cplusplus
}
#endif
#endif
