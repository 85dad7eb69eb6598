/* update_loops.h: the loops themselves, included by the two files that compile them; each
 * defines LOOPS, the name of its table. The rules are those of
 * graph/ops/{sgd,adam,adamw,adagrad}.c. */
#include "backend/native/native.h"
#include "backend/native/update.h"

#include <math.h>

static void sgd(const fyi_update_run *r)
{
    float *w = r->w, *m = r->s0;
    const float *g = r->g;
    const float clip = r->clip, decay = r->weight_decay, lr = r->lr, mu = r->momentum;
    if (!r->has_momentum) {
        FYI_VECTOR
        for (int64_t i = 0; i < r->n; i++)
            w[i] -= lr * (g[i] * clip + decay * w[i]);
        return;
    }
    if (r->nesterov) {
        FYI_VECTOR
        for (int64_t i = 0; i < r->n; i++) {
            const float d = g[i] * clip + decay * w[i];
            m[i] = mu * m[i] + d;
            w[i] -= lr * (d + mu * m[i]);
        }
        return;
    }
    FYI_VECTOR
    for (int64_t i = 0; i < r->n; i++) {
        m[i] = mu * m[i] + (g[i] * clip + decay * w[i]);
        w[i] -= lr * m[i];
    }
}

/* Elements in a layout's padding stay zero even where eps is: 0 / 0 would not. */
static inline float nonzero(float deviation)
{
    return deviation > 0.0f ? deviation : 1.0f;
}

static inline void adam_like(const fyi_update_run *r, float decay, float shrink)
{
    float *w = r->w, *m = r->s0, *v = r->s1;
    const float *g = r->g;
    const float clip = r->clip, b1 = r->beta1, b2 = r->beta2, step = r->step, eps = r->eps;
    const float c1 = 1.0f - b1, c2 = 1.0f - b2, unbias = r->unbias_sq;
    FYI_VECTOR
    for (int64_t i = 0; i < r->n; i++) {
        const float d = g[i] * clip + decay * w[i];
        m[i] = b1 * m[i] + c1 * d;
        v[i] = b2 * v[i] + c2 * (d * d);
        w[i] = shrink * w[i] - step * (m[i] / nonzero(sqrtf(v[i] * unbias) + eps));
    }
}

static void adam(const fyi_update_run *r)
{
    adam_like(r, r->weight_decay, 1.0f);
}

static void adamw(const fyi_update_run *r)
{
    adam_like(r, 0.0f, 1.0f - r->lr * r->weight_decay);
}

static void adagrad(const fyi_update_run *r)
{
    float *w = r->w, *v = r->s0;
    const float *g = r->g;
    const float clip = r->clip, decay = r->weight_decay, lr = r->lr, eps = r->eps;
    FYI_VECTOR
    for (int64_t i = 0; i < r->n; i++) {
        const float d = g[i] * clip + decay * w[i];
        v[i] += d * d;
        w[i] -= lr * (d / nonzero(sqrtf(v[i]) + eps));
    }
}

const fyi_update_fn LOOPS[FYI_N_UPDATES] = {
    [FYI_SGD] = sgd,
    [FYI_ADAM] = adam,
    [FYI_ADAMW] = adamw,
    [FYI_ADAGRAD] = adagrad,
};
