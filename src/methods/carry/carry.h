/* carry.h: what the files of adaptation methods that share one stage have in common: the networks, the stage, and what a method adds
 * to it. Public functions only.
 *
 * A method is a term beside the source's cross-entropy, or objectives of its own where several move different networks. */
#ifndef FERRY_METHODS_CARRY_H
#define FERRY_METHODS_CARRY_H

#include "methods/adapt.h"
#include "methods/freeze.h"
#include "methods/pictures.h"

#include <ferry/adapt.h>

typedef struct carry_method carry_method;
typedef struct carry_mapping carry_mapping; /* map.h */

/* What may move. */
enum { CARRY_ENCODER = 1, CARRY_CLASSIFIER = 2, CARRY_SECOND = 4, CARRY_CRITIC = 8 };

typedef struct carrying {
    fy_run *run;
    fy_device *dev;
    const fy_adapt_data *data;
    const fy_adapt_opts *o;
    const char *stage; /* what the stage in which the method moves the networks is called */
    const carry_method *method;
    double trade_off;
    int64_t source_steps, steps, evaluations;
    fy_schedule schedule;
    char *moves;                          /* globs of what of the encoder may; NULL: all of it */
    fy_model *source, *source_classifier; /* as they were before */
    fy_model *encoder, *classifier;       /* what is handed back */
    fy_model *second;                     /* another classifier; NULL: the method has none */
    fy_model *critic;                     /* NULL likewise */
    adapt adapt;
    struct carry_kept { /* in every checkpoint */
        int32_t begun;  /* the copies hold their start values */
        double source_accuracy;
    } kept;
    int32_t *labels; /* [target count]: of a method that gives the target labels; in every checkpoint */
    picture_moments *moments; /* of the critic */
    bool weights_are_read;    /* in every checkpoint, where there are any */
    carry_mapping *mapping;   /* of a method on fixed features; NULL: it is none */
    fy_dataset *mapped;       /* the source's features, mapped, with their labels */
} carrying;

#define CARRY_OBJECTIVES 16
/* The stage, being built or run. */
typedef struct carry_stage {
    carrying *c;
    fy_graph *g;
    fy_loader *loader[3];
    fy_stream in[3];
    int n_in;
    fy_node f, logits;  /* of all rows */
    fy_node fs, ls, ys; /* the source's; no nodes without it */
    fy_node ft, lt;     /* the target's */
    fy_node strong;     /* logits of the target's other view */
    fy_node labels;     /* the target's own, i32 [n] */
    fy_node task;       /* CE_s */
    fy_node ramp;       /* r, once it was asked for */
    struct {
        char name[24];
        unsigned moves;
    } objectives[CARRY_OBJECTIVES];
    int n_objectives;
    fy_watch watches[FY_MAX_WATCHES];
    int n_watches;
} carry_stage;

enum {
    CARRY_SOURCE_FREE = 1, /* the target's samples alone */
    CARRY_LABELS = 4,      /* the target is given labels at every evaluation */
    CARRY_VIEWS = 8,       /* two views of each target sample */
    CARRY_BALANCED = 16,   /* takes both domains to have the same classes equally often */
    CARRY_STILL = 32,      /* no value learns, so that there are no rates */
};

struct carry_method {
    const char *name, *text; /* the text ends in the paper */
    unsigned flags;
    unsigned moves; /* CARRY_ENCODER and so on: networks that the method has beside the first two, and those that learn */
    double trade_off;
    int64_t epochs;                        /* its own; 0: 10 */
    fy_status (*check)(const carrying *c); /* with the models open; NULL: takes all */
    /* A scalar beside the source's cross-entropy; NULL: the method builds its objectives itself. */
    fy_node (*term)(carry_stage *s);
    void (*build)(carry_stage *s);
    /* The encoder's result on rows x; NULL: in training mode. */
    fy_node (*encode)(carry_stage *s, fy_node x);
    /* What the critic sees of features and logits, and how wide it is. */
    fy_node (*critic_view)(const carrying *c, fy_graph *g, fy_node f, fy_node logits);
    int64_t (*critic_width)(const carrying *c);
    /* Gives c->labels. */
    fy_status (*label)(carrying *c);
    /* Maps the source's features, which the classifier then learns instead of samples; NULL: features are not fixed. */
    fy_status (*map)(carry_mapping *m);
    /* Before every evaluation but the first; NULL: nothing. */
    fy_status (*settle)(carrying *c);
};
extern const carry_method carry_adabn, carry_tent, carry_coral, carry_mmd, carry_jan, carry_dann,
    carry_cdan, carry_cdan_e, carry_mcd, carry_mdd, carry_mcc, carry_afn, carry_bnm, carry_shot,
    carry_self_training, carry_subspace, carry_transport;
/* FY_EINVAL names the nearest. */
fy_status carry_method_find(const char *name, const carry_method **out);

/* carry.c */
/* A method as a run, or as a part of one. */
typedef struct carry_part {
    fy_run *run;
    fy_device *dev;
    const fy_adapt_data *data;
    const char *stage; /* a constant */
} carry_part;
/* As fy_adapt. */
fy_status carry_adapt(const carry_part *p, const fy_adapt_opts *o, fy_adapt_report *report);
/* features.json and samples.json of what the models are now. */
fy_status carry_draw(const carrying *c);
/* FY_EINVAL for what c->method cannot be given; steps, schedule and evaluations. */
fy_status carry_check(const carrying *c);
/* FY_EINVAL unless value, which `what` names, is finite and at least that. */
fy_status carry_check_least(const carrying *c, const char *what, double value, double least);
fy_status carry_set_lengths(carrying *c);

/* begin.c: with the models open. The source model, trained or from files; a second classifier; the copies, and the source model's
 * files. Each is done once: a resumed run finds it done. */
fy_status carry_make_source(carrying *c);
fy_status carry_make_second(carrying *c);
fy_status carry_begin(carrying *c);

/* models.c: all of them, in the order in which the run keeps them, and what of the encoder moves. FY_EINVAL for `freeze` of what there is
 * not, and of all that the method would move. */
fy_status carry_open_models(carrying *c);
void carry_close_models(carrying *c);
freeze_look carry_look(const carrying *c);

/* batch.c: what the stage is fed, and what the networks make of it. */
fy_status carry_open_batch(carry_stage *s);
void carry_close_batch(carry_stage *s);
/* Rows begin .. of a node of all rows: those of the stream with that number. */
fy_node carry_rows(carry_stage *s, fy_node x, int stream);
/* The scalar r. */
fy_node carry_ramp(carry_stage *s);
void carry_watch(carry_stage *s, const char *name, fy_node scalar);
/* The next objective, by which `loss` moves those networks; what else it is to move, the caller says. */
fy_objective carry_objective(carry_stage *s, const char *name, fy_node loss, unsigned moves);

/* critic.c */
/* CE of which domain each row is of, features behind a gradient reversal of strength r; weights of rows [2 batch], or no node. */
fy_node carry_domain_loss(carry_stage *s, fy_node weights);
/* For pictures. */
fy_status carry_draw_critic(carrying *c, int64_t step);

/* norms.c: of methods that adapt batch norms. FY_EINVAL for an encoder without any, or with none that may move; the encoder with theirs in
 * training mode and all else as in evaluation; lets an objective move all of theirs, running statistics included, or these alone. */
fy_status carry_check_norms(const carrying *c);
fy_node carry_encode_by_norms(carry_stage *s, fy_node x);
void carry_move_statistics(carry_stage *s, fy_objective o);
void carry_move_norms(carry_stage *s, fy_objective o);

/* stage.c */
/* The batch and the method's objectives over it; with the models open, and the lengths set. Release with carry_close_batch. */
fy_status carry_build(carry_stage *s);
fy_status carry_run(carrying *c);

#endif
