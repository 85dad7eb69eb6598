/* adda.h: what the files of ADDA share. Public functions only. */
#ifndef FERRY_METHODS_ADDA_H
#define FERRY_METHODS_ADDA_H

#include "adapt.h"
#include "pictures.h"

typedef struct adda {
    fy_run *run;
    fy_device *dev;
    const fy_adapt_data *data;
    const fy_adda_opts *o;
    fy_model *source, *classifier, *target, *target_classifier, *critic;
    adapt adapt;
    struct adda_kept {
        int32_t begun; /* M_T holds its start values and the clusters are known */
        double source_accuracy;
    } kept;
    int32_t *clusters; /* [target count]: their names */
    int64_t source_steps, steps;
    fy_schedule schedule; /* of both learning rates of stage 2 */
    int64_t evaluations;  /* of stage 2, after its start: at most one per step */
    picture_moments *moments;
} adda;

/* adda_models.c */
/* FY_EINVAL for options and data that it cannot be given. */
fy_status adda_check(const fy_adda_opts *o, const fy_adapt_data *data);
fy_status adda_open_models(adda *a);
/* In every checkpoint. */
fy_status adda_keep_models(adda *a);

/* adda_graph.c */
typedef struct crossing {
    fy_node xs, xt; /* [n, a sample's shape] each */
    fy_node pseudo; /* i32 [n]: clusters of xt; only where they weigh something */
    fy_node critic_loss, critic_accuracy, target_loss;
} crossing;
/* A batch of either domain, and the target's clusters. */
crossing adda_inputs(const adda *a, fy_graph *g);
/* Both objectives over c's inputs: the critic's, then the target encoder's. */
fy_status adda_build_crossing(const adda *a, fy_graph *g, crossing *c);
/* The critic's logits for images x of one domain: what the report draws. arg: the adda. */
fy_node adda_critic_of(void *arg, fy_graph *g, bool is_target, fy_node x);

#endif
