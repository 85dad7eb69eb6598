/* adapt.h: carrying a model to a target without labels, by methods that share one stage: an encoder F and a classifier C learn the
 * source; then copies of both go on, on batches of which half is the source's and half the target's, or on the target's alone. ADDA,
 * whose two encoders go apart, has a function of its own (methods.h). */
#ifndef FERRY_ADAPT_H
#define FERRY_ADAPT_H

#include "domains.h"
#include "methods.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Notation: f = F(x), p = softmax C(f); CE_s the source's cross-entropy; w the trade-off; r = 2 / (1 + exp(-10 q)) - 1, q the share
 * of the steps that is done (Ganin et al. 2016, section 5.2.2). */
typedef struct fy_adapt_opts {
    const char *method;                        /* of fy_adapt_methods */
    const char *encoder, *classifier, *critic; /* families */
    int64_t features; /* width of the encoder's result; 0: the family's own. A family that has but its own gets a layer to it */
    int64_t critic_hidden;         /* 0: the family's own */
    const char *critic_activation; /* "relu", "leaky_relu", "none" */

    /* What of the encoder never moves, in the source training nor after it, its norms' statistics included: globs of its parameters; NULL:
     * nothing. What samples come to up to there is computed once (fy_run_features). Where no statistic is left to move the two domains
     * need no common batch, and each goes through the encoder by itself. */
    const char *freeze;
    /* A backbone that the encoder begins with, of which what fits is loaded, as in fy_finetune_opts; NULL: none. Not beside
     * source_weights. */
    const char *weights, *weights_part, *weights_prefix;

    /* The source model: from files, as in fy_adda_opts, or trained here by the following. */
    const char *source_weights, *classifier_weights;
    const char *source_weights_part, *source_weights_prefix;
    const char *classifier_weights_part, *classifier_weights_prefix;
    fy_optim_opts source_optim;
    int64_t source_epochs, source_steps; /* steps when > 0, else epochs */
    int64_t source_batch;
    double label_smoothing; /* of the source model's labels */

    fy_optim_opts optim;   /* of all that the adaptation moves */
    double encoder_rate;   /* the encoder's learning rate relative to the optimiser's */
    const char *schedule;  /* of fy_schedule_names, over the adaptation */
    int64_t epochs, steps; /* steps when > 0, else epochs, else the method's own number of epochs */
    int64_t batch;         /* per domain */
    int64_t evaluations;   /* of the candidates, spread evenly; at most one per step */
    int64_t rollbacks;     /* as in fy_adda_opts */
    double trade_off;      /* w; negative: the method's own */

    /* What single methods read. */
    int64_t mcd_steps;      /* mcd: of the encoder in each step (n in Saito et al. 2018) */
    double mdd_margin;      /* mdd: gamma */
    double mcc_temperature; /* mcc: T */
    double afn_step;        /* afn: what features are to be longer by */
    double threshold;       /* self_training: least certainty of a label */
    int64_t subspace_axes;  /* subspace: of each domain; 0: 20, or as many as there are */
    double transport_entropy; /* transport: weight of the plan's entropy, relative to the largest cost; 0.01 and more */
    double transport_classes; /* transport: weight of not sending several classes to one sample; 0: labels are not looked at */
    const fy_augment
        *source_augment; /* of the source's samples while they alone are learnt from; NULL: none */
    const fy_augment *augment; /* of both domains' samples in adaptation; NULL: none */
    const fy_augment
        *strong; /* self_training: of the view that learns; NULL: shifts, turns, zooms and a hole */

    const fy_pixels *source_pixels, *target_pixels; /* saved with the encoders; NULL: not said */
    fy_choice_rule rule;
    uint64_t seed;
    int workers; /* loader threads per stream */
} fy_adapt_opts;
FY_API fy_adapt_opts fy_adapt_defaults(void);

/* The methods' names; NULL-terminated. docs/adapting.md says which is for what. */
FY_API const char *const *fy_adapt_methods(void);
/* One line that ends in the paper; NULL if unknown. */
FY_API const char *fy_adapt_method_text(const char *method);
FY_API double fy_adapt_method_trade_off(
    const char *method); /* its own w; 0: it has none; NaN if unknown */
/* Does it do without the source's samples? Then data->source may be NULL, where source_weights and classifier_weights are files of
 * fy_model_save: the model is what they say. */
FY_API bool fy_adapt_method_spares_source(const char *method);

/* Leaves in the run's directory source.safetensors and classifier.safetensors (the source model), with `weights` weights.json, last and chosen .safetensors (F)
 * and last_classifier, chosen_classifier where the method moves C, features.json and samples.json, with a critic critic.json. FY_EINVAL
 * for a method that there is not, and for what a method cannot be given. The run must have a directory. */
FY_API FY_NODISCARD fy_status fy_adapt(fy_run *r, fy_device *dev, const fy_adapt_data *data,
                                       const fy_adapt_opts *o, fy_adapt_report *report);

/* Several methods, one after the other, from one source model. */
typedef struct fy_auto_opts {
    const char *methods[FY_MAX_TRIES]; /* [n_methods], in this order */
    int n_methods; /* 0: all that the data allow but those on fixed features, different ideas first, then others of the same families */
    int64_t trials; /* that are run at most; what cannot be run does not count; 0: all */
    double minutes; /* none begins that would end later, if it took as long as the longest before; 0: any */
} fy_auto_opts;
FY_API fy_auto_opts fy_auto_defaults(void); /* five trials */

/* Every method is a run within r, "tries/<method>", by o, whose `method` is not looked at; with a time limit, how many there are depends
 * on the machine. Their choices and the source model are a contest of fy_choose, in which the agreement with the mean of all of them
 * votes, too. A method that cannot be run on these data, or whose values run away, is told in its try and left out; FY_EINVAL where that
 * is the fate of all. Leaves the files of fy_adapt but for the critic's, the last step's of the method that was chosen, or came nearest. */
FY_API FY_NODISCARD fy_status fy_adapt_auto(fy_run *r, fy_device *dev, const fy_adapt_data *data,
                                            const fy_adapt_opts *o, const fy_auto_opts *tries,
                                            fy_adapt_report *report);

#ifdef __cplusplus
}
#endif
#endif
