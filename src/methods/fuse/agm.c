/* agm.c: adaptive gradient modulation (Li et al. 2023, "Boosting Multi-modal Model Performance with Adaptive Gradient Modulation",
 * sections 3.2 and 3.3). The logits are split into what each modality gives, by Shapley's rule over all subsets of parts:
 *
 *   phi_m = sum_S |S|! (M - |S| - 1)! / M! (F(S + m) - F(S)),   F(all) = F(none) + sum_m phi_m
 *   s_m   = mean_n log softmax(phi_m)[y_n], and its running mean over all steps S_m
 *   r_m   = exp(mean_{j != m} s_m - s_j), t_m the same of S
 *   k_m   = exp(-alpha (r_m - t_m))          times the gradient that reaches phi_m; at most 10 here, so that no step bursts */
#include "methods/fuse/fuse.h"

#include "methods/losses.h"

#include <ferry/pid.h>

#include <math.h>

#define MOST_MODALITIES 6 /* 2^M passes through the fusion */
#define MOST_K 10.0

typedef struct state {
    double mean[FUSE_MAX]; /* S */
    int64_t n[FUSE_MAX];   /* steps that had the part */
} state;

/* ---- Shapley ----------------------------------------------------------------------------------------------- */

/* phi is linear in F: what a subset counts for in each modality's share is the Shapley value of a game that only it wins. */
static fy_status shares_of(together *t, const fy_node *value, fy_node *phi)
{
    const int n = t->f->n;
    double wins[1 << MOST_MODALITIES] = { 0 }, w[FUSE_MAX];
    fy_status st = FY_OK;
    for (unsigned s = 0; s < 1u << n; s++) {
        wins[s] = 1;
        FY_TRY(fy_shapley(wins, n, w));
        wins[s] = 0;
        for (int m = 0; m < n; m++)
            phi[m] = loss_sum(t->g, phi[m], fy_scale(t->g, value[s], (float)w[m]));
    }
done:
    return st;
}

/* ---- modulation --------------------------------------------------------------------------------------------- */

/* exp(mean_{j != m} v_m - v_j) */
static fy_node ahead(together *t, const fy_node *v, int m)
{
    fy_node sum = FY_NO_NODE;
    for (int j = 0; j < t->f->n; j++) {
        if (j == m)
            continue;
        const fy_node d = fy_sub(t->g, v[m], v[j]);
        sum = sum.id ? fy_add(t->g, sum, d) : d;
    }
    return fy_exp(t->g, fy_scale(t->g, sum, 1 / (float)(t->f->n - 1)));
}

static fy_node modulation(together *t, const fy_node *s, const fy_node *mean, int m)
{
    const fy_node by = fy_sub(t->g, ahead(t, s, m), ahead(t, mean, m));
    const fy_node k = fy_exp(t->g, fy_scale(t->g, by, -(float)t->f->o->agm_alpha));
    return fy_clip(t->g, k, 0, (float)MOST_K);
}

/* s_m of this step, and S_m with it. Of a part that no row has s_m is what it was on average. */
static void score(together *t, const fy_node *phi, fy_node *s, fy_node *mean)
{
    fy_graph *g = t->g;
    for (int m = 0; m < t->f->n; m++) {
        const fy_node share = fuse_scalar(t, "agm.share", m), before = fuse_scalar(t, "agm.mean", m);
        const fy_node now = fy_scale(g, fuse_cross_entropy(t, fy_detach(g, phi[m]), m), -1);
        s[m] = fy_add(g, before, fy_mul(g, fy_sub(g, now, before), fuse_has(t, m)));
        mean[m] = fy_add(g, before, fy_mul(g, fy_sub(g, s[m], before), share));
        t->own_watches[m] = fuse_watch(t, "score", m, s[m]);
        t->has_watches[m] = fuse_watch_presence(t, m);
    }
}

static void build(together *t)
{
    fy_graph *g = t->g;
    const unsigned n = 1u << t->f->n;
    fy_node value[1 << MOST_MODALITIES] = { { 0 } }, phi[FUSE_MAX] = { { 0 } };
    fy_node s[FUSE_MAX] = { { 0 } }, mean[FUSE_MAX] = { { 0 } };
    for (unsigned i = 0; i < n; i++)
        value[i] = fuse_logits(t, t->z, i, false);
    fy_graph_fail(g, shares_of(t, value, phi));
    score(t, phi, s, mean);
    fy_node logits = value[0];
    for (int m = 0; m < t->f->n; m++) {
        const fy_node k = modulation(t, s, mean, m);
        (void)fuse_watch(t, "k", m, k);
        logits = fy_add(g, logits, fuse_scale_gradient(t, phi[m], k));
    }
    (void)fuse_watch(t, "train.fused", -1, fy_accuracy(g, logits, t->y));
    t->loss = fuse_cross_entropy(t, logits, -1);
}

static fy_status before_step(together *t, fy_plan *plan, int64_t step)
{
    const state *s = t->f->state;
    fy_status st = FY_OK;
    (void)step;
    for (int m = 0; m < t->f->n; m++) {
        FY_TRY(fuse_set(t, plan, "agm.share", m, 1 / (double)(s->n[m] + 1)));
        FY_TRY(fuse_set(t, plan, "agm.mean", m, s->mean[m]));
    }
done:
    return st;
}

static fy_status after_step(together *t, const double *newest, int64_t step)
{
    state *s = t->f->state;
    (void)step;
    for (int m = 0; m < t->f->n; m++)
        if (fuse_had(t, newest, m))
            s->mean[m] += (newest[t->own_watches[m]] - s->mean[m]) / (double)++s->n[m];
    return FY_OK;
}

static fy_status check(const fusing *f)
{
    return f->n <= MOST_MODALITIES
               ? FY_OK
               : fy_error(FY_EINVAL,
                          "fuse: agm looks at every subset of parts, and takes up to %d "
                          "modalities, not %d",
                          MOST_MODALITIES, f->n);
}

const fuse_method fuse_agm = { .name = "agm",
                               .text = "joint, each modality's share of the logits modulated",
                               .state_bytes = sizeof(state),
                               .check = check,
                               .build = build,
                               .before_step = before_step,
                               .after_step = after_step };
