/* metrics.h: what judges with and without labels read from logits [n, k]. */
#ifndef FYI_METRICS_H
#define FYI_METRICS_H

#include "tensor/tensor.h"

#include <ferry/train.h>

/* FY_EDTYPE or FY_ESHAPE unless t is f32 [n, k] with n >= 1 and k >= 2; `what` begins the sentence. */
fy_status fyi_check_logits(const fy_tensor *t, const char *what);
/* p = softmax(x) [k]; the log of the sum of exp(x), by which log p(c) = x[c] - it. An x of -inf has p 0; NaN and p
 * undefined where another is not finite, or all are -inf. */
double fyi_log_sum(const float *x, int64_t k, double *p);
/* The same, and NaN for an x of -inf too: of a class whose log p is no number. */
double fyi_softmax(const float *x, int64_t k, double *p);
/* The largest of x[0..k-1], the first of equals; -1 if any is NaN. */
int32_t fyi_argmax(const float *x, int64_t k);
/* Fraction of predicted[i] == truth[i]. */
double fyi_accuracy(const int32_t *predicted, const int32_t *truth, int64_t n);
/* The matching of rows to columns of table [k, k] with the largest sum; match[row] = column. */
fy_status fyi_match(const int64_t *table, int k, int32_t *match);

#endif
