/* pictures.h: what an adaptation leaves for the report to draw: the critic's decisions over time, both domains'
 * features on one plane, and sample predictions, before the first step and after the last. Public functions only. */
#ifndef FERRY_METHODS_PICTURES_H
#define FERRY_METHODS_PICTURES_H

#include <ferry/methods.h>

#define PICTURE_BINS 20
#define PICTURE_MOMENTS 64

/* Histograms of the critic's probability of "target": a pair per evaluation, or, where there are more than
 * PICTURE_MOMENTS, pairs spread evenly over them from the first to the last. */
typedef struct picture_moments {
    int64_t last; /* evaluations after the first one; set before it */
    int64_t seen; /* evaluations so far */
    int64_t n;    /* pairs drawn */
    struct {
        int64_t step;
        int32_t source[PICTURE_BINS], target[PICTURE_BINS];
    } moment[PICTURE_MOMENTS];
} picture_moments;

/* Adds the critic's two logits (source, target) for images x of a domain. */
typedef fy_node (*picture_critic_fn)(void *arg, fy_graph *g, bool is_target, fy_node x);

typedef struct picture_critic_of {
    fy_device *dev;
    const fy_adapt_data *data;
    picture_critic_fn fn;
    void *arg;
    fy_predictor *
        encoder; /* and classifier: fn is given what the first makes of samples; NULL: the samples */
} picture_critic_of;
/* At every evaluation, m->last + 1 times. */
fy_status picture_critic(picture_moments *m, const picture_critic_of *c, int64_t step);
/* critic.json: {"bins", "moments": [{"step", "source": [...], "target": [...]}]} */
fy_status picture_write_critic(const picture_moments *m, fy_run *r);
/* An adaptation that is over. */
typedef struct picture_of {
    fy_run *run;
    fy_device *dev;
    const fy_adapt_data *data;
    fy_model *before[2],
        *last[2]; /* encoder and classifier: the source model, and the model after the last step */
    const char *moves; /* globs of what of the encoder does; NULL: all of it */
} picture_of;
/* features.json: {"views": [{"when", "domain", "x", "y", "class"}]}; has_moved: the last model is the source's too. */
fy_status picture_write_features(const picture_of *of, bool has_moved, uint64_t seed);
/* samples.json: {"shape", "classes", "samples": [{"index", "pixels" (base64), "before", "last"}]} */
fy_status picture_write_samples(const picture_of *of);

#endif
