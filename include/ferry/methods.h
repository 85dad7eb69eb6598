/* methods.h: the training methods. Each is written with public functions only, so that it can be copied and
 * changed. */
#ifndef FERRY_METHODS_H
#define FERRY_METHODS_H

#include "choose.h"
#include "distill.h"
#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an adaptation is given. Nothing in it reaches the target's labels or a figure made of them: the judge's
 * eye takes predictions and tells nothing. */
typedef struct fy_adapt_data {
    const fy_dataset *source; /* labelled: training; NULL for methods that do without (fy_adapt) */
    const fy_dataset *
        source_test; /* labelled: the source accuracy in reports and in the choice's floor; NULL: unknown */
    const fy_dataset *target;      /* unlabelled */
    const fy_dataset *target_eval; /* unlabelled: scored by the judge; may be `target` */
    fy_eye *eye;                   /* of the judge of target_eval; NULL when nobody has labels */
} fy_adapt_data;

/* Four numbers side by side, NaN where nobody has labels: after 0 steps, last_step, chosen_step, and
 * oracle_step, the first to reach the best figure of all evaluations, counted this way. */
typedef struct fy_adapt_figures {
    double source_only, last, chosen, oracle;
    int64_t oracle_step; /* -1: nobody knows */
} fy_adapt_figures;

/* One of several methods that were tried, and what it chose. */
#define FY_MAX_TRIES 16
typedef struct fy_adapt_try {
    const char *method; /* a constant */
    bool has_run;       /* to its end */
    bool fell_back;     /* none of its own steps passed */
    int64_t last_step, chosen_step;
    int64_t times_back; /* as in fy_adapt_report */
    double seconds;
    char reason[256]; /* why none passed, or why it was not run, in words; "": its choice was a candidate */
    fy_candidate signs; /* of its choice */
    fy_ballot ballot; /* of its choice among those of all methods; voters 0: it was no candidate */
    fy_adapt_figures plain; /* by fy_adapt_score */
} fy_adapt_try;

typedef struct fy_adapt_report {
    /* What a method finds out without target labels. */
    double source_accuracy; /* of the source model on source_test */
    const char *stage;      /* whose evaluations were the candidates; a constant of the method's */
    int64_t last_step, chosen_step;
    int64_t times_back; /* that the run collapsed and went back; `rollbacks` of the options at most */
    fy_choice choice;
    fy_candidate signs;  /* of the chosen model: what the choice knew of it */
    fy_candidate source; /* the same of the source model */
    char warning[256];   /* what does not look as the method takes it to be; "": nothing */
    /* Of fy_adapt_auto; last_step, times_back and the figures of the last step are of the method that was chosen, or came nearest. */
    const char *
        method; /* that was chosen; NULL: the source model is kept, or there was one method alone */
    fy_adapt_try tries[FY_MAX_TRIES];
    int n_tries;
    const char *not_tried[FY_MAX_TRIES]; /* [n_not_tried], constants: trials or time were over before */
    int n_not_tried;
    /* What fy_adapt_score fills in. */
    bool has_labels;          /* somebody had the target's, so that there are four numbers */
    fy_adapt_figures plain;   /* labels as given */
    fy_adapt_figures swapped; /* two classes exchanged; NaN for more than two */
    fy_adapt_figures matched; /* best matching of classes, named as such */
} fy_adapt_report;
/* For the judge's owner, when the method is done: fills in the figures from the marks of r->stage. j NULL:
 * nobody has labels. */
FY_API void fy_adapt_score(const fy_judge *j, fy_adapt_report *r);

/* How one network's parameters are moved. */
typedef struct fy_optim_opts {
    const char *name;                         /* of fy_optim_names */
    double lr, momentum, beta1, weight_decay; /* momentum: sgd; beta1: adam, adamw */
    bool nesterov;                            /* sgd with momentum */
    double clip_norm; /* largest L2 norm of the whole gradient; 0: no clipping */
} fy_optim_opts;

/* ADDA (Tzeng et al. 2017, section 3): source encoder M_S and classifier C learn the source; then, with both
 * frozen, a critic D learns to tell M_S(x_s) from M_T(x_t), and the target encoder M_T, a copy of M_S at first,
 * learns to make D call its features source. */
typedef struct fy_adda_opts {
    const char *encoder, *classifier, *critic; /* families */
    int64_t features;              /* width of the encoder's result; 0: the family's own */
    int64_t critic_hidden;         /* 0: the family's own */
    const char *critic_activation; /* "relu", "leaky_relu", "none" */
    bool critic_on_logits; /* the critic sees C's logits, and the target's copy of C moves with M_T */

    /* A source model trained before, so that stage 1 is left out: encoder and classifier in a file each, or
     * a whole model of the encoder's family in the first (its last layer becomes the classifier) and NULL. Both
     * NULL: it is trained here, by the following. */
    const char *source_weights, *classifier_weights;
    const char *source_weights_part,
        *source_weights_prefix; /* as in fy_fit_opts; NULL or "": found */
    const char *classifier_weights_part, *classifier_weights_prefix;
    fy_optim_opts source_optim;
    int64_t source_epochs, source_steps; /* steps when > 0, else epochs */
    int64_t source_batch;

    fy_optim_opts critic_optim, target_optim;
    int64_t epochs, steps; /* of the adversarial stage; steps when > 0, else epochs */
    int64_t batch;         /* per domain */
    double decay_from; /* part of the stage after which both learning rates fall in a line to 0; 1: never */
    int64_t evaluations; /* of the candidates, spread evenly over the stage; at most one per step */
    /* How often the stage, when the target's predicted classes have collapsed by the rule's shares, goes back to the newest candidate
     * that had not, and on at half the rate. 0: never, as in the paper. Values that run away end the stage (fy_stage's on_nan): the choice is
     * then among the candidates of before, and its reason says so. */
    int64_t rollbacks;

    /* What makes it stable, all off in the plain method. */
    bool conditional; /* the critic sees features times predicted class (CDAN, Long et al. 2018) */
    double adversarial_weight; /* of the critic's part in M_T's loss */
    double pseudo_weight; /* of cross-entropy on cluster labels in M_T's loss; 0: no clusters */
    int64_t cluster_components; /* principal components of M_S's target features, whitened */
    int64_t cluster_restarts;
    double shift_frac; /* of the image: random shifts of target images */

    /* How each side's pictures were prepared, saved with its encoder; NULL: not said. */
    const fy_pixels *source_pixels, *target_pixels;
    fy_choice_rule rule;
    uint64_t seed;
    int workers; /* loader threads per stream */
} fy_adda_opts;
FY_API fy_adda_opts fy_adda_defaults(void);
/* Leaves in the run's directory: source.safetensors and classifier.safetensors (M_S, C), last.safetensors,
 * chosen.safetensors (M_T; with critic_on_logits also last_classifier and chosen_classifier), critic.json and
 * features.json for the report. Classifiers know the names of the source's classes. The run must have a directory. */
FY_API FY_NODISCARD fy_status fy_adda(fy_run *r, fy_device *dev, const fy_adapt_data *data,
                                      const fy_adda_opts *o, fy_adapt_report *report);

/* ---- fine-tuning ------------------------------------------------------------------------------------- */

typedef struct fy_finetune_data {
    const fy_dataset *train; /* labelled */
    const fy_dataset *val;   /* labelled: which epoch's model is kept, and when to stop */
    const fy_dataset *test;  /* labelled: looked at once, when all is done; NULL: there is none */
} fy_finetune_data;

/* Transfer learning: a model, its pretrained weights, a new head for the classes of the data, and which layers move
 * when. Frozen layers' batch norms use their running statistics, and neither changes. */
typedef struct fy_finetune_opts {
    const char *family;
    /* What fits of the file is loaded, a head for other classes begins anew; NULL: none. */
    const char *weights;
    const char *weights_part, *weights_prefix; /* as in fy_fit_opts; NULL or "": found */
    const char *weights_map;                   /* as fy_fit_opts' map and slice, and the next one */
    bool slice;
    const char *edit; /* of its layers, as in fy_model_edit; NULL: none */
    double width;     /* of the family: 0 is 1 */
    double dropout;   /* negative: the family's own */
    const char *pool; /* NULL: the family's own */

    /* "head": the last layer alone (feature extraction; what does not move is computed once per sample);
     * "all": every layer from the beginning; "head-first": the head alone, then all; "gradual": the head, then
     * with the group before it, and so on, and at last all (Howard and Ruder 2018, section 3.3). */
    const char *train;
    const char *freeze;  /* globs of parameters that never move; NULL: none */
    int64_t head_epochs; /* "head-first", "gradual": of each part before the last */
    int64_t epochs;      /* of the last part */
    int64_t batch;
    int64_t views; /* augmented views of each sample, over and over, so that what is frozen is computed once for each;
                    * 0: another one every epoch */
    const fy_augment *augment; /* of training samples; cut to val's and test's shape; NULL: none */
    const fy_pixels *pixels;   /* how they were prepared, saved with the model; NULL: not said */

    fy_optim_opts optim;
    double head_lr; /* while only the head moves; 0: the optimiser's */
    int64_t groups; /* of layers before the head, for "gradual" and lr_decay */
    double lr_decay; /* a group's rate is that of the group above times this (discriminative rates); 1: all alike */
    bool find_lr;         /* a range test before each part's begin sets its rate (Smith 2017) */
    const char *schedule; /* of fy_schedule_names, over each part */
    double warmup_epochs; /* and the following, of the schedule */
    double step_epochs, gamma, floor;
    const int32_t *milestones; /* [n_milestones] epochs */
    int n_milestones;

    double label_smoothing; /* share of a label that is spread over all classes (Szegedy et al. 2016, section 7) */
    double l2_sp; /* pull of what is not the head towards the values that it began with (Li et al. 2018): added to
                   * the loss, half of this times the squared distance */
    double ema; /* decay of exponential moving averages of what moves, running statistics included, with a warm-up
                 * (fy_objective_average); each part begins its own. They are evaluated, chosen among and kept, while
                 * the plain values go on learning; 0: none */
    int64_t patience; /* epochs without a better validation figure after which a part ends; 0: none */
    uint64_t seed;
    int workers; /* loader threads */
} fy_finetune_opts;
FY_API fy_finetune_opts fy_finetune_defaults(void);

typedef struct fy_finetune_report {
    double accuracy; /* of the model handed back: on test, or on val where there is no test */
    double val_accuracy, val_loss, test_accuracy; /* its; NaN: no test */
    double before;                                /* validation accuracy before the first step */
    int64_t epochs;                               /* run, all parts together */
    int64_t best_epoch; /* after which the model was kept; 0: before the first */
    int64_t moved, all; /* values of the model that the last part may move, and all of them */
    double lr;          /* of the last part, before the schedule */
    double ema; /* decay of the averages that were evaluated and kept; 0: the values themselves were */
} fy_finetune_report;
/* Leaves in the run's directory: best.safetensors, the model with the best validation accuracy, of equals the one with
 * the smaller loss, of averages if there are any; last.safetensors, the plain values after the last step; eval.json,
 * the best model's figures; weights.json, what of the weights' file fitted, also where that is too little (FY_ESHAPE);
 * lr_find-<part>.json, each range test. The run must have a directory. */
FY_API FY_NODISCARD fy_status fy_finetune(fy_run *r, fy_device *dev, const fy_finetune_data *data,
                                          const fy_finetune_opts *o, fy_finetune_report *report);

/* ---- distillation ------------------------------------------------------------------------------------- */

/* Two domains, or the source alone: target, target_val and target_test NULL. All labelled, the target's training samples
 * often few. A target's classes that the source has too, by their names and in its order, are the same; a target of which the source has
 * none gets a head of its own beside the source's. */
typedef struct fy_distill_data {
    const fy_dataset *source, *source_val,
        *source_test; /* test: looked at once, when all is done; NULL: none */
    const fy_dataset *target, *target_val, *target_test;
    /* The same samples as `source`, one by one, as the teachers see them (in colour, larger, by another sensor); NULL: they
     * see what the student sees. For one domain and teachers with weights. Their outputs are then computed every step. */
    const fy_dataset *source_teacher;
} fy_distill_data;

/* One network: what it is, and the values it begins with. What a teacher's file says itself must not be said again: width and
 * classes are then 0, dropout is negative, pool NULL; anything else is FY_EINVAL. */
typedef struct fy_network_opts {
    const char *family;  /* NULL: what the weights' file says; see fy_distill_opts.student */
    int64_t classes;     /* of a teacher's file that does not say; 0: the source's */
    const char *weights; /* NULL: random values */
    const char *edit; /* of the student: changes to its layers, as in fy_model_edit; NULL: none */
    bool learns; /* of a teacher with weights: what of them fits is where it begins, and it learns the source first */
    const char *weights_part, *weights_prefix; /* as in fy_fit_opts; NULL or "": found */
    double width, dropout;                     /* as in fy_finetune_opts */
    const char *pool;
} fy_network_opts;

#define FY_MAX_TEACHERS 3

/* Partial-layer distillation and re-distillation, in stages:
 *   teacher     T learns the source, unless it comes from a file; from then on it never changes
 *   distil      S, a copy of T or a smaller network, moves some of its layers:
 *               c CE_T + sum_i w_i g_n loss_i(T -> S) + l / 2 ||P - P_0||^2, on batches of which half is the source's; CE_T on
 *               the target's rows, or with one domain on the source's, + c_S CE on the source's where that is asked for; g_n = 1 on source rows, on target rows only
 *               if T is right more often than chance there
 *   redistil    R begins as S and moves wholly: (1 - a) CE on the source + a KD(S -> R) there + b KD(S -> R) on the
 *               target's rows, so that it learns the source again and keeps the target
 *   finetune    what distillation is held against: a copy of T whose layers all learn the target by cross-entropy alone, in
 *               as many steps as S had
 * T, S, R are separate networks. After every epoch both validation parts are looked at; `chosen` has the best harmonic mean of the
 * two accuracies, of equals the one that moved least. */
typedef struct fy_distill_opts {
    fy_network_opts teachers[FY_MAX_TEACHERS]; /* the first is T, whose copy S may be; all teach */
    int n_teachers;
    fy_optim_opts teacher_optim; /* of those that learn */
    int64_t teacher_epochs;      /* before S does; one that is `mutual` learns as long as S */
    const char *teacher_moves;   /* globs of their parameters that do; NULL: all */

    fy_network_opts student; /* family NULL: a copy of T */
    const char *
        moves; /* globs of S's parameters; NULL: of a copy the head and the block before it, else all */
    const char *losses; /* names of fy_kd_losses, with blanks between; "": cross-entropy alone */
    const double *weights; /* [n_weights], of each loss, 0 or more; n_weights 0: each one's usual weight */
    int n_weights;
    fy_kd_opts kd; /* temperature, one for all of them and for R, and what else losses read */
    const char *taps,
        *teacher_taps; /* layers that losses on layers compare, with blanks between; NULL: none; the
                                      * teachers' NULL: of the same names. Refused where no loss reads layers */
    double ce;         /* weight of the labels: the target's, or with one domain the source's */
    double source_ce;  /* weight of the source's labels beside a target's */
    double label_smoothing;
    double l2_sp; /* of a copy, or a student with weights */
    /* T learns in the same steps, from the labels and from S by soft, each with S's weight: soft is among the losses (deep
     * mutual learning, Zhang et al. 2018). */
    bool mutual;

    fy_optim_opts optim;  /* of S, and of the plain fine-tuning */
    int64_t epochs;       /* at most; of the larger of the two domains */
    int64_t batch;        /* of both domains together */
    const char *schedule; /* of fy_schedule_names, over each stage */
    double source_drop; /* S or R counts only if it loses at most so much of T's accuracy on the source */
    double target_accuracy; /* on validation, at which S has learnt enough; 0: none */
    int64_t patience;       /* epochs without a better model that end a stage; 0: none do */

    int64_t rounds; /* of re-distillation, 0 to 2; it ends when a round makes nothing better */
    int64_t redistil_epochs;
    double redistil_rate;   /* relative to S's */
    double redistil_weight; /* a above */
    double redistil_target; /* b */
    bool finetuned;         /* run the last stage, too; needs a target */
    double finetuned_rate;  /* its learning rate, relative to S's */

    int64_t views; /* as in fy_finetune_opts: what teachers say is kept for each; 0 without augment */
    const fy_augment *augment; /* of training samples, of both domains; NULL: none */
    /* How samples were prepared, saved with the models, and, of fy_distill_data.source_teacher, those that the teachers see;
     * NULL: not said. A teacher whose file says otherwise of the values is refused. */
    const fy_pixels *pixels, *teacher_pixels;
    uint64_t seed;
    int workers; /* loader threads */
} fy_distill_opts;
FY_API fy_distill_opts fy_distill_defaults(void);

typedef struct fy_distill_figures {
    double source, target; /* accuracy on test, or on val where there is no test; NaN: unknown */
    double source_val, target_val; /* NaN: there is no target, or it knows none of its classes */
    int64_t epoch; /* after which it was kept; 0: as it began; -1: it did not learn */
    bool is_there;
} fy_distill_figures;

typedef struct fy_distill_report {
    fy_distill_figures teacher, student, redistilled, finetuned; /* redistilled: the best round */
    const char *chosen;  /* "teacher", "student", "redistilled"; a constant */
    bool holds;          /* S keeps the source within source_drop; false: no epoch's model did */
    bool teaches_target; /* T is right more often than chance there */
    int64_t rounds;      /* of re-distillation that were run */
    int64_t epochs;      /* of distil */
    int64_t moved, all;  /* values of S: that distil may move, and all of them */
} fy_distill_report;
/* Leaves in the run's directory teacher, student, redistilled, finetuned and chosen .safetensors. FY_EINVAL for a loss or a
 * layer that there is not, naming the nearest. The run must have a directory. */
FY_API FY_NODISCARD fy_status fy_distill(fy_run *r, fy_device *dev, const fy_distill_data *data,
                                         const fy_distill_opts *o, fy_distill_report *report);

#ifdef __cplusplus
}
#endif
#endif
