/* pictures.c: the report's raw material, in small JSON files of the run's directory. */
#include "pictures.h"

#include "freeze.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CRITIC_SAMPLES 1000
#define FEATURE_SAMPLES 400
#define SHOWN_SAMPLES 40
#define PIECE 768 /* pixels written at a time: a multiple of three */

/* At most `most` samples of d, drawn at random: every n-th would meet datasets whose classes take turns. */
static fy_status some_of(const fy_dataset *d, int64_t most, fy_dataset **out)
{
    const int64_t count = fy_dataset_count(d);
    fy_rng r = fy_rng_named(0, "pictures");
    int64_t *index = calloc((size_t)count + 1, sizeof *index);
    if (!index)
        return fy_error(FY_ENOMEM, "no memory for %lld sample numbers", (long long)count);
    for (int64_t i = 0; i < count; i++)
        index[i] = i;
    fy_rng_shuffle(&r, index, (size_t)count);
    const fy_status st = fy_dataset_subset(d, index, count < most ? count : most, out);
    free(index);
    return st;
}

/* A text file under construction, handed to the run when it is whole. */
typedef struct text {
    FILE *f;
    char *p;
    size_t bytes;
} text;

static fy_status open_text(text *t)
{
    *t = (text){ 0 };
    t->f = open_memstream(&t->p, &t->bytes);
    return t->f ? FY_OK : fy_error(FY_ENOMEM, "no memory for a report's file");
}

static fy_status close_text(text *t, fy_run *r, const char *name, fy_status st)
{
    const bool whole = t->f && fclose(t->f) == 0;
    if (st == FY_OK)
        st = whole ? fy_run_write(r, name, t->p, t->bytes)
                   : fy_error(FY_ENOMEM, "no memory for %s", name);
    free(t->p);
    return st;
}

/* ---- the critic ------------------------------------------------------------------------------------------------ */

/* What the critic is shown of them. */
static fy_status shown_of(const picture_critic_of *c, const fy_dataset *d, fy_tensor **x)
{
    fy_tensor **outs[] = { x, NULL };
    return c->encoder ? fy_predict(c->encoder, d, outs) : fy_dataset_read(d, NULL, 0, x, NULL);
}

static fy_status critic_probabilities(const picture_critic_of *c, const fy_dataset *d,
                                      bool is_target, float *p)
{
    fy_graph *g = NULL;
    fy_plan *plan = NULL;
    fy_tensor *x = NULL;
    fy_status st;
    FY_TRY(shown_of(c, d, &x));
    FY_TRY(fy_graph_new(&g));
    const fy_node in = fy_input(g, "x", FY_F32, *fy_tensor_shape(x));
    const fy_node out = fy_softmax(g, c->fn(c->arg, g, is_target, in));
    const fy_plan_opts o = { .outputs = &out, .n_outputs = 1 };
    FY_TRY(fy_plan_new(g, c->dev, &o, &plan));
    FY_TRY(fy_plan_feed(plan, in, fy_tensor_const_data(x)));
    FY_TRY(fy_plan_step(plan));
    FY_TRY(fy_plan_read(plan, out, p, fy_dataset_count(d) * 2));
done:
    fy_plan_free(plan);
    fy_graph_free(g);
    fy_tensor_free(x);
    return st;
}

static fy_status histogram(const picture_critic_of *c, bool is_target, int32_t bins[PICTURE_BINS])
{
    fy_dataset *some = NULL;
    float *p = NULL;
    fy_status st;
    FY_TRY(some_of(is_target ? c->data->target : c->data->source, CRITIC_SAMPLES, &some));
    const int64_t n = fy_dataset_count(some);
    if (!(p = calloc((size_t)n * 2, sizeof *p))) {
        st = fy_error(FY_ENOMEM, "no memory for the critic's decisions");
        goto done;
    }
    FY_TRY(critic_probabilities(c, some, is_target, p));
    for (int64_t i = 0; i < n; i++) {
        const float target = p[2 * i + 1];
        const int bin = target > 0 ? (int)(target * PICTURE_BINS) : 0;
        bins[bin < PICTURE_BINS ? bin : PICTURE_BINS - 1]++;
    }
done:
    free(p);
    fy_dataset_free(some);
    return st;
}

/* Of evaluations 0 .. last at most PICTURE_MOMENTS, the first and the last among them, with gaps that differ by
 * one at most. */
static bool is_drawn(int64_t i, int64_t last)
{
    const int64_t gaps = PICTURE_MOMENTS - 1;
    return last <= gaps || i == 0 || i * gaps / last > (i - 1) * gaps / last;
}

fy_status picture_critic(picture_moments *m, const picture_critic_of *c, int64_t step)
{
    fy_status st;
    if (m->seen > m->last)
        return fy_error(FY_EINVAL, "the critic's pictures: evaluation %lld of %lld",
                        (long long)m->seen, (long long)m->last);
    if (!is_drawn(m->seen++, m->last))
        return FY_OK;
    for (int i = 0; i < PICTURE_BINS; i++)
        m->moment[m->n].source[i] = m->moment[m->n].target[i] = 0;
    m->moment[m->n].step = step;
    FY_TRY(histogram(c, false, m->moment[m->n].source));
    FY_TRY(histogram(c, true, m->moment[m->n].target));
    m->n++;
done:
    return st;
}

static void put_bins(FILE *f, const char *name, const int32_t bins[PICTURE_BINS])
{
    fprintf(f, ", \"%s\": [", name);
    for (int i = 0; i < PICTURE_BINS; i++)
        fprintf(f, "%s%d", i ? ", " : "", bins[i]);
    fprintf(f, "]");
}

fy_status picture_write_critic(const picture_moments *m, fy_run *r)
{
    text t;
    const fy_status st = open_text(&t);
    for (int64_t i = 0; st == FY_OK && i < m->n; i++) {
        fprintf(t.f, "%s{\"step\": %lld", i ? ",\n  " : "{\"bins\": 20, \"moments\": [\n  ",
                (long long)m->moment[i].step);
        put_bins(t.f, "source", m->moment[i].source);
        put_bins(t.f, "target", m->moment[i].target);
        fprintf(t.f, "}");
    }
    if (st == FY_OK)
        fprintf(t.f, "%s]}\n", m->n ? "" : "{\"bins\": 20, \"moments\": [");
    return close_text(&t, r, "critic.json", st);
}

/* ---- features ---------------------------------------------------------------------------------------------------- */

/* One domain through one chain. */
typedef struct view {
    const char *when, *domain;
    fy_dataset *d;
    fy_tensor *features, *logits, *plane; /* [n, f], [n, k], [n, 2] */
    int32_t *predicted;                   /* [n]; -1: no class */
} view;

static fy_status see(const picture_of *of, fy_model *const chain[2], view *v)
{
    const freeze_look look = { of->run, of->dev, of->moves };
    fy_predictor *p = NULL;
    fy_tensor **outs[] = { &v->features, &v->logits };
    fy_status st;
    FY_TRY(freeze_predictor(&look, chain, 2, 100, &p));
    FY_TRY(fy_predict(p, v->d, outs));
    v->predicted = calloc((size_t)fy_dataset_count(v->d), sizeof *v->predicted);
    FY_TRY(v->predicted ? fy_classes_of(v->logits, v->predicted)
                        : fy_error(FY_ENOMEM, "no memory for predicted classes"));
done:
    fy_predictor_free(p);
    return st;
}

static void release(view *v)
{
    free(v->predicted);
    fy_tensor_free(v->plane);
    fy_tensor_free(v->logits);
    fy_tensor_free(v->features);
    fy_dataset_free(v->d);
}

static void put_axis(FILE *f, const char *name, const fy_tensor *plane, int axis)
{
    const float *p = fy_tensor_const_data(plane);
    fprintf(f, ", \"%s\": [", name);
    for (int64_t i = 0; i < fy_tensor_shape(plane)->d[0]; i++)
        fprintf(f, "%s%.4g", i ? ", " : "",
                isfinite(p[2 * i + axis]) ? (double)p[2 * i + axis] : 0.0);
    fprintf(f, "]");
}

/* The class is the label where the domain carries labels, else the prediction. */
static void put_view(FILE *f, const view *v)
{
    fprintf(f, "{\"when\": \"%s\", \"domain\": \"%s\"", v->when, v->domain);
    put_axis(f, "x", v->plane, 0);
    put_axis(f, "y", v->plane, 1);
    fprintf(f, ", \"class\": [");
    for (int64_t i = 0; i < fy_tensor_shape(v->logits)->d[0]; i++) {
        int32_t label = v->predicted[i];
        if (fy_dataset_has_labels(v->d) && fy_dataset_label(v->d, i, &label) != FY_OK)
            label = -1;
        fprintf(f, "%s%d", i ? ", " : "", label);
    }
    fprintf(f, "]}");
}

/* Both domains on the plane of the first view's two main directions, so that both moments can be compared. Features that ran away have no
 * place there, and where those of the first did there is no plane. */
static fy_status project_views(view *v, int n, uint64_t seed)
{
    fy_tensor *mean = NULL, *axes = NULL, *deviation = NULL;
    fy_status st = fy_pca(v[0].features, 2, seed, &mean, &axes, &deviation);
    for (int i = 0; i < n && st == FY_OK; i++) {
        st = fy_project(v[i].features, mean, axes, deviation, false, &v[i].plane);
        st = st == FY_ENAN ? FY_OK : st;
    }
    fy_tensor_free(deviation);
    fy_tensor_free(axes);
    fy_tensor_free(mean);
    return st == FY_ENAN ? FY_OK : st;
}

/* The target before and after, and the source, where there is one. */
static fy_status see_all(const picture_of *of, bool has_moved, view *v, int *n)
{
    fy_model *const *chains[] = { of->before, of->before, of->last,
                                  has_moved ? of->last : of->before };
    static const char *const whens[] = { "before", "before", "last", "last" };
    fy_status st = FY_OK;
    for (int i = 0; i < 4; i++) {
        const bool is_source = i == 0 || i == 3;
        const fy_dataset *d = is_source ? of->data->source : of->data->target;
        if (!d)
            continue;
        v[*n] = (view){ .when = whens[i], .domain = is_source ? "source" : "target" };
        FY_TRY(some_of(d, FEATURE_SAMPLES, &v[*n].d));
        FY_TRY(see(of, chains[i], &v[(*n)++]));
    }
done:
    return st;
}

fy_status picture_write_features(const picture_of *of, bool has_moved, uint64_t seed)
{
    view v[4] = { { 0 } };
    int n = 0;
    text t = { 0 };
    fy_status st;
    if (fy_shape_numel(fy_model_output(of->before[0])) < 2)
        return FY_OK; /* one feature makes no plane */
    FY_TRY(see_all(of, has_moved, v, &n));
    FY_TRY(project_views(v, n, seed));
    FY_TRY(open_text(&t));
    for (int i = 0; i < n; i++) {
        fprintf(t.f, "%s", i == 0 ? "{\"views\": [\n  " : v[i].plane ? ",\n  " : "");
        if (v[i].plane)
            put_view(t.f, &v[i]);
    }
    fprintf(t.f, "]}\n");
    st = close_text(&t, of->run, "features.json", FY_OK);
done:
    for (int i = 0; i < 4; i++)
        release(&v[i]);
    return st;
}

/* ---- samples ------------------------------------------------------------------------------------------------------- */

/* Values stretched from their own range to 0..255, in base64. */
static void put_pixels(FILE *f, const float *x, int64_t n)
{
    uint8_t bytes[PIECE];
    char digits[FY_BASE64_CHARS(PIECE)];
    float lo = x[0], hi = x[0];
    for (int64_t i = 1; i < n; i++) {
        lo = fminf(lo, x[i]);
        hi = fmaxf(hi, x[i]);
    }
    const float scale = hi > lo ? 255.0f / (hi - lo) : 0.0f;
    for (int64_t i = 0; i < n;) {
        size_t k = 0;
        for (; i < n && k < PIECE; i++, k++)
            bytes[k] = (uint8_t)((x[i] - lo) * scale + 0.5f);
        fy_base64(bytes, k, digits);
        fputs(digits, f);
    }
}

/* Without a class nothing is sure. */
static void put_prediction(FILE *f, const view *v, int64_t i)
{
    const int64_t k = fy_tensor_shape(v->logits)->d[1];
    const float *row = (const float *)fy_tensor_const_data(v->logits) + i * k;
    const int32_t best = v->predicted[i];
    double sum = 0;
    for (int64_t c = 0; best >= 0 && c < k; c++)
        sum += exp((double)row[c] - (double)row[best]);
    fprintf(f, ", \"%s\": {\"class\": %d, \"p\": %.4f}", v->when, best,
            sum > 0 && isfinite(sum) ? 1 / sum : 0.0);
}

static void put_samples(FILE *f, const view *before, const view *last, const fy_tensor *x)
{
    const int64_t k = fy_tensor_shape(last->logits)->d[1];
    const fy_shape *s = fy_tensor_shape(x);
    const int64_t numel = fy_tensor_numel(x) / s->d[0];
    const char *close = "";
    fprintf(f, "{\"shape\": [%lld, %lld, %lld], \"classes\": [", (long long)s->d[1],
            (long long)(s->rank > 2 ? s->d[2] : 1), (long long)(s->rank > 3 ? s->d[3] : 1));
    for (int64_t c = 0; c < k; c++, close = ", ")
        fprintf(f, "%s\"%lld\"", close, (long long)c);
    fprintf(f, "], \"samples\": [");
    for (int64_t i = 0; i < s->d[0]; i++) {
        fprintf(f, "%s\n  {\"index\": %lld, \"pixels\": \"", i ? "," : "",
                (long long)fy_dataset_origin(before->d, i));
        put_pixels(f, (const float *)fy_tensor_const_data(x) + i * numel, numel);
        fprintf(f, "\"");
        put_prediction(f, before, i);
        put_prediction(f, last, i);
        fprintf(f, "}");
    }
    fprintf(f, "]}\n");
}

fy_status picture_write_samples(const picture_of *of)
{
    fy_tensor *x = NULL;
    view v[2] = { { .when = "before" }, { .when = "last" } };
    text t = { 0 };
    fy_status st;
    for (int i = 0; i < 2; i++) {
        FY_TRY(some_of(of->data->target, SHOWN_SAMPLES, &v[i].d));
        FY_TRY(see(of, i ? of->last : of->before, &v[i]));
    }
    FY_TRY(fy_dataset_read(v[0].d, NULL, 0, &x, NULL));
    FY_TRY(open_text(&t));
    put_samples(t.f, &v[0], &v[1], x);
    st = close_text(&t, of->run, "samples.json", FY_OK);
done:
    for (int i = 0; i < 2; i++)
        release(&v[i]);
    fy_tensor_free(x);
    return st;
}
