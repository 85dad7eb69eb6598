/* adapt.h: what adaptation methods share: evaluating candidates at intervals, keeping their weights, and
 * choosing one without labels. Public functions only. */
#ifndef FERRY_METHODS_ADAPT_H
#define FERRY_METHODS_ADAPT_H

#include "methods/probes.h"

#define ADAPT_MAX_CANDIDATES 256
#define ADAPT_MODELS 2

/* An encoder and a classifier on it; lent. */
typedef struct adapt_chain {
    fy_model *models[ADAPT_MODELS];
    int n_moved;       /* the first n_moved of them move and are saved */
    const char *moves; /* globs of what of the first may; NULL: all of it */
    fy_model *beside; /* learns with them and is not handed back: a critic, a second classifier; NULL: none */
} adapt_chain;

typedef struct adapt {
    fy_run *run;
    fy_device *dev;
    const fy_adapt_data *data;
    const char *stage;
    adapt_chain chain;       /* what is handed back: the target's encoder and classifier */
    fy_predictor *predictor; /* the chain */
    int classes;
    struct adapt_look { /* of the newest evaluation: features [n, d] and logits [n, k] */
        fy_tensor *z, *logits;
    } source, target;   /* of data->source_test and data->target */
    probes probes;      /* of data->target */
    struct adapt_kept { /* in every checkpoint */
        int64_t n, settled;
        int64_t times_back; /* that the run went back */
        int64_t ran_away;   /* after this many steps a value was no number; 0: never */
        int32_t goes_back;  /* before its next step */
        fy_candidate candidates[ADAPT_MAX_CANDIDATES];
    } * kept;
} adapt;

/* `steps`, or where that is 0 what `epochs` over d come to. */
int64_t adapt_steps(int64_t steps, int64_t epochs, const fy_dataset *d, int64_t batch);

/* FY_EINVAL for batches that a dataset has not enough samples for, and for more evaluations than there can be candidates; `method`
 * begins the sentence. */
typedef struct adapt_batch {
    const char *what;
    int64_t batch;
    const fy_dataset *d;
} adapt_batch;
fy_status adapt_check(const char *method, const adapt_batch *rows, int n, int64_t evaluations);

/* Candidates 0.. are evaluated with adapt_evaluate. Release with adapt_close. */
fy_status adapt_open(adapt *a, fy_run *r, fy_device *dev, const fy_adapt_data *data,
                     const char *stage, const adapt_chain *chain);
void adapt_close(adapt *a);
/* Looks at the models as they are now: the judge's eye, the label-free signs and fy_validate see the target's logits, and the
 * weights go to candidate-<step>.safetensors. */
fy_status adapt_evaluate(adapt *a, int64_t step);
#define ADAPT_LAST_STEP "that was its last step"
typedef struct adapt_way_back {
    const fy_choice_rule *rule;
    int64_t most;     /* times in a run */
    const char *none; /* why there is none now, in words; NULL: there is one */
} adapt_way_back;
/* Where the newest candidate has collapsed by the rule's gates of shares, a line in the log says so, and what follows: before the next
 * step the models take the values of the newest one that has not, and from then on rates are half of what they were; or why not. */
fy_status adapt_watch(adapt *a, const adapt_way_back *w);
/* Before each step: goes back where that was decided. *rate: what the learning rates are to be multiplied by. */
fy_status adapt_step(adapt *a, double *rate);

/* As fy_stage's on_nan: the models take the values of the newest candidate, the last that can be handed back, and what learnt beside
 * them those it began with. FY_ENAN before there is one. */
fy_status adapt_recover(adapt *a, int64_t step);

/* Chooses; writes last*.safetensors, chosen*.safetensors and choice.json; fills the report but for the figures that need
 * labels. The models hold the newest candidate's values before and after. */
fy_status adapt_finish(adapt *a, const fy_choice_rule *rule, fy_adapt_report *report);

#endif
