/* metrics.c: predictions out of logits, and how many of them are right. */
#include "train/metrics.h"

#include <math.h>

fy_status fyi_check_logits(const fy_tensor *t, const char *what)
{
    const fy_shape *s = fy_tensor_shape(t);
    char text[FYI_SPEC_CHARS];

    if (fy_tensor_dtype(t) != FY_F32)
        return fyi_fail(FY_EDTYPE, "%s: logits must be f32, these are %s", what,
                        fy_dtype_name(fy_tensor_dtype(t)));
    if (s->rank != 2 || s->d[0] < 1 || s->d[1] < 2 || s->d[1] > INT32_MAX)
        return fyi_fail(FY_ESHAPE,
                        "%s: logits must be [samples, classes] with at least one sample and two "
                        "classes, these are %s",
                        what, fy_shape_text(s, text, sizeof text));
    return FY_OK;
}

int32_t fyi_argmax(const float *x, int64_t k)
{
    int32_t best = 0;

    for (int64_t i = 0; i < k; i++) {
        if (x[i] != x[i])
            return -1;
        if (x[i] > x[best])
            best = (int32_t)i;
    }
    return best;
}

/* What is not finite comes out of the sum as NaN, but for an x of -inf, whose exp is 0. */
double fyi_log_sum(const float *x, int64_t k, double *p)
{
    double max = (double)x[0], sum = 0;

    for (int64_t i = 1; i < k; i++)
        max = fmax(max, (double)x[i]);
    for (int64_t i = 0; i < k; i++)
        sum += p[i] = exp((double)x[i] - max); /* at most 1: nothing overflows */
    for (int64_t i = 0; i < k; i++)
        p[i] /= sum;
    return max + log(sum);
}

double fyi_softmax(const float *x, int64_t k, double *p)
{
    return fyi_first_not_finite(x, k) < k ? (double)NAN : fyi_log_sum(x, k, p);
}

fy_status fy_classes_of(const fy_tensor *logits, int32_t *classes)
{
    const fy_shape *s = fy_tensor_shape(logits);
    const float *x = fy_tensor_const_data(logits);

    FYI_FORWARD(fyi_check_logits(logits, "classes of predictions"));
    for (int64_t i = 0; i < s->d[0]; i++)
        classes[i] = fyi_argmax(x + i * s->d[1], s->d[1]);
    return FY_OK;
}

fy_status fy_probabilities_of(const fy_tensor *logits, double *p)
{
    const fy_shape *s = fy_tensor_shape(logits);
    const float *x = fy_tensor_const_data(logits);

    FYI_FORWARD(fyi_check_logits(logits, "probabilities of predictions"));
    for (int64_t i = 0; i < s->d[0]; i++)
        (void)fyi_log_sum(x + i * s->d[1], s->d[1], p + i * s->d[1]);
    return FY_OK;
}

double fyi_accuracy(const int32_t *predicted, const int32_t *truth, int64_t n)
{
    int64_t n_right = 0;

    for (int64_t i = 0; i < n; i++)
        n_right += predicted[i] == truth[i];
    return (double)n_right / (double)n;
}

fy_status fy_accuracy_of(const fy_tensor *logits, const fy_dataset *labelled, double *accuracy)
{
    const fy_shape *s = fy_tensor_shape(logits);
    const float *x = fy_tensor_const_data(logits);
    int64_t n_right = 0;

    *accuracy = (double)NAN;
    FYI_FORWARD(fyi_check_logits(logits, "accuracy of predictions"));
    if (s->d[0] != fy_dataset_count(labelled))
        return fyi_fail(
            FY_ESHAPE, "accuracy of predictions: %lld rows for '%s', which has %lld samples",
            (long long)s->d[0], fy_dataset_name(labelled), (long long)fy_dataset_count(labelled));
    for (int64_t i = 0; i < s->d[0]; i++) {
        int32_t label;

        FYI_FORWARD(fy_dataset_label(labelled, i, &label));
        n_right += fyi_argmax(x + i * s->d[1], s->d[1]) == label;
    }
    *accuracy = (double)n_right / (double)s->d[0];
    return FY_OK;
}
