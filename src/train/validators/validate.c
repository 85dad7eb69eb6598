/* validate.c: the table of validators, and one pass made ready for them. */
#include "train/metrics.h"
#include "train/validators/validators.h"

#include <math.h>
#include <string.h>

static const fyi_validator *const validators[] = {
#define VALIDATOR(name) &fyi_validator_##name,
#include "train/validators/validators.def"
#undef VALIDATOR
};
_Static_assert(FYI_LEN(validators) <= FY_MAX_VALIDATORS, "more validators than there is room for");

const char *const *fy_validators(void)
{
    static const char *const names[] = {
#define VALIDATOR(name) #name,
#include "train/validators/validators.def"
#undef VALIDATOR
        NULL,
    };
    return names;
}

static const fyi_validator *find(const char *name)
{
    for (size_t i = 0; i < FYI_LEN(validators); i++)
        if (strcmp(validators[i]->name, name) == 0)
            return validators[i];
    return NULL;
}

const char *fy_validator_text(const char *name)
{
    const fyi_validator *v = find(name);

    return v ? v->text : NULL;
}

bool fy_validator_is_gain(const char *name)
{
    const fyi_validator *v = find(name);

    return v && v->is_gain;
}

bool fy_validator_votes(const char *name)
{
    const fyi_validator *v = find(name);

    return v && v->votes;
}

/* ---- what is wrong --------------------------------------------------------------------------------------- */

static fy_status check_pair(const fy_tensor *z, const fy_tensor *logits, const char *of)
{
    FYI_FORWARD(fyi_check_logits(logits, "validating"));
    if (z != NULL && fy_tensor_dtype(z) == FY_F32 && fy_tensor_shape(z)->rank == 2 &&
        fy_tensor_shape(z)->d[0] == fy_tensor_shape(logits)->d[0])
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "validating: the %s's features are no f32 [%lld, d], a row for each "
                    "of its logits",
                    of, (long long)fy_tensor_shape(logits)->d[0]);
}

/* A row of k for each of n; n negative: any. */
static fy_status check_rows(const fy_tensor *t, int64_t n, const fy_tensor *logits, const char *what)
{
    const fy_shape *s = fy_tensor_shape(t);
    const int64_t k = fy_tensor_shape(logits)->d[1];

    if (fy_tensor_dtype(t) == FY_F32 && s->rank == 2 && s->d[1] == k && (n < 0 || s->d[0] == n))
        return FY_OK;
    return fyi_fail(FY_ESHAPE, "validating: the %s are no f32 [%s, %lld], as the target's logits",
                    what, n < 0 ? "m" : "n", (long long)k);
}

static fy_status check(const fy_pass *p)
{
    FYI_FORWARD(check_pair(p->target_z, p->target_logits, "target"));
    if (p->mixed != NULL)
        FYI_FORWARD(check_rows(p->mixed->logits, -1, p->target_logits, "mixtures' logits"));
    if (p->ensemble != NULL)
        FYI_FORWARD(check_rows(p->ensemble, fy_tensor_shape(p->target_logits)->d[0],
                               p->target_logits, "ensemble's probabilities"));
    if (p->source_logits == NULL)
        return FY_OK;
    FYI_FORWARD(check_pair(p->source_z, p->source_logits, "source"));
    if (fy_tensor_shape(p->source_z)->d[1] == fy_tensor_shape(p->target_z)->d[1] &&
        fy_tensor_shape(p->source_logits)->d[1] == fy_tensor_shape(p->target_logits)->d[1])
        return FY_OK;
    return fyi_fail(FY_ESHAPE,
                    "validating: the source has %lld features and %lld classes, the "
                    "target %lld and %lld; expected those of one model",
                    (long long)fy_tensor_shape(p->source_z)->d[1],
                    (long long)fy_tensor_shape(p->source_logits)->d[1],
                    (long long)fy_tensor_shape(p->target_z)->d[1],
                    (long long)fy_tensor_shape(p->target_logits)->d[1]);
}

/* ---- some samples ------------------------------------------------------------------------------------------ */

static fy_status draw(int64_t count, int64_t **index, int64_t *n)
{
    fy_rng r = fy_rng_named(0, "validate");

    *n = FYI_MIN(count, FYI_LOOK_ROWS);
    *index = fyi_calloc((size_t)count, sizeof **index);
    if (*index == NULL)
        return fyi_enomem((size_t)count * sizeof **index, "samples to validate by");
    for (int64_t i = 0; i < count; i++)
        (*index)[i] = i;
    if (count > *n)
        fy_rng_shuffle(&r, *index, (size_t)count);
    return FY_OK;
}

static fy_status make_room(const fyi_look *l, fyi_looked *s)
{
    FYI_FORWARD(fy_tensor_new(FY_F32, FY_SHAPE(s->n, l->d), &s->z));
    s->p = fyi_calloc((size_t)(s->n * l->k), sizeof *s->p);
    s->y = fyi_calloc((size_t)s->n, sizeof *s->y);
    return s->p != NULL && s->y != NULL ? FY_OK : fyi_enomem((size_t)s->n, "validating");
}

static fy_status take(const fyi_look *l, const fy_tensor *z, const fy_tensor *logits,
                      const fy_dataset *labelled, fyi_looked *s)
{
    const float *from = fy_tensor_const_data(z), *scores = fy_tensor_const_data(logits);
    int64_t *index = NULL;
    fy_status st;

    FY_TRY(draw(fy_tensor_shape(z)->d[0], &index, &s->n));
    FY_TRY(make_room(l, s));
    for (int64_t i = 0; i < s->n; i++) {
        memcpy((float *)fy_tensor_data(s->z) + i * l->d, from + index[i] * l->d,
               (size_t)l->d * sizeof *from);
        (void)fyi_softmax(scores + index[i] * l->k, l->k, s->p + i * l->k);
        s->y[i] = fyi_argmax(scores + index[i] * l->k, l->k);
        if (labelled != NULL)
            FY_TRY(fy_dataset_label(labelled, index[i], &s->y[i]));
    }
done:
    fyi_free(index);
    return st;
}

static void release(fyi_looked *s)
{
    fyi_free(s->y);
    fyi_free(s->p);
    fy_tensor_free(s->z);
}

/* ---- all of them ------------------------------------------------------------------------------------------- */

static bool is_finite(const fy_tensor *t)
{
    const float *v = t != NULL ? fy_tensor_const_data(t) : NULL;

    for (int64_t i = 0; v != NULL && i < fy_tensor_numel(t); i++)
        if (!isfinite(v[i]))
            return false;
    return true;
}

fy_status fy_agreement(const fy_tensor *a, const fy_tensor *b, double *out)
{
    const int64_t n = fy_tensor_shape(a)->d[0], k = fy_tensor_shape(a)->d[1];
    const float *x = fy_tensor_const_data(a), *y = fy_tensor_const_data(b);
    int64_t same = 0;

    *out = (double)NAN;
    FYI_FORWARD(fyi_check_logits(a, "comparing predictions"));
    FYI_FORWARD(check_rows(b, n, a, "others"));
    for (int64_t i = 0; i < n; i++)
        same += fyi_argmax(x + i * k, k) == fyi_argmax(y + i * k, k);
    *out = (double)same / (double)n;
    return FY_OK;
}

static fy_status prepare(const fy_pass *p, fyi_look *l)
{
    l->mixed = p->mixed;
    if (p->ensemble != NULL)
        FYI_FORWARD(fy_agreement(p->target_logits, p->ensemble, &l->agreement));
    FYI_FORWARD(fy_signs_of(p->target_logits, &l->signs));
    FYI_FORWARD(take(l, p->target_z, p->target_logits, NULL, &l->target));
    if (p->source_logits == NULL)
        return FY_OK;
    FYI_FORWARD(fy_accuracy_of(p->source_logits, p->source, &l->source_accuracy));
    return take(l, p->source_z, p->source_logits, p->source, &l->source);
}

fy_status fy_validate(const fy_pass *p, double values[FY_MAX_VALIDATORS])
{
    fyi_look l = { .source_accuracy = (double)NAN, .agreement = (double)NAN };
    fy_status st;

    for (int i = 0; i < FY_MAX_VALIDATORS; i++)
        values[i] = (double)NAN;
    FYI_FORWARD(check(p));
    if (!is_finite(p->target_z) || !is_finite(p->target_logits) || !is_finite(p->source_z) ||
        !is_finite(p->source_logits) || (p->mixed != NULL && !is_finite(p->mixed->logits)))
        return FY_OK;
    l.k = (int)fy_tensor_shape(p->target_logits)->d[1];
    l.d = fy_tensor_shape(p->target_z)->d[1];
    FY_TRY(prepare(p, &l));
    for (size_t i = 0; i < FYI_LEN(validators); i++)
        if (!validators[i]->needs_source || l.source.n > 0)
            FY_TRY(validators[i]->value(&l, &values[i]));
done:
    release(&l.source);
    release(&l.target);
    return st;
}
