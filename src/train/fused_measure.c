/* fused_measure.c: what each modality has come to in a fused model: its branch, its part of the accuracy of all, what a linear
 * classifier could read from its features, and what it knows that the others do not. */
#include "data/data.h"
#include "train/fused.h"
#include "train/metrics.h"

#include <ferry/pid.h>

#include <math.h>
#include <string.h>

#define PROBE_SAMPLES 5000 /* of the training samples; evenly spaced ones where there are more */
#define EPSILON 0.1        /* of what the others are said to know */
#define UNIQUE_SEED 0

/* Samples as the encoders see them. */
typedef struct seen {
    const fy_parts *p;
    int64_t n;
    const int32_t *y; /* [n] */
    fy_tensor *z;     /* [n, modalities, d + 1] */
} seen;

typedef struct measuring {
    fy_fused *f;
    seen train, val, at; /* at: test, or val */
    fy_fused_figures *out;
} measuring;

/* ---- samples ---------------------------------------------------------------------------------------------- */

static fy_status see(const measuring *m, const fy_parts *p, seen *s)
{
    const fy_dataset *d = fy_parts_dataset(p, 0);
    if (!d->label)
        return fyi_fail(FY_EINVAL,
                        "a fused model is measured on labelled samples, and '%s' has no labels",
                        d->name);
    if (d->n_classes > FY_MAX_SCORED)
        return fyi_fail(FY_EINVAL, "'%s' has %d classes; a fused model is measured with up to %d",
                        d->name, d->n_classes, FY_MAX_SCORED);
    if (d->n_classes > m->f->classes)
        return fyi_fail(FY_EINVAL, "'%s' has %d classes, and the model knows %lld", d->name,
                        d->n_classes, (long long)m->f->classes);
    *s = (seen){ .p = p, .n = fy_parts_count(p), .y = d->label };
    return fy_fused_features(m->f, p, FY_ALL_PARTS, &s->z);
}

static bool is_there(const seen *s, unsigned subset, int64_t i)
{
    for (int m = 0; m < fy_parts_modalities(s->p); m++)
        if (subset >> m & 1 && fy_parts_there(s->p, m)[i] != 0)
            return true;
    return false;
}

/* Of the samples that have one of the parts in `only`; NaN: none has. */
static fy_status accuracy(const measuring *m, const seen *s, unsigned subset, unsigned only,
                          double *out)
{
    fy_tensor *logits = NULL;
    int64_t n = 0, right = 0;
    FYI_FORWARD(fy_fused_logits(m->f, s->z, subset, &logits));
    const float *v = fy_tensor_const_data(logits);
    for (int64_t i = 0; i < s->n; i++)
        if (is_there(s, only, i)) {
            n++;
            right += fyi_argmax(v + i * m->f->classes, m->f->classes) == s->y[i];
        }
    fy_tensor_free(logits);
    *out = n > 0 ? (double)right / (double)n : (double)NAN;
    return FY_OK;
}

/* ---- subsets ---------------------------------------------------------------------------------------------- */

/* Always saying the class that training samples have most often. */
static double without_parts(const measuring *m)
{
    int64_t counts[FY_MAX_SCORED] = { 0 }, right = 0;
    int32_t most = 0;
    for (int64_t i = 0; i < m->train.n; i++)
        counts[m->train.y[i]]++;
    for (int32_t c = 1; c < FY_MAX_SCORED; c++)
        most = counts[c] > counts[most] ? c : most;
    for (int64_t i = 0; i < m->at.n; i++)
        right += m->at.y[i] == most;
    return (double)right / (double)m->at.n;
}

static fy_status measure_subsets(measuring *m)
{
    const unsigned n = 1u << m->f->n;
    double share[FY_MAX_MODALITIES];
    m->out->subsets[0] = without_parts(m);
    for (unsigned s = 1; s < n; s++)
        FYI_FORWARD(accuracy(m, &m->at, s, FY_ALL_PARTS, &m->out->subsets[s]));
    m->out->fused = m->out->subsets[n - 1];
    FYI_FORWARD(accuracy(m, &m->val, FY_ALL_PARTS, FY_ALL_PARTS, &m->out->fused_val));
    FYI_FORWARD(fy_shapley(m->out->subsets, m->f->n, share));
    for (int i = 0; i < m->f->n; i++)
        m->out->branches[i].shapley = share[i];
    return FY_OK;
}

static fy_status measure_branches(measuring *m)
{
    for (int i = 0; i < m->f->n; i++) {
        fy_fuse_branch *b = &m->out->branches[i];
        FYI_FORWARD(accuracy(m, &m->at, 1u << i, 1u << i, &b->accuracy));
        FYI_FORWARD(accuracy(m, &m->val, 1u << i, 1u << i, &b->val));
    }
    return FY_OK;
}

/* ---- features of one modality ------------------------------------------------------------------------------ */

/* At most `most` samples that have part m, and with `others` one of the others too. */
typedef struct chosen {
    fy_tensor *x, *logits; /* [n, d]; [n, classes] of the others, NULL where they are not wanted */
    int32_t *y;            /* [n]; fyi_free */
    int64_t n;
} chosen;

static void release(chosen *c)
{
    fy_tensor_free(c->x);
    fy_tensor_free(c->logits);
    fyi_free(c->y);
}

static bool fits(const seen *s, int part, bool others, int64_t i)
{
    return is_there(s, 1u << part, i) && (!others || is_there(s, ~(1u << part), i));
}

static fy_status take_room(const measuring *m, int64_t n, bool others, chosen *c)
{
    FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(n, m->f->width), &c->x));
    if (others)
        FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(n, m->f->classes), &c->logits));
    c->y = fyi_calloc((size_t)n, sizeof *c->y);
    return c->y ? FY_OK : fyi_enomem((size_t)n * sizeof *c->y, "a fused model's measures");
}

static void copy_row(const measuring *m, const seen *s, int part, const fy_tensor *all, int64_t i,
                     chosen *c)
{
    const int64_t d = m->f->width, k = m->f->classes;
    const float *z = fy_tensor_const_data(s->z);
    memcpy((float *)fy_tensor_data(c->x) + c->n * d, z + (i * m->f->n + part) * (d + 1),
           (size_t)d * sizeof *z);
    if (all)
        memcpy((float *)fy_tensor_data(c->logits) + c->n * k,
               (const float *)fy_tensor_const_data(all) + i * k, (size_t)k * sizeof *z);
    c->y[c->n++] = s->y[i];
}

/* all: the others' logits of all samples, or NULL. n 0 where no sample fits. */
static fy_status choose(const measuring *m, const seen *s, int part, const fy_tensor *all,
                        int64_t most, chosen *c)
{
    int64_t n = 0, k = 0;
    for (int64_t i = 0; i < s->n; i++)
        n += fits(s, part, all != NULL, i);
    if (n == 0)
        return FY_OK;
    const int64_t wanted = FYI_MIN(n, most);
    FYI_FORWARD(take_room(m, wanted, all != NULL, c));
    for (int64_t i = 0; i < s->n; i++)
        if (fits(s, part, all != NULL, i) && (k++ + 1) * wanted / n > c->n)
            copy_row(m, s, part, all, i, c);
    return FY_OK;
}

/* For a classifier to be fitted: four samples a class, all together. */
static bool is_enough(const measuring *m, const chosen *c)
{
    return c->n >= 4 * m->f->classes && c->n >= 20;
}

static fy_status measure_probe(measuring *m, int part)
{
    chosen learn = { 0 }, test = { 0 };
    fy_probe found;
    fy_status st;
    FY_TRY(choose(m, &m->train, part, NULL, PROBE_SAMPLES, &learn));
    FY_TRY(choose(m, &m->at, part, NULL, INT64_MAX, &test));
    if (!is_enough(m, &learn) || test.n == 0)
        goto done;
    const fy_probe_data a = { learn.x, learn.y }, b = { test.x, test.y };
    FY_TRY(fy_linear_probe(&a, &b, (int)m->f->classes, NULL, &found));
    m->out->branches[part].probe = found.accuracy;
done:
    release(&test);
    release(&learn);
    return st;
}

static fy_status measure_unique(measuring *m, int part)
{
    fy_tensor *logits = NULL;
    chosen c = { 0 };
    fy_unique found;
    fy_status st;
    FY_TRY(fy_fused_logits(m->f, m->val.z, ~(1u << part), &logits));
    FY_TRY(choose(m, &m->val, part, logits, PROBE_SAMPLES, &c));
    if (!is_enough(m, &c))
        goto done;
    FY_TRY(fy_unique_information(c.x, c.logits, c.y, EPSILON, UNIQUE_SEED, &found));
    m->out->branches[part].unique = found.nats;
done:
    release(&c);
    fy_tensor_free(logits);
    return st;
}

/* ---- all of it -------------------------------------------------------------------------------------------- */

static fy_status find_weak(measuring *m, const char *weak)
{
    const char *names[FY_MAX_MODALITIES + 1] = { 0 };
    m->out->weak = 0;
    for (int i = 0; i < m->f->n; i++) {
        names[i] = fy_fused_name(m->f, i);
        if (!weak && !(m->out->branches[i].val >= m->out->branches[m->out->weak].val))
            m->out->weak = i; /* one that no validation sample has is the weakest */
        if (weak && strcmp(weak, names[i]) == 0) {
            m->out->weak = i;
            return FY_OK;
        }
    }
    if (!weak)
        return FY_OK;
    const char *near = fyi_nearest(weak, names);
    return fyi_fail(FY_EINVAL, "no modality is called '%.80s'; did you mean '%s'?", weak,
                    near ? near : names[0]);
}

static fy_status see_all(measuring *m, const fy_parts *train, const fy_parts *val,
                         const fy_parts *test)
{
    FYI_FORWARD(see(m, train, &m->train));
    FYI_FORWARD(see(m, val, &m->val));
    m->at = m->val;
    if (!test)
        return FY_OK;
    m->at.z = NULL;
    return see(m, test, &m->at);
}

static fy_status measure(measuring *m, const char *weak)
{
    FYI_FORWARD(measure_branches(m));
    FYI_FORWARD(find_weak(m, weak));
    FYI_FORWARD(measure_subsets(m));
    for (int i = 0; i < m->f->n; i++) {
        FYI_FORWARD(measure_probe(m, i));
        if (m->f->n > 1)
            FYI_FORWARD(measure_unique(m, i));
    }
    return FY_OK;
}

fy_status fy_fused_measure(fy_fused *f, const fy_parts *train, const fy_parts *val,
                           const fy_parts *test, const char *weak, fy_fused_figures *out)
{
    measuring m = { .f = f, .out = out };
    fy_status st;
    *out = (fy_fused_figures){ .n = f->n,
                               .samples = fy_parts_count(test ? test : val),
                               .is_test = test != NULL };
    for (int i = 0; i < f->n; i++)
        out->branches[i] =
            (fy_fuse_branch){ .probe = (double)NAN, .unique = (double)NAN, .beta = (double)NAN };
    FY_TRY(see_all(&m, train, val, test));
    st = measure(&m, weak);
done:
    if (m.at.z != m.val.z)
        fy_tensor_free(m.at.z);
    fy_tensor_free(m.val.z);
    fy_tensor_free(m.train.z);
    return st;
}
