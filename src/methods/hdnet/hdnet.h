/* hdnet.h: what the files of staged multimodal distillation share: the networks, a stage in which some of them learn, and what a
 * strategy remembers. Public functions only.
 *
 * A stage is a loss over the rows of up to three sets of samples, the parts of the networks that it moves, and by what the best epoch is
 * chosen. hdnet.c lists them in their order; source.c, branches.c and whole.c are their losses. */
#ifndef FERRY_METHODS_HDNET_H
#define FERRY_METHODS_HDNET_H

#include "methods/parts.h"

#include <ferry/hdnet.h>

#define HDNET_MAX FY_MAX_MODALITIES

/* How good answers are. */
typedef struct hdnet_figure {
    double accuracy, loss; /* mean -log p(y); NaN: nothing to look at */
} hdnet_figure;
typedef struct hdnet_look {
    hdnet_figure fused, branch[HDNET_MAX];
} hdnet_look;

/* What a stage has come to; in every checkpoint. */
typedef struct hdnet_kept {
    int64_t epochs;          /* looked at */
    int64_t best_epoch;      /* -1: nothing was looked at */
    int64_t worse;           /* epochs since */
    hdnet_look first, best;  /* before the first step; of the best epoch */
    double known[HDNET_MAX]; /* a_m: 0: no sample had the part yet */
    double won[HDNET_MAX];   /* of the critics; 0: they have not answered yet */
} hdnet_kept;

/* All that a run has come to; in every checkpoint. */
typedef struct hdnet_found {
    int64_t begun; /* stages whose networks were given their first values */
    hdnet_kept source, joint;
    struct {
        hdnet_kept branches[FY_HDNET_WAYS], whole[FY_HDNET_WAYS], finetuned;
    } targets[FY_HDNET_TARGETS];
} hdnet_found;

typedef struct hdnet {
    fy_run *run;
    fy_device *dev;
    const fy_hdnet_opts *o;
    const fy_hdnet_data *data;
    int n, n_classes;
    char *moves[HDNET_MAX]; /* globs of each encoder's parameters that may move */
    fy_model *encoders[HDNET_MAX], *fusion, *heads[HDNET_MAX][FY_HDNET_HEADS];
    fy_model *critics[HDNET_MAX];
    fy_fused *fused;                               /* encoders and fusion, for looking */
    fy_predictor *says[HDNET_MAX][FY_HDNET_HEADS]; /* heads on features */
    bool runs[FY_HDNET_WAYS];
    hdnet_found *found;
} hdnet;

/* ---- strategies: strategies.c ---------------------------------------------------------------------------- */

typedef struct hdnet_strategy {
    const char *name;
    bool shares;  /* the learning rate, and learns from the source, too */
    bool opposes; /* critics that tell the domains apart */
} hdnet_strategy;
extern const hdnet_strategy hdnet_strategies[FY_HDNET_WAYS];
/* Which of them a run has. FY_EINVAL names what there is. */
fy_status hdnet_runs(const char *strategy, bool runs[FY_HDNET_WAYS]);
/* w_m of what is known of the heads so far, 1 / M each for a strategy that does not share. */
void hdnet_shares(const hdnet *h, const hdnet_strategy *by, const double *known,
                  double share[HDNET_MAX]);
/* g of GRL_g, after a part of the stage, 0 to 1. */
double hdnet_ramp(double progress);
/* l_m, of how often the critic was right. */
double hdnet_pressure(const fy_hdnet_hard *o, double won);
/* A running mean; 0: there is none yet. */
double hdnet_follow(double mean, double newest, double memory);

/* ---- check.c, models.c ----------------------------------------------------------------------------------- */

fy_status hdnet_check(const hdnet *h);
/* All of them, in the order in which the run keeps them. */
fy_status hdnet_open_models(hdnet *h);
void hdnet_close_models(hdnet *h);
/* Random values again, and those of the weights' files. */
fy_status hdnet_restart(hdnet *h);
/* All but the critics as "<stage>+<model>.safetensors", and back. */
fy_status hdnet_save(hdnet *h, const char *stage);
fy_status hdnet_restore(hdnet *h, const char *stage);

/* ---- a stage: stage.c, batch.c, terms.c ------------------------------------------------------------------ */

enum { HDNET_SOURCE, HDNET_LABELLED, HDNET_UNLABELLED, HDNET_SETS };

/* The samples of one set in a batch; p NULL: the stage does not draw from it. */
typedef struct hdnet_set {
    const fy_parts *p;
    int64_t rows, first; /* of the batch */
    bool has_labels;
    fy_loader *loader[HDNET_MAX];
    fy_stream in[HDNET_MAX];
    fy_node there[HDNET_MAX]; /* [rows, 1]; no node: every sample has the part */
    fy_node y;                /* [rows] */
} hdnet_set;

typedef struct hdnet_stage hdnet_stage;
struct hdnet_stage {
    hdnet *h;
    char name[128];
    const fy_hdnet_target *target; /* NULL: the source */
    const hdnet_strategy *by;      /* of stage 2, and whose shares stage 3 takes; else NULL */
    const double *share;           /* stage 3: w_m, from stage 2 */
    int64_t epochs, batch;
    int64_t epoch_steps; /* 0: through the largest labelled set */
    double rate;         /* relative to the optimiser's */
    bool draws[HDNET_SETS];
    bool moves_fusion, moves_heads;
    bool is_of_branches; /* the best epoch is the one with the best heads, else with the best fusion */
    bool has_critics;
    void (*build)(hdnet_stage *s); /* sets s->loss, and s->critic where there are critics */
    hdnet_kept *kept;

    fy_graph *g;
    hdnet_set sets[HDNET_SETS];
    fy_node z[HDNET_MAX]; /* [all rows, d] */
    fy_node loss, critic;
    fy_watch watches[FY_MAX_WATCHES];
    char names[FY_MAX_WATCHES][80];
    int n_watches;
    int known_watch[HDNET_MAX], won_watch[HDNET_MAX], has_watch[HDNET_MAX]; /* -1: none */
    int64_t steps;
    parts_schedule schedule;
};

/* From wherever the networks are; the best epoch is saved under the stage's name, and the networks are as the last one left them. */
fy_status hdnet_run_stage(hdnet_stage *s);
/* Ready to be run; end it with hdnet_close_batch. */
fy_status hdnet_prepare(hdnet_stage *s, fy_stage *stage);
fy_status hdnet_open_batch(hdnet_stage *s);
void hdnet_close_batch(hdnet_stage *s);
int64_t hdnet_epoch_steps(const hdnet_stage *s);

/* The rows of a set in values of all rows. */
fy_node hdnet_rows(const hdnet_stage *s, fy_node x, int set);
/* s_m of features z of a set, the mean over the heads; with is_fixed without dropout, and no head learns. */
fy_node hdnet_branch(hdnet_stage *s, fy_node z, int m, bool is_fixed);
/* s_0 of a set. */
fy_node hdnet_whole(hdnet_stage *s, int set);
/* Mean of values [rows] over the set's rows that have part m, all for m < 0: a scalar. */
fy_node hdnet_mean(const hdnet_stage *s, int set, fy_node values, int m);
/* CE of a set's rows, likewise. */
fy_node hdnet_cross_entropy(const hdnet_stage *s, int set, fy_node logits, int m);
/* KD(t -> s) of a set's rows, likewise. */
fy_node hdnet_kd(const hdnet_stage *s, int set, fy_node t, fy_node logits, int m);
/* Records "<what>.<modality>", or "<what>" for m < 0; its place. */
int hdnet_watch(hdnet_stage *s, const char *what, int m, fy_node scalar);
/* Accuracy, certainty and entropy of s_m; CE's certainty is what known_watch is about. */
void hdnet_watch_branch(hdnet_stage *s, int set, fy_node logits, int m);
fy_node hdnet_scalar(hdnet_stage *s, const char *what, int m);
fy_status hdnet_set_scalar(const hdnet_stage *s, fy_plan *plan, const char *what, int m,
                           double value);

/* source.c, branches.c, whole.c */
void hdnet_build_source(hdnet_stage *s);
void hdnet_build_branches(hdnet_stage *s);
void hdnet_build_whole(hdnet_stage *s);
void hdnet_build_joint(hdnet_stage *s);

/* ---- looking: look.c, judge.c ---------------------------------------------------------------------------- */

/* On labelled samples, or on `views` changed copies of each, whose probabilities are averaged. */
fy_status hdnet_look_at(hdnet *h, const fy_parts *p, int64_t views, hdnet_look *l);
bool hdnet_is_better(const hdnet_look *than, const hdnet_look *l, bool is_of_branches, int n);
/* Chooses, and then looks at every test once. */
fy_status hdnet_judge(hdnet *h, fy_hdnet_report *r);
/* "george-hybrid-branches" */
void hdnet_stage_name(const hdnet *h, int target, int way, int stage, char *name, size_t bytes);

#endif
