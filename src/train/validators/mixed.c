/* mixed.c: mixed samples as probes. D. Hu, J. Liang, J. H. Liew, C. Xue, S. Bai and X. Wang (NeurIPS 2023), "Mixed Samples as Probes for
 * Unsupervised Model Selection in Domain Adaptation" (MixVal): of mixtures 0.55 x_i + 0.45 x_k of target samples, how often the model
 * says of a mixture what it says of x_i, among pairs of one predicted class and among pairs of two. The paper ranks candidates by both
 * and takes the mean of the ranks; the mean of the two shares is the same idea for one model. */
#include "train/validators/validators.h"

#include "train/metrics.h"

#include <math.h>

typedef struct share {
    int64_t n, right;
} share;

static double value_of(const share *s)
{
    return (double)s->right / (double)s->n;
}

static fy_status value(const fyi_look *l, double *out)
{
    const fy_mixed *m = l->mixed;
    const float *x = m != NULL ? fy_tensor_const_data(m->logits) : NULL;
    share of[2] = { { 0, 0 }, { 0, 0 } }; /* one class, two classes */

    *out = (double)NAN;
    for (int64_t i = 0; m != NULL && i < fy_tensor_shape(m->logits)->d[0]; i++) {
        share *s = &of[m->first[i] != m->second[i]];

        s->n++;
        s->right += fyi_argmax(x + i * l->k, l->k) == m->first[i];
    }
    if (of[0].n > 0 && of[1].n > 0)
        *out = (value_of(&of[0]) + value_of(&of[1])) / 2;
    return FY_OK;
}

const fyi_validator fyi_validator_mixed = {
    .name = "mixed",
    .text =
        "how often a mixture of two target samples is what the larger part is (MixVal, Hu et al. "
        "2023)",
    .is_gain = true,
    .votes = true,
    .value = value,
};
