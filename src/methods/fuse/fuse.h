/* fuse.h: what the files of multimodal learning share: the networks, a stage in which they learn, and what a method adds to it.
 * Public functions only.
 *
 * A method is a loss over a batch's features, and perhaps what it remembers from step to step. One objective goes down that loss and
 * moves everything; who learns from what is in the loss alone, by features without gradient and fusions without parameters. */
#ifndef FERRY_METHODS_FUSE_H
#define FERRY_METHODS_FUSE_H

#include <ferry/fuse.h>

#define FUSE_MAX FY_MAX_MODALITIES

/* Encoders, by modality, and what puts their features together. */
typedef struct fuse_net {
    fy_model *encoders[FUSE_MAX], *fusion;
    fy_fused *fused; /* both, for looking */
} fuse_net;

/* How good a network is on validation samples. */
typedef struct fuse_figure {
    double accuracy, loss; /* mean -log p(y); NaN: nothing to look at */
} fuse_figure;
typedef struct fuse_look {
    fuse_figure fused, branch[FUSE_MAX];
    fy_tensor *z; /* features, as fy_fused_features gives them */
} fuse_look;

/* In every checkpoint. */
typedef struct fuse_kept {
    int64_t epochs;               /* looked at */
    int64_t best_epoch;           /* -1: nothing was looked at */
    int64_t worse;                /* epochs since */
    fuse_figure fused;            /* of the best */
    fuse_figure branch[FUSE_MAX]; /* of the best, or of each modality's where modalities learn alone */
} fuse_kept;

typedef struct fuse_method fuse_method;

typedef struct fusing {
    fy_run *run;
    fy_device *dev;
    const fy_fuse_opts *o;
    const fy_fuse_data *data;
    const fuse_method *method;
    int n, n_classes;
    fuse_net net;                /* what is handed back */
    fuse_net teacher;            /* umt: what learned alone; else empty */
    fy_model *best;              /* while modalities learn alone: their best classifiers so far */
    fy_model *experts[FUSE_MAX]; /* dgl_unique; else NULL */
    fuse_kept alone, kept;       /* of the two stages */
    void *state;                 /* of the method: [state_bytes] */
} fusing;

/* A stage, being built or run. */
typedef struct together {
    fusing *f;
    const fuse_net *net; /* that learns */
    const char *name;
    fy_graph *g;
    fy_loader *loader[FUSE_MAX];
    fy_stream in[FUSE_MAX];
    fy_node x[FUSE_MAX];     /* [B, ...] */
    fy_node there[FUSE_MAX]; /* [B, 1]; no node: every sample has the part */
    fy_node y;               /* [B] */
    fy_node z[FUSE_MAX];     /* [B, d] */
    fy_node loss;
    fy_node shown; /* its part that is a loss to look at; no node: all of it */
    fy_watch watches[FY_MAX_WATCHES];
    char names[FY_MAX_WATCHES][80];
    int n_watches;
    int own_watches[FUSE_MAX]; /* places of those that the method's after_step reads, by modality */
    int has_watches[FUSE_MAX]; /* of fuse_has; -1: every sample has the part */
    int64_t steps;
    fy_schedule schedule;
} together;

struct fuse_method {
    const char *name, *text;
    bool learns_alone; /* modalities learn by themselves, which is all for a method without `build` */
    bool has_experts;
    size_t state_bytes; /* of what it remembers: zeros at first, and in every checkpoint */
    fy_status (*check)(const fusing *f);                                      /* NULL: takes all */
    void (*build)(together *t);                                               /* sets t->loss */
    fy_status (*before_step)(together *t, fy_plan *plan, int64_t step);       /* NULL: nothing */
    fy_status (*after_step)(together *t, const double *newest, int64_t step); /* NULL: nothing */
    fy_status (*after_look)(together *t, const fuse_look *l, int64_t step);   /* NULL: nothing */
    void (*add_figures)(const fusing *f, fy_fused_figures *v);                /* NULL: nothing */
};
extern const fuse_method fuse_alone, fuse_late, fuse_joint, fuse_uniform, fuse_ogm_ge, fuse_agm,
    fuse_mmpareto, fuse_umt, fuse_dgl, fuse_dgl_unique;
/* FY_EINVAL names the nearest. */
fy_status fuse_method_find(const char *name, const fuse_method **out);

/* check.c */
fy_status fuse_check(const fusing *f);

/* models.c: all of them, in the order in which the run keeps them. */
fy_status fuse_open_models(fusing *f);
void fuse_close_models(fusing *f);

/* batch.c: what a stage is fed, and its features. */
fy_status fuse_open_batch(together *t);
void fuse_close_batch(together *t);
/* Logits of the network that learns, from features z (t->z, or others of their shape) of the modalities in the subset, the others
 * missing. With is_fixed the fusion's parameters are constants: gradients pass to z alone. */
fy_node fuse_logits(together *t, const fy_node *z, unsigned subset, bool is_fixed);
/* Mean over the rows that have part m, or over all for m < 0, of values [B]: a scalar. */
fy_node fuse_mean(together *t, fy_node values, int m);
/* Mean -log p(y), likewise. */
fy_node fuse_cross_entropy(together *t, fy_node logits, int m);
/* 1 where some row of the batch has part m, else 0: a scalar. */
fy_node fuse_has(together *t, int m);
/* Mean p(y), without gradient; 0 where no row has the part. */
fy_node fuse_certainty(together *t, fy_node logits, int m);
/* A scalar that on-step functions set by its name "<what>.<modality>". */
fy_node fuse_scalar(together *t, const char *what, int m);
fy_status fuse_set(const together *t, fy_plan *plan, const char *what, int m, double value);
/* Records "<what>.<modality>", or "<what>" for m < 0; gives its place among the watches. */
int fuse_watch(together *t, const char *what, int m, fy_node scalar);
/* For a step's look back: did some row have part m? The first in `build`, the second in after_step. */
int fuse_watch_presence(together *t, int m);
bool fuse_had(const together *t, const double *newest, int m);
/* The same value; its gradient is multiplied by a scalar node. */
fy_node fuse_scale_gradient(together *t, fy_node x, fy_node by);

/* terms.c: losses that several methods have in common. */
/* L = CE(f(z_1 .. z_M), y), watched as train.fused; its logits unless NULL. */
fy_node fuse_loss(together *t, const fy_node *z, fy_node *logits);
/* sum_m L_m of each branch, watched as train.<modality>; branches [M], their logits, unless NULL. */
fy_node fuse_branch_losses(together *t, bool is_fixed, fy_node *branches);
/* The features without gradient. */
void fuse_detached(together *t, fy_node z[FUSE_MAX]);

/* stage.c: a stage ready to be run, of the network and the name in t; end it with fuse_close_batch. */
fy_status fuse_prepare(together *t, fy_stage *s);
/* A stage from its beginning to its end. */
fy_status fuse_learn_alone(fusing *f, const fuse_net *net);
fy_status fuse_learn(fusing *f);
bool fuse_is_better(const fuse_figure *than, const fuse_figure *f);
/* look.c: on validation samples. Release the result with fy_tensor_free(l->z). */
fy_status fuse_look_at(const fusing *f, const fuse_net *net, fuse_look *l);

#endif
