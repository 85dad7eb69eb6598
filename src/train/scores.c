/* scores.c: how good a classifier's logits are: a confusion matrix and sums over the softmax, filled sample by
 * sample, and the figures that follow from them.
 *
 *   precision = right / predicted    recall = right / support    f1 = 2 right / (support + predicted)
 *   ece = sum_b n_b / n |accuracy_b - confidence_b| over 15 equal bins of the confidence
 *
 * Averages are those of scikit-learn's classification_report with zero_division=0. Calibration: Guo et al. 2017,
 * "On calibration of modern neural networks", section 2. */
#include "train/metrics.h"

#include "base/base.h"

#include <math.h>

enum { TOP = 5 };

/* Sums over the samples of one bin. */
typedef struct bin {
    int64_t n, right;
    double confidence;
} bin;

struct fy_scores {
    int k;
    int64_t n, right, n_finite, in_top;
    int64_t *confusion; /* [k, k], without the samples that have no class */
    int64_t *support;   /* [k], with them */
    double *p;          /* [k] scratch */
    double nll, brier, confidence;
    bin bins[FY_CALIBRATION_BINS];
    fy_class_figures *classes; /* [k] */
    fy_figures figures;
};

/* ---- life ------------------------------------------------------------------------------------ */

void fy_scores_free(fy_scores *s)
{
    if (s == NULL)
        return;
    fyi_free(s->classes);
    fyi_free(s->p);
    fyi_free(s->support);
    fyi_free(s->confusion);
    fyi_free(s);
}

static fy_status take_memory(fy_scores *s)
{
    const size_t k = (size_t)s->k;

    s->confusion = fyi_calloc(k * k, sizeof *s->confusion);
    s->support = fyi_calloc(k, sizeof *s->support);
    s->p = fyi_calloc(k, sizeof *s->p);
    s->classes = fyi_calloc(k, sizeof *s->classes);
    if (s->confusion == NULL || s->support == NULL || s->p == NULL || s->classes == NULL)
        return fyi_enomem(k * k * sizeof *s->confusion, "a confusion matrix");
    return FY_OK;
}

fy_status fy_scores_new(int k, fy_scores **out)
{
    fy_scores *s;
    fy_status st;

    *out = NULL;
    if (k < 2 || k > FY_MAX_SCORED)
        return fyi_fail(FY_EINVAL, "figures are of 2 to %d classes, not of %d", FY_MAX_SCORED, k);
    s = fyi_calloc(1, sizeof *s);
    if (s == NULL)
        return fyi_enomem(sizeof *s, "figures");
    s->k = k;
    st = take_memory(s);
    if (st != FY_OK) {
        fy_scores_free(s);
        return st;
    }
    *out = s;
    return FY_OK;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Is c among the largest, the first of equals before the others? */
static bool is_in_top(const float *x, int k, int32_t c)
{
    int before = 0;

    for (int i = 0; i < k; i++)
        before += x[i] > x[c] || (x[i] >= x[c] && i < c);
    return before < TOP;
}

/* Bin b holds (b / 15, (b + 1) / 15]. */
static int bin_of(double confidence)
{
    const int b = (int)ceil(confidence * FY_CALIBRATION_BINS) - 1;

    return FYI_MIN(FYI_MAX(b, 0), FY_CALIBRATION_BINS - 1);
}

static void add_probabilities(fy_scores *s, const float *x, double log_sum, int32_t label,
                              int32_t best)
{
    bin *b = &s->bins[bin_of(s->p[best])];

    for (int c = 0; c < s->k; c++) {
        const double off = s->p[c] - (c == label);

        s->brier += off * off;
    }
    s->nll += log_sum - (double)x[label];
    s->confidence += s->p[best];
    b->n++;
    b->right += best == label;
    b->confidence += s->p[best];
}

static void add_row(fy_scores *s, const float *x, int32_t label)
{
    const double log_sum = fyi_softmax(x, s->k, s->p);
    int32_t best;

    s->n++;
    s->support[label]++;
    if (isnan(log_sum))
        return;
    best = fyi_argmax(x, s->k);
    s->n_finite++;
    s->right += best == label;
    s->confusion[(int64_t)label * s->k + best]++;
    s->in_top += is_in_top(x, s->k, label);
    add_probabilities(s, x, log_sum, label, best);
}

fy_status fy_scores_add(fy_scores *s, const float *logits, const int32_t *label, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (label[i] < 0 || label[i] >= s->k)
            return fyi_fail(FY_EINVAL, "figures: label %d is no class of 0 .. %d", label[i],
                            s->k - 1);
    for (int64_t i = 0; i < n; i++)
        add_row(s, logits + i * s->k, label[i]);
    return FY_OK;
}

/* ---- figures --------------------------------------------------------------------------------- */

static double ratio(double a, double b)
{
    return b > 0 ? a / b : (double)NAN;
}

static int64_t count_predicted(const fy_scores *s, int c)
{
    int64_t n = 0;

    for (int row = 0; row < s->k; row++)
        n += s->confusion[(int64_t)row * s->k + c];
    return n;
}

static void fill_class(const fy_scores *s, int c, fy_class_figures *f)
{
    f->support = s->support[c];
    f->predicted = count_predicted(s, c);
    f->right = s->confusion[(int64_t)c * s->k + c];
    f->precision = f->predicted > 0 ? ratio((double)f->right, (double)f->predicted) : 0;
    f->recall = ratio((double)f->right, (double)f->support);
    f->f1 = ratio(2 * (double)f->right, (double)(f->support + f->predicted));
}

static void fill_averages(const fy_scores *s, fy_figures *f)
{
    double precision = 0, recall = 0, f1 = 0, weighted = 0;
    int n_seen = 0, n_supported = 0;

    for (int c = 0; c < s->k; c++) {
        const fy_class_figures *of = &s->classes[c];

        if (of->support + of->predicted == 0)
            continue;
        n_seen++;
        n_supported += of->support > 0;
        precision += of->precision;
        recall += of->support > 0 ? of->recall : 0;
        f1 += of->f1;
        weighted += of->f1 * (double)of->support;
    }
    f->balanced_accuracy = recall / n_supported;
    f->macro_precision = precision / n_seen;
    f->macro_recall = recall / n_seen;
    f->macro_f1 = f1 / n_seen;
    f->weighted_f1 = weighted / (double)s->n;
}

static void fill_calibration(const fy_scores *s, fy_figures *f)
{
    f->ece = s->n_finite > 0 ? 0 : (double)NAN;
    for (int i = 0; i < FY_CALIBRATION_BINS; i++) {
        const bin *b = &s->bins[i];
        fy_calibration_bin *to = &f->bins[i];

        to->n = b->n;
        to->confidence = ratio(b->confidence, (double)b->n);
        to->accuracy = ratio((double)b->right, (double)b->n);
        if (b->n > 0)
            f->ece += fabs((double)b->right - b->confidence) / (double)s->n_finite;
    }
}

static fy_status fill_matched(const fy_scores *s, fy_figures *f)
{
    int64_t sum = 0;
    int32_t *match;
    fy_status st;

    f->matched = (double)NAN;
    if (s->k > FY_MAX_MATCHED)
        return FY_OK;
    match = fyi_calloc((size_t)s->k, sizeof *match);
    if (match == NULL)
        return fyi_enomem((size_t)s->k * sizeof *match, "a matching of classes");
    st = fyi_match(s->confusion, s->k, match);
    for (int c = 0; st == FY_OK && c < s->k; c++)
        sum += s->confusion[(int64_t)c * s->k + match[c]];
    fyi_free(match);
    if (st == FY_OK)
        f->matched = (double)sum / (double)s->n;
    return st;
}

fy_status fy_scores_figures(fy_scores *s, const fy_figures **out)
{
    fy_figures *f = &s->figures;
    const double n_finite = (double)s->n_finite;

    *out = NULL;
    if (s->n == 0)
        return fyi_fail(FY_EINVAL, "figures: no sample was counted");
    *f = (fy_figures){ .n = s->n,
                       .n_not_finite = s->n - s->n_finite,
                       .n_classes = s->k,
                       .accuracy = (double)s->right / (double)s->n,
                       .top5 = s->k > TOP ? ratio((double)s->in_top, n_finite) : (double)NAN,
                       .nll = ratio(s->nll, n_finite),
                       .brier = ratio(s->brier, n_finite),
                       .confidence = ratio(s->confidence, n_finite),
                       .classes = s->classes,
                       .confusion = s->confusion };
    for (int c = 0; c < s->k; c++)
        fill_class(s, c, &s->classes[c]);
    fill_averages(s, f);
    fill_calibration(s, f);
    FYI_FORWARD(fill_matched(s, f));
    *out = f;
    return FY_OK;
}
