/* look.c: how good the fusion's and the heads' answers are on labelled samples, as they are or as the mean of several changed views
 * (test-time augmentation): probabilities are averaged, and their logarithms are the logits of the mean. */
#include "methods/hdnet/hdnet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- answers ---------------------------------------------------------------------------------------------- */

/* Whose answers: the fusion's, then each modality's. */
typedef struct answers {
    const hdnet *h;
    const fy_parts *p;
    fy_tensor *logits[1 + HDNET_MAX]; /* [count, K] */
} answers;

static void release(answers *a)
{
    for (int i = 0; i <= HDNET_MAX; i++) {
        fy_tensor_free(a->logits[i]);
        a->logits[i] = NULL;
    }
}

/* Modality m's features as samples of their own. */
static fy_status open_features(const answers *a, const fy_tensor *z, int m, fy_dataset **out)
{
    const int64_t count = fy_parts_count(a->p), d = a->h->o->features;
    const float *from = fy_tensor_const_data(z);
    fy_tensor *own = NULL;
    fy_status st;
    FY_TRY(fy_tensor_new(FY_F32, FY_SHAPE(count, d), &own));
    for (int64_t i = 0; i < count; i++)
        memcpy((float *)fy_tensor_data(own) + i * d, from + (i * a->h->n + m) * (d + 1),
               (size_t)d * sizeof *from);
    FY_TRY(fy_dataset_from_tensors("features", own, NULL, 0, out));
done:
    fy_tensor_free(own);
    return st;
}

/* sum += from / n */
static void add_share(fy_tensor *sum, const fy_tensor *from, int64_t n)
{
    float *to = fy_tensor_data(sum);
    const float *v = fy_tensor_const_data(from);
    for (int64_t i = 0; i < fy_tensor_numel(sum); i++)
        to[i] += v[i] / (float)n;
}

static fy_status new_zeros(const fy_shape *s, fy_tensor **out)
{
    const fy_status st = fy_tensor_new(FY_F32, *s, out);
    if (st == FY_OK)
        memset(fy_tensor_data(*out), 0, (size_t)fy_tensor_numel(*out) * sizeof(float));
    return st;
}

/* The mean over the heads of m. */
static fy_status ask_heads(answers *a, const fy_tensor *z, int m)
{
    const int64_t n = a->h->o->heads;
    const fy_shape s = FY_SHAPE(fy_parts_count(a->p), a->h->n_classes);
    fy_dataset *d = NULL;
    fy_tensor *one = NULL, **outs[] = { &one };
    fy_status st;
    FY_TRY(open_features(a, z, m, &d));
    FY_TRY(new_zeros(&s, &a->logits[1 + m]));
    for (int64_t k = 0; k < n; k++) {
        FY_TRY(fy_predict(a->h->says[m][k], d, outs));
        add_share(a->logits[1 + m], one, n);
        fy_tensor_free(one);
        one = NULL;
    }
done:
    fy_dataset_free(d);
    return st;
}

/* Views know nothing of what is missing. */
static void mark_missing(const answers *a, fy_tensor *z)
{
    const int64_t row = a->h->o->features + 1;
    float *v = fy_tensor_data(z);
    for (int m = 0; m < a->h->n; m++)
        for (int64_t i = 0; i < fy_parts_count(a->p); i++)
            if (fy_parts_there(a->p, m)[i] == 0)
                memset(v + (i * a->h->n + m) * row, 0, (size_t)row * sizeof *v);
}

/* p's samples, or a view of them. */
static fy_status ask(answers *a, const fy_parts *of)
{
    fy_tensor *z = NULL;
    fy_status st;
    FY_TRY(fy_fused_features(a->h->fused, of, FY_ALL_PARTS, &z));
    mark_missing(a, z);
    FY_TRY(fy_fused_logits(a->h->fused, z, FY_ALL_PARTS, &a->logits[0]));
    for (int m = 0; m < a->h->n; m++)
        FY_TRY(ask_heads(a, z, m));
done:
    fy_tensor_free(z);
    return st;
}

/* ---- figures ---------------------------------------------------------------------------------------------- */

/* Of the samples that have part m, all for m < 0. */
static fy_status count(const answers *a, const fy_tensor *logits, int m, fy_scores *scores)
{
    const float *v = fy_tensor_const_data(logits);
    fy_status st = FY_OK;
    int32_t y;
    for (int64_t i = 0; i < fy_parts_count(a->p); i++) {
        if (m >= 0 && fy_parts_there(a->p, m)[i] == 0)
            continue;
        FY_TRY(fy_dataset_label(fy_parts_dataset(a->p, 0), i, &y));
        FY_TRY(fy_scores_add(scores, v + i * a->h->n_classes, &y, 1));
    }
done:
    return st;
}

static bool has_part(const fy_parts *p, int m)
{
    for (int64_t i = 0; i < fy_parts_count(p); i++)
        if (m < 0 || fy_parts_there(p, m)[i] != 0)
            return true;
    return false;
}

static fy_status figure_of(const answers *a, int m, hdnet_figure *out)
{
    const fy_figures *figures;
    fy_scores *scores = NULL;
    fy_status st;
    *out = (hdnet_figure){ NAN, NAN };
    if (!has_part(a->p, m))
        return FY_OK;
    FY_TRY(fy_scores_new(a->h->n_classes, &scores));
    FY_TRY(count(a, a->logits[1 + m], m, scores));
    FY_TRY(fy_scores_figures(scores, &figures));
    *out = (hdnet_figure){ figures->accuracy, figures->nll };
done:
    fy_scores_free(scores);
    return st;
}

static fy_status all_figures(const answers *a, hdnet_look *l)
{
    fy_status st;
    *l = (hdnet_look){ 0 };
    FY_TRY(figure_of(a, -1, &l->fused));
    for (int m = 0; m < a->h->n; m++)
        FY_TRY(figure_of(a, m, &l->branch[m]));
done:
    return st;
}

/* ---- views ------------------------------------------------------------------------------------------------ */

/* Modality m of all samples, each changed once more. */
static fy_status open_view(const answers *a, int m, int64_t view, fy_dataset **out)
{
    const fy_dataset *d = fy_parts_dataset(a->p, m);
    const int64_t row = fy_shape_numel(fy_dataset_shape(d)), all = fy_dataset_count(d);
    fy_loader_opts how = fy_loader_defaults();
    fy_loader *loader = NULL;
    fy_tensor *x = NULL;
    fy_batch b;
    char name[96];
    fy_status st;
    (void)snprintf(name, sizeof name, "view%lld.%.64s", (long long)view, fy_parts_name(a->p, m));
    how.name = name;
    how.batch = a->h->o->batch < all ? a->h->o->batch : all;
    how.seed = a->h->o->seed;
    how.shuffle = how.drop_last = how.with_labels = false;
    how.epochs = 1;
    how.workers = a->h->o->workers;
    how.augment = a->h->o->augment[m];
    FY_TRY(fy_loader_open(d, &how, &loader));
    FY_TRY(fy_tensor_new(FY_F32, fy_shape_batch(all, fy_dataset_shape(d)), &x));
    for (int64_t at = 0; at < all; at += b.n) {
        FY_TRY(fy_loader_next(loader, &b));
        memcpy((float *)fy_tensor_data(x) + at * row, b.x, (size_t)(b.n * row) * sizeof *b.x);
    }
    FY_TRY(fy_dataset_from_tensors(fy_dataset_name(d), x, NULL, 0, out));
done:
    fy_tensor_free(x);
    fy_loader_close(loader);
    return st;
}

static fy_status open_views(const answers *a, int64_t view, fy_parts **out)
{
    fy_dataset *d[HDNET_MAX] = { NULL };
    const char *names[HDNET_MAX];
    fy_status st = FY_OK;
    for (int m = 0; m < a->h->n; m++) {
        names[m] = fy_parts_name(a->p, m);
        FY_TRY(open_view(a, m, view, &d[m]));
    }
    FY_TRY(fy_parts_open((const fy_dataset *const *)d, names, a->h->n, NULL, out));
done:
    for (int m = 0; m < HDNET_MAX; m++)
        fy_dataset_free(d[m]);
    return st;
}

/* Logits become probabilities. */
static fy_status soften(fy_tensor *t)
{
    const int64_t n = fy_tensor_numel(t);
    float *v = fy_tensor_data(t);
    double *p = calloc((size_t)n, sizeof *p);
    fy_status st;
    if (!p)
        return fy_error(FY_ENOMEM, "no memory for %lld probabilities", (long long)n);
    FY_TRY(fy_probabilities_of(t, p));
    for (int64_t i = 0; i < n; i++)
        v[i] = (float)p[i];
done:
    free(p);
    return st;
}

/* 1e-30: a class that no view thinks of has a finite logit, too. */
static void harden(fy_tensor *t)
{
    float *v = fy_tensor_data(t);
    for (int64_t i = 0; i < fy_tensor_numel(t); i++)
        v[i] = logf(fmaxf(v[i], 1e-30f));
}

static fy_status add_view(answers *a, int64_t view, int64_t n, answers *sum)
{
    fy_parts *of = NULL;
    fy_status st;
    FY_TRY(open_views(a, view, &of));
    FY_TRY(ask(a, of));
    for (int i = 0; i <= a->h->n; i++) {
        if (view == 0)
            FY_TRY(new_zeros(fy_tensor_shape(a->logits[i]), &sum->logits[i]));
        FY_TRY(soften(a->logits[i]));
        add_share(sum->logits[i], a->logits[i], n);
    }
done:
    release(a);
    fy_parts_free(of);
    return st;
}

static fy_status ask_views(answers *a, int64_t n)
{
    answers one = { .h = a->h, .p = a->p };
    fy_status st = FY_OK;
    for (int64_t v = 0; v < n; v++)
        FY_TRY(add_view(&one, v, n, a));
    for (int i = 0; i <= a->h->n; i++)
        harden(a->logits[i]);
done:
    return st;
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

fy_status hdnet_look_at(hdnet *h, const fy_parts *p, int64_t views, hdnet_look *l)
{
    answers a = { .h = h, .p = p };
    fy_status st;
    FY_TRY(views > 0 ? ask_views(&a, views) : ask(&a, p));
    FY_TRY(all_figures(&a, l));
done:
    release(&a);
    return st;
}

/* Means over the heads that anybody looked at. */
static hdnet_figure score_of(const hdnet_look *l, bool is_of_branches, int n)
{
    hdnet_figure sum = { 0, 0 };
    int count = 0;
    if (!is_of_branches)
        return l->fused;
    for (int m = 0; m < n; m++)
        if (!isnan(l->branch[m].accuracy)) {
            sum.accuracy += l->branch[m].accuracy;
            sum.loss += l->branch[m].loss;
            count++;
        }
    return (hdnet_figure){ sum.accuracy / count, sum.loss / count };
}

bool hdnet_is_better(const hdnet_look *than, const hdnet_look *l, bool is_of_branches, int n)
{
    const hdnet_figure a = score_of(than, is_of_branches, n), b = score_of(l, is_of_branches, n);
    return b.accuracy > a.accuracy || (b.accuracy == a.accuracy && b.loss < a.loss);
}
