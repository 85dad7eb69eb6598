/* probes.c: pairs of target samples and their mixtures: each sample with its partner at the other end of the list, mostly of two classes,
 * and with its neighbour in the order of predicted classes, mostly of one. */
#include "probes.h"

#include <stdlib.h>
#include <string.h>

#define MOST 500
#define MOST_BYTES ((int64_t)64 << 20)
#define SHARE 0.55f /* of the first; section 3.2 */
#define MOST_MODELS 4

static int64_t count_of(const fy_dataset *d)
{
    const int64_t bytes = fy_shape_numel(fy_dataset_shape(d)) * (int64_t)sizeof(float);
    const int64_t room = MOST_BYTES / bytes,
                  n = fy_dataset_count(d) < MOST ? fy_dataset_count(d) : MOST;
    return n < room ? n : room;
}

/* Spread evenly, and then in no order, so that both ends of the list have all classes. */
static void draw(probes *p, int64_t count)
{
    fy_rng r = fy_rng_named(0, "probes");
    for (int64_t i = 0; i < p->n; i++)
        p->index[i] = i * count / p->n;
    fy_rng_shuffle(&r, p->index, (size_t)p->n);
}

fy_status probes_open(const fy_dataset *target, probes *p)
{
    *p = (probes){ .n = count_of(target), .numel = fy_shape_numel(fy_dataset_shape(target)) };
    const size_t n = (size_t)p->n;
    p->index = calloc(n + 1, sizeof *p->index);
    p->first = calloc(2 * n + 1, sizeof *p->first);
    p->second = calloc(2 * n + 1, sizeof *p->second);
    if (!p->index || !p->first || !p->second)
        return fy_error(FY_ENOMEM, "no memory for mixtures of %lld samples", (long long)p->n);
    draw(p, fy_dataset_count(target));
    return p->n > 0 ? fy_dataset_read(target, p->index, p->n, &p->x, NULL) : FY_OK;
}

void probes_close(probes *p)
{
    fy_tensor_free(p->logits);
    fy_tensor_free(p->x);
    free(p->second);
    free(p->first);
    free(p->index);
    *p = (probes){ 0 };
}

/* ---- pairs ------------------------------------------------------------------------------------------------ */

typedef struct mixing {
    const probes *p;
    const int32_t *class; /* [n], of the samples */
    float *to;            /* [2 n, numel] */
    int64_t n;            /* so far */
} mixing;

static void mix(mixing *m, int64_t a, int64_t b)
{
    const int64_t numel = m->p->numel;
    const float *x = fy_tensor_const_data(m->p->x);
    float *to = m->to + m->n * numel;
    for (int64_t j = 0; j < numel; j++)
        to[j] = SHARE * x[a * numel + j] + (1 - SHARE) * x[b * numel + j];
    m->p->first[m->n] = m->class[a];
    m->p->second[m->n++] = m->class[b];
}

static void mix_ends(mixing *m)
{
    for (int64_t i = 0; i < m->p->n; i++)
        mix(m, i, m->p->n - 1 - i);
}

/* With the next sample of the same class, if there is one; else with any. */
static int64_t partner_of(const mixing *m, int64_t i)
{
    const int64_t n = m->p->n;
    for (int64_t k = 1; k < n; k++)
        if (m->class[(i + k) % n] == m->class[i])
            return (i + k) % n;
    return (i + 1) % n;
}

static void mix_alike(mixing *m)
{
    for (int64_t i = 0; i < m->p->n; i++)
        mix(m, i, partner_of(m, i));
}

/* ---- what the model makes of them ------------------------------------------------------------------------- */

static fy_status predict(probes *p, fy_predictor *predictor, int n_models, const fy_tensor *x)
{
    fy_tensor **outs[MOST_MODELS] = { NULL };
    fy_dataset *d = NULL;
    fy_status st;
    outs[n_models - 1] = &p->logits;
    FY_TRY(fy_dataset_from_tensors("mixtures", x, NULL, 0, &d));
    FY_TRY(fy_predict(predictor, d, outs));
done:
    fy_dataset_free(d);
    return st;
}

static fy_status mix_all(probes *p, const int32_t *class, fy_tensor **x)
{
    fy_shape s = *fy_tensor_shape(p->x);
    fy_status st;
    s.d[0] = 2 * p->n;
    FY_TRY(fy_tensor_new(FY_F32, s, x));
    mixing m = { .p = p, .class = class, .to = fy_tensor_data(*x) };
    mix_ends(&m);
    mix_alike(&m);
done:
    return st;
}

fy_status probes_look(probes *p, fy_predictor *predictor, int n_models, const fy_tensor *logits)
{
    const int64_t count = fy_tensor_shape(logits)->d[0];
    int32_t *class = calloc((size_t)count + 1, 2 * sizeof *class),
            *of = class ? class + count : NULL;
    fy_tensor *x = NULL;
    fy_status st;
    fy_tensor_free(p->logits);
    p->logits = NULL;
    if (!class)
        return fy_error(FY_ENOMEM, "no memory for the classes of %lld samples", (long long)count);
    FY_TRY(fy_classes_of(logits, class));
    for (int64_t i = 0; i < p->n; i++)
        of[i] = class[p->index[i]];
    FY_TRY(mix_all(p, of, &x));
    FY_TRY(predict(p, predictor, n_models, x));
    p->mixed = (fy_mixed){ p->logits, p->first, p->second };
done:
    fy_tensor_free(x);
    free(class);
    return st;
}
