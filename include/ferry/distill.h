/* distill.h: what a student can learn from a teacher. A loss compares what two networks make of the same samples: their
 * logits, the features before the head, or values tapped inside. fy_kd_new makes what of it learns, fy_kd_apply adds the
 * scalar to a graph:
 *
 *   fy_kd_in in = { .student = { .logits = s }, .teacher = { .logits = t } };
 *   FY_TRY(fy_kd_new("soft", "kd", g, &in, NULL, &k));
 *   loss = fy_add(g, task, fy_scale(g, fy_kd_apply(g, k, &in), 0.9f));
 *
 * No gradient reaches the teacher: every loss detaches it. Two networks that teach each other (deep mutual learning, Zhang
 * et al. 2018) need no loss of their own: "soft" both ways, each in the objective of the one that learns. docs/guide.md
 * has a table of the losses. */
#ifndef FERRY_DISTILL_H
#define FERRY_DISTILL_H

#include "nn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FY_KD_MAX_LAYERS 4

/* What of one network a loss may look at, for the same n samples in the same order. A loss takes what it needs and
 * ignores the rest. */
typedef struct fy_kd_view {
    fy_node logits;   /* [n, k]; FY_NO_NODE: none */
    fy_node features; /* [n, d], what goes into the head; FY_NO_NODE: none */
    fy_node layers[FY_KD_MAX_LAYERS]; /* tapped, [n, c, h, w] or [n, d]: the student's i-th beside the teacher's i-th */
    int n_layers; /* 0: losses on layers look at the features as their one layer */
} fy_kd_view;

typedef struct fy_kd_in {
    fy_kd_view student, teacher;
    fy_node y; /* i32 [n]; FY_NO_NODE: no labels */
    /* f32 [n], 0 or more: how much each sample counts. A mean over samples is sum(rows l) / sum(rows), one over pairs of
     * samples sum(rows_i rows_j l_ij) / sum(rows)^2, and the samples of weight 0 are as if they were not in the batch;
     * 0 where all weights are. FY_NO_NODE: all 1. No gradient passes. */
    fy_node rows;
} fy_kd_in;

/* A negative number, or NaN: the loss's own default, as published. Losses ignore what they do not read. */
typedef struct fy_kd_opts {
    double tau; /* temperature of soft and dkd (4), dist (1), crd (0.07); above 0, at most 1000 */
    double alpha; /* dkd: of the target class's part (1). dist: of the relation between classes (1); 0: without it */
    double beta; /* dkd: of the other classes' part (8). dist: of the relation within a class (1); 0: without it */
    double gamma; /* correlation: of the Gaussian kernel (0.4); above 0 */
    int64_t width; /* vid: of the regressor's hidden layers (the teacher's channels). crd: of the embeddings (128).
                    * adversarial: of the critic's hidden layers (fy_model_open "critic") */
    bool critic_on_features; /* adversarial: the critic reads features instead of logits */
    uint64_t seed;           /* of the first values of adapters and critic */
} fy_kd_opts;
FY_API fy_kd_opts fy_kd_defaults(void); /* -1 for every number: each loss's own */

FY_API const char *const *fy_kd_losses(void); /* names, NULL-terminated */
/* Of a loss by name, NULL if unknown: one line that ends in the paper; what of the views it needs, in words. */
FY_API const char *fy_kd_text(const char *loss);
FY_API const char *fy_kd_needs(const char *loss);
/* The weight beside a cross-entropy of weight 1 with which it was published or is usually compared; that of soft is usually beside
 * 0.1. NaN if unknown. */
FY_API double fy_kd_usual_weight(const char *loss);

/* A loss for views of certain shapes, and the models that it needs. */
typedef struct fy_kd fy_kd;

/* `name` prefixes the models' names. Shapes are those of the views in g, where nothing is added; o NULL: defaults.
 * FY_EINVAL or FY_ESHAPE says what the loss lacks; FY_EINVAL names the nearest of an unknown loss. */
FY_API FY_NODISCARD fy_status fy_kd_new(const char *loss, const char *name, const fy_graph *g,
                                        const fy_kd_in *in, const fy_kd_opts *o, fy_kd **out);
FY_API void fy_kd_free(fy_kd *k); /* after all plans that use its models. Accepts NULL */
/* The loss of these views, a scalar. May be called in any number of graphs, which share the models; the number of samples
 * may differ. What does not fit is a mistake of the graph. */
FY_API fy_node fy_kd_apply(fy_graph *g, fy_kd *k, const fy_kd_in *in);

/* The models that learn with the student, by the same loss, and are dropped afterwards: 0, 1, ... until NULL. */
FY_API fy_model *fy_kd_adapter(const fy_kd *k, int i);
/* Adversarial: tells teacher from student, and is moved by an objective of its own over fy_kd_critic_loss, a scalar
 * through which nothing reaches the student. NULL, and FY_NO_NODE, for other losses. */
FY_API fy_model *fy_kd_critic(const fy_kd *k);
FY_API fy_node fy_kd_critic_loss(fy_graph *g, fy_kd *k, const fy_kd_in *in);

#ifdef __cplusplus
}
#endif
#endif
