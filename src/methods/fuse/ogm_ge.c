/* ogm_ge.c: on-the-fly gradient modulation (Peng et al. 2022, "Balanced Multimodal Learning via On-the-fly Gradient Modulation",
 * sections 3.2 and 3.3; for two modalities there, any number here):
 *
 *   s_m = mean_n p_m[y_n], p_m of branch m; rho_m = s_m / mean_{j != m} s_j
 *   k_m = 1 - tanh(alpha rho_m) where rho_m > 1, else 1        times the gradient of L that reaches encoder m
 *   GE: and noise of the gradient's own deviation, on each of the encoder's weights of two axes or more */
#include "methods/fuse/fuse.h"

#include "methods/losses.h"

#include <math.h>
#include <stdlib.h>

/* 1 where x > 0, else 0. */
static fy_node is_above(fy_graph *g, fy_node x)
{
    return fy_clip(g, fy_scale(g, x, 1e30f), 0, 1);
}

/* rho_m; below 1 for a modality that no row of the batch has. */
static fy_node ratio(together *t, const fy_node *s, int m)
{
    fy_node others = FY_NO_NODE, n = FY_NO_NODE;
    for (int j = 0; j < t->f->n; j++)
        if (j != m) {
            others = loss_sum(t->g, others, s[j]);
            n = loss_sum(t->g, n, fuse_has(t, j));
        }
    /* The mean over the others that are there; where none is, nobody is ahead. */
    const fy_node none = fy_sub(t->g, fy_fill(t->g, FY_SCALAR, 1), fy_clip(t->g, n, 0, 1));
    others = fy_div(t->g, others, fy_clip(t->g, n, 1, INFINITY));
    return fy_div(t->g, s[m],
                  fy_add(t->g, fy_affine(t->g, others, 1, 1e-8f), fy_mul(t->g, none, s[m])));
}

/* 1 - [rho > 1] tanh(alpha rho) */
static fy_node modulation(together *t, fy_node rho)
{
    fy_graph *g = t->g;
    const fy_node ahead = is_above(g, fy_affine(g, rho, 1, -1));
    const fy_node slowed = fy_tanh(g, fy_scale(g, rho, (float)t->f->o->ogm.alpha));
    return fy_affine(g, fy_mul(g, ahead, slowed), -1, 1);
}

/* ---- GE ---------------------------------------------------------------------------------------------------- */

/* <n, w>, whose gradient at w is n: noise of the deviation that the weight's own gradient has. */
static fy_node noise_of(together *t, fy_node w, fy_node diff)
{
    fy_graph *g = t->g;
    const fy_node mean = fy_mean_all(g, diff);
    const fy_node variance = fy_sub(g, fy_mean_all(g, fy_square(g, diff)), fy_square(g, mean));
    const fy_node deviation = fy_sqrt(g, fy_clip(g, variance, 0, INFINITY));
    const fy_node n = fy_mul(g, fy_normal(g, fy_node_shape(g, w)), fy_detach(g, deviation));
    return fy_sum_all(g, fy_mul(g, n, w));
}

/* The weights of all encoders; with w NULL only how many there are. */
static int list_weights(together *t, fy_node *w)
{
    int n = 0;
    for (int m = 0; m < t->f->n; m++) {
        const fy_model *encoder = t->net->encoders[m];
        for (int i = 0; i < fy_model_count(encoder); i++) {
            fy_param *p = fy_model_param(encoder, i);
            if (fy_param_shape(p)->rank < 2 || fy_model_param_is_buffer(encoder, i))
                continue;
            if (w)
                w[n] = fy_use(t->g, p);
            n++;
        }
    }
    return n;
}

/* Of gradients before they are modulated. */
static fy_node all_noise(together *t, fy_node plain)
{
    const int n = list_weights(t, NULL);
    fy_node *w = calloc(2 * (size_t)n + 1, sizeof *w), sum = FY_NO_NODE;
    if (!w) {
        fy_graph_fail(t->g, fy_error(FY_ENOMEM, "fuse: no memory for %d gradients", n));
        return sum;
    }
    (void)list_weights(t, w);
    fy_gradient(t->g, plain, w, n, w + n);
    for (int i = 0; i < n; i++)
        if (w[n + i].id)
            sum = loss_sum(t->g, sum, noise_of(t, w[i], w[n + i]));
    free(w);
    return sum;
}

static void build(together *t)
{
    fy_node branches[FUSE_MAX] = { { 0 } }, s[FUSE_MAX] = { { 0 } }, z[FUSE_MAX] = { { 0 } };
    (void)fuse_branch_losses(t, true, branches);
    for (int m = 0; m < t->f->n; m++)
        s[m] = fuse_certainty(t, branches[m], m);
    for (int m = 0; m < t->f->n; m++) {
        const fy_node k = modulation(t, ratio(t, s, m));
        (void)fuse_watch(t, "k", m, k);
        z[m] = fuse_scale_gradient(t, t->z[m], k);
    }
    t->loss = t->shown = fuse_loss(t, z, NULL);
    if (t->f->o->ogm.noise) {
        const fy_node plain = fuse_cross_entropy(t, fuse_logits(t, t->z, FY_ALL_PARTS, false), -1);
        t->loss = loss_sum(t->g, t->loss, all_noise(t, plain));
    }
}

const fuse_method fuse_ogm_ge = { .name = "ogm_ge",
                                  .text = "joint, encoders that are ahead slowed down, with noise",
                                  .build = build };
