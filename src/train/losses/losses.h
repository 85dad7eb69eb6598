/* What the files of losses share: what each distillation loss says of itself, what losses of two domains ask for, and what several
 * are built from. Losses are combinations of public builders; none has a kernel. */
#ifndef FYI_LOSSES_H
#define FYI_LOSSES_H

#include "tensor/tensor.h"

#include <ferry/distill.h>

/* What a loss looks at. */
enum {
    FYI_KD_LOGITS = 1, /* of equally many classes */
    FYI_KD_FEATURES = 2,
    FYI_KD_LAYERS = 4, /* or the features, where nothing is tapped */
    FYI_KD_MAPS = 8,   /* layers [n, c, h, w] and nothing else */
    FYI_KD_LABELS = 16,
    FYI_KD_MAY_LABELS = 32,                          /* reads them where they are given */
    FYI_KD_ONE_OF = FYI_KD_LOGITS | FYI_KD_FEATURES, /* as fy_kd_opts.critic_on_features says */
};

typedef struct fyi_kd_loss {
    const char *name;
    const char *text; /* one line that ends in the paper */
    unsigned needs;   /* FYI_KD_... */
    int min_layers;   /* 0: 1 */
    double usual_weight;
    fy_kd_opts defaults; /* what it reads; 0: nothing. width -1: what the shapes ask for */
    /* What the general checks leave; optional. */
    fy_status (*check)(const fy_kd *k, const fy_graph *g, const fy_kd_in *in);
    /* Makes adapters and critic for checked views; optional. */
    fy_status (*open)(fy_kd *k, const fy_graph *g, const fy_kd_in *in);
    /* The scalar, of views that were checked and a teacher that is detached. */
    fy_node (*build)(fy_graph *g, const fy_kd *k, const fy_kd_in *in);
    fy_node (*critic)(fy_graph *g, const fy_kd *k, const fy_kd_in *in); /* optional */
} fyi_kd_loss;

struct fy_kd {
    const fyi_kd_loss *loss;
    unsigned needs; /* the loss's, after its options */
    char *name;
    fy_kd_opts o; /* with the loss's own defaults where nothing was given; width 0: the shapes' */
    fy_model *adapters[FY_KD_MAX_LAYERS];
    int n_adapters;
    fy_model *critic;
};

/* losses.def: one line LOSS(name) for each; gives `extern const fyi_kd_loss fyi_kd_<name>`. */
#define LOSS(name) extern const fyi_kd_loss fyi_kd_##name;
#include "train/losses/losses.def"
#undef LOSS

/* ---- check.c ------------------------------------------------------------------------------------------------ */

/* May the loss be had of these views? */
fy_status fyi_kd_check(const fy_kd *k, const fy_graph *g, const fy_kd_in *in);

/* ---- kd.c --------------------------------------------------------------------------------------------------- */

/* The next adapter, "<name>.adapter<i>", from samples like those of x to `width` channels, by way of `hidden`. */
fy_status fyi_kd_add_adapter(fy_kd *k, fy_build_fn build, fy_shape x, int64_t width, int64_t hidden);
/* The critic, "<name>.critic", of values like x: one logit. */
fy_status fyi_kd_add_critic(fy_kd *k, fy_shape x);

/* ---- parts.c ------------------------------------------------------------------------------------------------ */

/* The sum over the tapped layers of what fn gives for each. */
typedef fy_node (*fyi_kd_layer_fn)(fy_graph *g, const fy_kd *k, const fy_kd_in *in, int layer);
fy_node fyi_kd_sum_layers(fy_graph *g, const fy_kd *k, const fy_kd_in *in, fyi_kd_layer_fn fn);

/* x [n, ...] -> [n]: the mean of each sample's elements. */
fy_node fyi_kd_mean_each(fy_graph *g, fy_node x);
/* x [n], or [n, m] of pairs of samples, averaged as fy_kd_in.rows says: a scalar. */
fy_node fyi_kd_mean(fy_graph *g, fy_node x, fy_node rows);
fy_node fyi_kd_mean_pairs(fy_graph *g, fy_node x, fy_node rows);
/* Of the last axis, whose elements count as `columns` [last] says; FY_NO_NODE: all 1. */
fy_node fyi_kd_sum_columns(fy_graph *g, fy_node x, fy_node columns, bool keep);
fy_node fyi_kd_mean_columns(fy_graph *g, fy_node x, fy_node columns, bool keep);
/* x, 1e-12 at least: what to divide by. */
fy_node fyi_kd_above_zero(fy_graph *g, fy_node x);

/* Along the last axis to length 1, where squares count as `columns` says. A vector shorter than 1e-8 has no direction:
 * it gives 0 and gets no gradient. */
fy_node fyi_kd_unit(fy_graph *g, fy_node x, fy_node columns);
/* The same of what is left of x without its mean, unless that is a millionth of x: rounding. */
fy_node fyi_kd_centred_unit(fy_graph *g, fy_node x, fy_node columns);
/* x [n, ...] -> its flattened rows' products [n, n]. */
fy_node fyi_kd_gram(fy_graph *g, fy_node x);
/* [n, c, h, w] -> [n, c, h w] */
fy_node fyi_kd_flat_maps(fy_graph *g, fy_node x);
/* x^2 / 2 up to 1 and |x| - 1/2 beyond. */
fy_node fyi_kd_smooth_l1(fy_graph *g, fy_node x);
/* Averages the larger image, [n, c, h, w], down to the smaller, along each side; other ranks stay. */
void fyi_kd_meet(fy_graph *g, fy_node *a, fy_node *b);

/* ---- distances.c ---------------------------------------------------------------------------------------------- */

/* Between the n rows of x [n, d], all [n, n]. Two rows nearer than a thousandth of the root mean square distance, where
 * pairs count as `rows` says, are taken for one: distance and inverse are 0 then and get no gradient. */
typedef struct fyi_kd_distances {
    fy_node distance, inverse;
    fy_node gram;         /* products of the rows, seen from their mean */
    fy_node off_diagonal; /* 1 but for a row and itself */
} fyi_kd_distances;
fyi_kd_distances fyi_kd_distances_of(fy_graph *g, fy_node x, fy_node rows);
fy_node fyi_kd_off_diagonal(fy_graph *g, int64_t n);
/* The squares of the distances as they are, [n, n], by the rows' products; best seen from the rows' mean. */
fy_node fyi_kd_square_distances(fy_graph *g, fy_node x, fy_node gram);

/* ---- domains.c ------------------------------------------------------------------------------------------------ */

/* [n, d] and [m, d]; [n, k] and, unless it is no node, n of something else. Otherwise a mistake of the graph, and false. */
bool fyi_domains_fit(fy_graph *g, const char *loss, fy_node source, fy_node target);
bool fyi_domains_rows(fy_graph *g, const char *loss, fy_node x, fy_node rows);

#endif
