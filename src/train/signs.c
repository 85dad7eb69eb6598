/* signs.c: what predictions say about themselves, without labels. With p_i = softmax(logits_i), H the
 * entropy, m the mean of p_i over the samples:
 *
 *   entropy = mean_i H(p_i) / log k    diversity = H(m) / log k    information = diversity - entropy
 *
 * The last is the mutual information of input and class under the model (Bridle, Heading and MacKay 1991;
 * Shi and Sha 2012): high when every prediction is certain and the classes are all used. */
#include "train/metrics.h"

#include <math.h>

/* In nats; 0 log 0 = 0. */
static double entropy_of(const double *p, int64_t k)
{
    double h = 0;

    for (int64_t j = 0; j < k; j++)
        if (p[j] > 0)
            h -= p[j] * log(p[j]);
    return h;
}

typedef struct tally {
    double *p, *mean; /* [k] */
    int64_t *share;   /* [k], how often each class is predicted */
    double entropy;   /* sum over the samples */
    bool is_finite;
} tally;

static void count_rows(const float *x, int64_t n, int64_t k, tally *t)
{
    t->is_finite = true;
    for (int64_t i = 0; i < n; i++, x += k) {
        if (isnan(fyi_log_sum(x, k, t->p))) {
            t->is_finite = false;
            return;
        }
        t->share[fyi_argmax(x, k)]++;
        t->entropy += entropy_of(t->p, k);
        for (int64_t j = 0; j < k; j++)
            t->mean[j] += t->p[j];
    }
}

static fy_signs sum_up(const tally *t, int64_t n, int64_t k)
{
    const double log_k = log((double)k);
    int64_t most = 0, least = n;
    fy_signs s;

    for (int64_t j = 0; j < k; j++) {
        t->mean[j] /= (double)n;
        most = FYI_MAX(most, t->share[j]);
        least = FYI_MIN(least, t->share[j]);
    }
    s.entropy = t->entropy / (double)n / log_k;
    s.diversity = entropy_of(t->mean, k) / log_k;
    s.information = fmax(0, s.diversity - s.entropy);
    s.largest = (double)most / (double)n;
    s.smallest = (double)least / (double)n;
    return s;
}

/* One row that is not finite makes all figures NaN: such a model must look bad, not average. */
fy_status fy_signs_of(const fy_tensor *logits, fy_signs *out)
{
    const double nan = (double)NAN;
    tally t = { 0 };
    int64_t n, k;
    fy_status st = FY_OK;

    *out = (fy_signs){ nan, nan, nan, nan, nan };
    FYI_FORWARD(fyi_check_logits(logits, "judging predictions without labels"));
    n = fy_tensor_shape(logits)->d[0];
    k = fy_tensor_shape(logits)->d[1];
    t.p = fyi_calloc((size_t)k, sizeof *t.p);
    t.mean = fyi_calloc((size_t)k, sizeof *t.mean);
    t.share = fyi_calloc((size_t)k, sizeof *t.share);
    if (!t.p || !t.mean || !t.share) {
        st = fyi_enomem((size_t)k * sizeof *t.p, "judging predictions");
        goto done;
    }
    count_rows(fy_tensor_const_data(logits), n, k, &t);
    if (t.is_finite)
        *out = sum_up(&t, n, k);
done:
    fyi_free(t.share);
    fyi_free(t.mean);
    fyi_free(t.p);
    return st;
}
