/* ogm_ge.c: on-the-fly gradient modulation (Peng et al. 2022, "Balanced Multimodal Learning via On-the-fly Gradient Modulation",
 * sections 3.2 and 3.3; for two modalities there, any number here):
 *
 *   s_m = mean_n p_m[y_n], p_m of branch m; rho_m = s_m / mean_{j != m} s_j
 *   k_m = 1 - tanh(alpha rho_m) where rho_m > 1, else 1        times the gradient of L that reaches encoder m
 *   GE: and noise of the gradient's own deviation, on each of the encoder's weights of two axes or more */
#include "methods/fuse/fuse.h"

#include "methods/losses.h"

#include <math.h>

/* 1 where x > 0, else 0. */
static fy_node is_above(fy_graph *g, fy_node x)
{
    return fy_clip(g, fy_scale(g, x, 1e30f), 0, 1);
}

static fy_node ratio(together *t, const fy_node *s, int m)
{
    fy_node others = FY_NO_NODE;
    for (int j = 0; j < t->f->n; j++)
        if (j != m)
            others = others.id ? fy_add(t->g, others, s[j]) : s[j];
    others = fy_affine(t->g, others, 1 / (float)(t->f->n - 1), 1e-8f);
    return fy_div(t->g, s[m], others);
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

/* <n, w>, whose gradient at w is n: noise of the deviation that the weight's own gradient has, before it is modulated. */
static fy_node noise_of(together *t, fy_node w, fy_node diff, fy_node k)
{
    fy_graph *g = t->g;
    const fy_node mean = fy_mean_all(g, diff);
    const fy_node variance = fy_sub(g, fy_mean_all(g, fy_square(g, diff)), fy_square(g, mean));
    const fy_node deviation = fy_div(g, fy_sqrt(g, fy_clip(g, variance, 0, INFINITY)), k);
    const fy_node n = fy_mul(g, fy_normal(g, fy_node_shape(g, w)), fy_detach(g, deviation));
    return fy_sum_all(g, fy_mul(g, n, w));
}

static fy_node add_noise(together *t, fy_node loss, int m, fy_node k)
{
    const fy_model *encoder = t->net->encoders[m];
    fy_node sum = FY_NO_NODE;
    for (int i = 0; i < fy_model_count(encoder); i++) {
        fy_param *p = fy_model_param(encoder, i);
        fy_node w, diff = FY_NO_NODE;
        if (fy_param_shape(p)->rank < 2 || fy_model_param_is_buffer(encoder, i))
            continue;
        w = fy_use(t->g, p);
        fy_gradient(t->g, loss, &w, 1, &diff);
        if (diff.id)
            sum = loss_sum(t->g, sum, noise_of(t, w, diff, k));
    }
    return sum;
}

static void build(together *t)
{
    fy_node branches[FUSE_MAX] = { { 0 } }, s[FUSE_MAX] = { { 0 } };
    fy_node k[FUSE_MAX] = { { 0 } }, z[FUSE_MAX] = { { 0 } };
    (void)fuse_branch_losses(t, true, branches);
    for (int m = 0; m < t->f->n; m++)
        s[m] = fuse_certainty(t, branches[m], m);
    for (int m = 0; m < t->f->n; m++) {
        k[m] = modulation(t, ratio(t, s, m));
        (void)fuse_watch(t, "k", m, k[m]);
        z[m] = fuse_scale_gradient(t, t->z[m], k[m]);
    }
    t->loss = fuse_loss(t, z, NULL);
    const fy_node plain = t->loss;
    for (int m = 0; m < t->f->n && t->f->o->ogm.noise; m++)
        t->loss = loss_sum(t->g, t->loss, add_noise(t, plain, m, k[m]));
}

const fuse_method fuse_ogm_ge = { .name = "ogm_ge",
                                  .text = "joint, encoders that are ahead slowed down, with noise",
                                  .build = build };
