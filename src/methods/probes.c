/* probes.c: pairs of target samples and their mixtures: each sample with its partner at the other end of the list, mostly of two classes,
 * and with its neighbour in the order of predicted classes, mostly of one. Where a model's first layers are frozen, the first look says who that
 * is, and what these layers make of the mixtures is computed once. */
#include "probes.h"

#include <stdlib.h>

#define MOST 500
#define MOST_BYTES ((int64_t)64 << 20)
#define SHARE 0.55f /* of the first; section 3.2 */

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
    p->partner = calloc(n + 1, sizeof *p->partner);
    p->first = calloc(2 * n + 1, sizeof *p->first);
    p->second = calloc(2 * n + 1, sizeof *p->second);
    if (!p->index || !p->partner || !p->first || !p->second)
        return fy_error(FY_ENOMEM, "no memory for mixtures of %lld samples", (long long)p->n);
    draw(p, fy_dataset_count(target));
    return p->n > 0 ? fy_dataset_read(target, p->index, p->n, &p->x, NULL) : FY_OK;
}

void probes_close(probes *p)
{
    fy_dataset_free(p->mixtures);
    fy_tensor_free(p->logits);
    fy_tensor_free(p->x);
    free(p->second);
    free(p->first);
    free(p->partner);
    free(p->index);
    *p = (probes){ 0 };
}

fy_status probes_settle(probes *p, fy_run *r)
{
    const size_t bytes = ((size_t)p->n + 1) * sizeof *p->partner;
    p->is_settled_once = true;
    return fy_run_keep_data(r, "adapt.partners", p->partner, bytes, NULL);
}

/* ---- pairs ------------------------------------------------------------------------------------------------ */

/* The next sample of the same class, if there is one; else any. */
static int64_t partner_of(const probes *p, const int32_t *class, int64_t i)
{
    for (int64_t k = 1; k < p->n; k++)
        if (class[(i + k) % p->n] == class[i])
            return (i + k) % p->n;
    return (i + 1) % p->n;
}

/* class [n]: of the samples. */
static void find_partners(probes *p, const int32_t *class)
{
    if (p->partner[p->n])
        return;
    for (int64_t i = 0; i < p->n; i++)
        p->partner[i] = partner_of(p, class, i);
    p->partner[p->n] = p->is_settled_once;
}

/* Who is mixed in row i of the mixtures: first with the other end of the list, then with the partner. */
static void pair_at(const probes *p, int64_t i, int64_t pair[2])
{
    pair[0] = i % p->n;
    pair[1] = i < p->n ? p->n - 1 - i : p->partner[i - p->n];
}

static void name_classes(probes *p, const int32_t *class)
{
    for (int64_t i = 0, pair[2]; i < 2 * p->n; i++) {
        pair_at(p, i, pair);
        p->first[i] = class[pair[0]];
        p->second[i] = class[pair[1]];
    }
}

static void mix(const probes *p, int64_t i, float *to)
{
    const float *x = fy_tensor_const_data(p->x);
    int64_t pair[2];
    pair_at(p, i, pair);
    const float *a = x + pair[0] * p->numel, *b = x + pair[1] * p->numel;
    for (int64_t j = 0; j < p->numel; j++)
        to[j] = SHARE * a[j] + (1 - SHARE) * b[j];
}

static fy_status mix_all(probes *p)
{
    fy_shape s = *fy_tensor_shape(p->x);
    fy_tensor *x = NULL;
    fy_status st;
    if (p->mixtures)
        return FY_OK;
    s.d[0] = 2 * p->n;
    FY_TRY(fy_tensor_new(FY_F32, s, &x));
    for (int64_t i = 0; i < s.d[0]; i++)
        mix(p, i, (float *)fy_tensor_data(x) + i * p->numel);
    FY_TRY(fy_dataset_from_tensors("mixtures", x, NULL, 0, &p->mixtures));
done:
    fy_tensor_free(x);
    return st;
}

/* ---- what the model makes of them ------------------------------------------------------------------------- */

static fy_status predict(probes *p, fy_predictor *predictor)
{
    fy_tensor **outs[] = { NULL, &p->logits };
    fy_tensor_free(p->logits);
    p->logits = NULL;
    return fy_predict(predictor, p->mixtures, outs);
}

/* Others come with the next look. */
static void forget_mixtures(probes *p)
{
    if (p->partner[p->n])
        return;
    fy_dataset_free(p->mixtures);
    p->mixtures = NULL;
}

fy_status probes_look(probes *p, fy_predictor *predictor, const fy_tensor *logits)
{
    const int64_t count = fy_tensor_shape(logits)->d[0];
    int32_t *class = calloc((size_t)count + 1, 2 * sizeof *class),
            *of = class ? class + count : NULL;
    fy_status st;
    if (!class)
        return fy_error(FY_ENOMEM, "no memory for the classes of %lld samples", (long long)count);
    FY_TRY(fy_classes_of(logits, class));
    for (int64_t i = 0; i < p->n; i++)
        of[i] = class[p->index[i]];
    find_partners(p, of);
    name_classes(p, of);
    FY_TRY(mix_all(p));
    FY_TRY(predict(p, predictor));
    p->mixed = (fy_mixed){ p->logits, p->first, p->second };
done:
    forget_mixtures(p);
    free(class);
    return st;
}
