/* dgl_unique.c: disentangled gradient learning, and a loss for what one modality knows and the others do not:
 *
 *   o_m = (1 - eps) softmax(s_{-m} / T_m) + eps / K     no gradient; s_{-m}: the logits without part m
 *   q_m = softmax(E_m z_m + c_m + kappa log o_m)        an expert on what the others leave open
 *   L_uni_m = -mean log q_m[y]                          moves E_m, c_m with weight 1, and encoder m with weight beta_m
 *
 * Adaptive, the weaker the modality and the more it is seen to know, the larger; of validation samples after each epoch, since training
 * samples that are known by heart make the weak one look strong:
 *   S_m = mean p_m[y];  rho_m = S_m / mean_{j != m} S_j
 *   U_m = NLL(o_m, calibrated) - NLL(q_m), nats
 *   beta_m = beta_max alpha tanh(gamma max(0, 1 / rho_m - 1)) U+ / (U+ + delta), 0 in the first steps
 *
 * With a concatenating fusion, E_m = W_m, c_m = 0, kappa = 1, eps = 0 and T = 1 the gradient of L_uni_m at z_m is that of L: beta
 * opens, modality by modality, what dgl has closed. */
#include "methods/fuse/fuse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct state {
    double share[FUSE_MAX];       /* S, of the newest look */
    double unique[FUSE_MAX];      /* U, likewise */
    double temperature[FUSE_MAX]; /* T; 0: nothing was looked at yet */
    double beta[FUSE_MAX];        /* of the newest step */
} state;

/* ---- the loss ----------------------------------------------------------------------------------------------- */

/* log o_m */
static fy_node others_say(together *t, fy_node logits, int m)
{
    const float eps = (float)t->f->o->unique.epsilon;
    const fy_node temperature = fuse_scalar(t, "temperature", m);
    const fy_node p = fy_softmax(t->g, fy_div(t->g, fy_detach(t->g, logits), temperature));
    return fy_log(t->g, fy_affine(t->g, p, 1 - eps, eps / (float)t->f->n_classes));
}

/* Of the others; of two modalities it is the other's branch. */
static fy_node logits_without(together *t, const fy_node *z, const fy_node *branches, int m)
{
    return t->f->n == 2 ? branches[1 - m] : fuse_logits(t, z, ~(1u << m), true);
}

static fy_node expert_loss(together *t, fy_node others, int m)
{
    fy_graph *g = t->g;
    const fy_node z = fuse_scale_gradient(t, t->z[m], fuse_scalar(t, "beta", m));
    const fy_node own = fy_model_apply(g, t->f->experts[m], z, FY_TRAIN);
    const fy_node known = fy_scale(g, others_say(t, others, m), (float)t->f->o->unique.kappa);
    const fy_node loss = fuse_cross_entropy(t, fy_add(g, own, known), m);
    (void)fuse_watch(t, "expert", m, loss);
    return loss;
}

static void build(together *t)
{
    fy_node z[FUSE_MAX], branches[FUSE_MAX];
    fuse_detached(t, z);
    const fy_node all = fuse_loss(t, z, NULL);
    const fy_node each = fuse_branch_losses(t, true, branches);
    t->loss = fy_add(t->g, all, fy_scale(t->g, each, (float)t->f->o->alpha));
    for (int m = 0; m < t->f->n; m++)
        t->loss = fy_add(t->g, t->loss, expert_loss(t, logits_without(t, z, branches, m), m));
}

/* ---- beta --------------------------------------------------------------------------------------------------- */

static double weakness(const fusing *f, int m)
{
    const state *s = f->state;
    double others = 0;
    for (int j = 0; j < f->n; j++)
        others += j != m ? s->share[j] / (f->n - 1) : 0;
    if (!(s->share[m] > 0))
        return others > 0 ? 1 : 0;
    return tanh(f->o->unique.gamma * fmax(0, others / s->share[m] - 1));
}

static double beta_of(const together *t, int m, int64_t step)
{
    const fy_unique_opts *u = &t->f->o->unique;
    const state *s = t->f->state;
    const double known = fmax(0, s->unique[m]);
    if ((double)step < u->begin * (double)t->steps)
        return 0;
    return u->beta >= 0
               ? u->beta
               : u->beta_max * t->f->o->alpha * weakness(t->f, m) * known / (known + u->delta);
}

static fy_status before_step(together *t, fy_plan *plan, int64_t step)
{
    state *s = t->f->state;
    fy_status st = FY_OK;
    for (int m = 0; m < t->f->n; m++) {
        s->beta[m] = beta_of(t, m, step);
        FY_TRY(fuse_set(t, plan, "beta", m, s->beta[m]));
        FY_TRY(fuse_set(t, plan, "temperature", m, s->temperature[m] > 0 ? s->temperature[m] : 1));
    }
done:
    return st;
}

/* ---- looking ------------------------------------------------------------------------------------------------ */

/* What the validation samples have of part m: rows that have it. */
typedef struct sight {
    const fusing *f;
    int m;
    int64_t n;         /* rows */
    fy_tensor *logits; /* [n, K] of the others */
    int32_t *y;        /* [n] */
    float *z;          /* [n, d] */
    float *w, *b;      /* the expert's [K, d], [K] */
} sight;

static void close_sight(sight *v)
{
    fy_tensor_free(v->logits);
    free(v->y);
    free(v->z);
    free(v->w);
    free(v->b);
}

static fy_status read_expert(sight *v)
{
    fy_model *e = v->f->experts[v->m];
    fy_param *w = fy_model_find(e, "fc.weight"), *b = fy_model_find(e, "fc.bias");
    const int64_t n_w = fy_shape_numel(fy_param_shape(w)), n_b = fy_shape_numel(fy_param_shape(b));
    fy_status st;
    v->w = calloc((size_t)n_w, sizeof *v->w);
    v->b = calloc((size_t)n_b, sizeof *v->b);
    if (!v->w || !v->b)
        return fy_error(FY_ENOMEM, "fuse: no memory for an expert's values");
    FY_TRY(fy_param_read(w, v->w, n_w));
    FY_TRY(fy_param_read(b, v->b, n_b));
done:
    return st;
}

/* The rows with the part move to the front. */
static fy_status take_rows(sight *v, const fuse_look *l, const fy_tensor *all)
{
    const fy_parts *p = v->f->data->val;
    const int64_t count = fy_parts_count(p), d = v->f->o->features, k = v->f->n_classes;
    const float *z = fy_tensor_const_data(l->z), *s = fy_tensor_const_data(all);
    fy_status st = FY_OK;
    for (int64_t i = 0; i < count; i++) {
        if (fy_parts_there(p, v->m)[i] == 0)
            continue;
        float *row = (float *)fy_tensor_data(v->logits) + v->n * k;
        for (int64_t j = 0; j < d; j++)
            v->z[v->n * d + j] = z[(i * v->f->n + v->m) * (d + 1) + j];
        for (int64_t c = 0; c < k; c++)
            row[c] = s[i * k + c];
        FY_TRY(fy_dataset_label(fy_parts_dataset(p, v->m), i, &v->y[v->n]));
        v->n++;
    }
done:
    return st;
}

static int64_t count_there(const fy_parts *p, int m)
{
    int64_t n = 0;
    for (int64_t i = 0; i < fy_parts_count(p); i++)
        n += fy_parts_there(p, m)[i] != 0;
    return n;
}

static fy_status open_sight(sight *v, const fuse_look *l)
{
    const int64_t n = count_there(v->f->data->val, v->m), d = v->f->o->features;
    fy_tensor *all = NULL;
    fy_status st;
    if (n == 0)
        return FY_OK;
    v->y = calloc((size_t)n, sizeof *v->y);
    v->z = calloc((size_t)(n * d), sizeof *v->z);
    if (!v->y || !v->z)
        return fy_error(FY_ENOMEM, "fuse: no memory for %lld samples' features", (long long)n);
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(n, v->f->n_classes), &v->logits));
    FY_TRY(fy_fused_logits(v->f->net.fused, l->z, ~(1u << v->m), &all));
    FY_TRY(take_rows(v, l, all));
    FY_TRY(read_expert(v));
done:
    fy_tensor_free(all);
    return st;
}

/* log of the sum of exp(v), k values */
static double log_sum(const double *v, int k)
{
    double most = v[0], sum = 0;
    for (int c = 1; c < k; c++)
        most = fmax(most, v[c]);
    for (int c = 0; c < k; c++)
        sum += exp(v[c] - most);
    return most + log(sum);
}

/* -log q_m(y) of row i; a, s [K] are scratch. */
static double surprise(const sight *v, int64_t i, double temperature, double *a, double *s)
{
    const fy_unique_opts *u = &v->f->o->unique;
    const int k = v->f->n_classes;
    const int64_t d = v->f->o->features;
    const float *logits = (const float *)fy_tensor_const_data(v->logits) + i * k;
    for (int c = 0; c < k; c++)
        s[c] = (double)logits[c] / temperature;
    const double all = log_sum(s, k);
    for (int c = 0; c < k; c++) {
        a[c] = (double)v->b[c] + u->kappa * log((1 - u->epsilon) * exp(s[c] - all) + u->epsilon / k);
        for (int64_t j = 0; j < d; j++)
            a[c] += (double)v->w[c * d + j] * (double)v->z[i * d + j];
    }
    return log_sum(a, k) - a[v->y[i]];
}

static fy_status expert_nll(const sight *v, double temperature, double *nll)
{
    const size_t k = (size_t)v->f->n_classes;
    double *room = calloc(2 * k, sizeof *room);
    if (!room)
        return fy_error(FY_ENOMEM, "fuse: no memory for %zu classes", k);
    *nll = 0;
    for (int64_t i = 0; i < v->n; i++)
        *nll += surprise(v, i, temperature, room, room + k) / (double)v->n;
    free(room);
    return FY_OK;
}

/* Mean p(y) of branch m over the samples that have the part; 0: none has. */
static fy_status look_at_branch(const together *t, const fuse_look *l, int m, double *share)
{
    const fy_parts *p = t->f->data->val;
    const int k = t->f->n_classes;
    double *s = calloc((size_t)k, sizeof *s);
    fy_tensor *logits = NULL;
    int64_t n = 0;
    int32_t y;
    fy_status st;
    *share = 0;
    if (!s)
        return fy_error(FY_ENOMEM, "fuse: no memory for %d classes", k);
    FY_TRY(fy_fused_logits(t->f->net.fused, l->z, 1u << m, &logits));
    for (int64_t i = 0; i < fy_parts_count(p); i++) {
        if (fy_parts_there(p, m)[i] == 0)
            continue;
        FY_TRY(fy_dataset_label(fy_parts_dataset(p, m), i, &y));
        for (int c = 0; c < k; c++)
            s[c] = (double)((const float *)fy_tensor_const_data(logits))[i * k + c];
        *share += (exp(s[y] - log_sum(s, k)) - *share) / (double)++n;
    }
done:
    fy_tensor_free(logits);
    free(s);
    return st;
}

static fy_status look_at_part(together *t, const fuse_look *l, int m)
{
    const fy_unique_opts *u = &t->f->o->unique;
    state *s = t->f->state;
    sight v = { .f = t->f, .m = m };
    fy_others others;
    double nll = NAN;
    fy_status st;
    FY_TRY(open_sight(&v, l));
    if (v.n == 0)
        goto done;
    FY_TRY(fy_others_of(v.logits, v.y, u->epsilon, &others));
    s->temperature[m] = u->temperature > 0 ? u->temperature : others.temperature;
    FY_TRY(expert_nll(&v, s->temperature[m], &nll));
    s->unique[m] = others.nll - nll;
done:
    close_sight(&v);
    return st;
}

static fy_status note(const together *t, int64_t step)
{
    static const char *const kinds[] = { "beta", "unique", "share" };
    const state *s = t->f->state;
    const double *const from[] = { s->beta, s->unique, s->share };
    char text[3 * FUSE_MAX][80];
    const char *names[3 * FUSE_MAX];
    double values[3 * FUSE_MAX];
    int n = 0;
    for (int m = 0; m < t->f->n; m++)
        for (int k = 0; k < 3; k++, n++) {
            (void)snprintf(text[n], sizeof text[n], "%s.%.64s", kinds[k],
                           fy_parts_name(t->f->data->train, m));
            names[n] = text[n];
            values[n] = from[k][m];
        }
    return fy_run_metrics(t->f->run, t->name, step, n, names, values);
}

static fy_status after_look(together *t, const fuse_look *l, int64_t step)
{
    fy_status st = FY_OK;
    for (int m = 0; m < t->f->n; m++)
        FY_TRY(look_at_part(t, l, m));
    for (int m = 0; m < t->f->n; m++)
        FY_TRY(look_at_branch(t, l, m, &((state *)t->f->state)->share[m]));
    FY_TRY(note(t, step));
done:
    return st;
}

static void add_betas(const fusing *f, fy_fused_figures *v)
{
    const state *s = f->state;
    for (int m = 0; m < f->n; m++)
        v->branches[m].beta = s->beta[m];
}

const fuse_method fuse_dgl_unique = { .name = "dgl_unique",
                                      .text = "dgl, and each encoder learns what the others do not "
                                              "know",
                                      .has_experts = true,
                                      .state_bytes = sizeof(state),
                                      .build = build,
                                      .before_step = before_step,
                                      .after_look = after_look,
                                      .add_figures = add_betas };
