/* pid.h: what modalities know about a label, and what each is worth.
 *
 *   decomposition   the information of two variables about a third in four parts (partial information
 *                   decomposition, Williams and Beer 2010), by the measure of Bertschinger et al. (2014, "Quantifying
 *                   unique information"):
 *
 *                     I(Y; X1)      = redundant + unique[0]
 *                     I(Y; X2)      = redundant + unique[1]
 *                     I(Y; X1, X2)  = redundant + unique[0] + unique[1] + synergy
 *                     unique[0]     = min of I_Q(Y; X1 | X2) over all Q with P's margins (Y, X1) and (Y, X2)
 *
 *   probe           how much of a label can be read from features by a linear classifier
 *   Shapley value   a fair share of a figure for each modality, from the figures of all subsets of them
 *
 * Nothing here keeps a state: any number of threads may call it. */
#ifndef FERRY_PID_H
#define FERRY_PID_H

#include "data.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- decomposition ----------------------------------------------------------------------------------- */

/* In bits. */
typedef struct fy_pid_bits {
    double redundant, unique[2], synergy; /* none below 0 */
    double information[2], both;          /* I(Y; X1), I(Y; X2), I(Y; X1, X2) */
    double gap; /* certified: unique information is too large by at most this, redundancy and synergy too small */
    int64_t iterations; /* of Newton's method */
} fy_pid_bits;

typedef struct fy_pid_opts {
    bool are_counts;        /* the table is divided by its sum; false: it sums to 1 */
    double gap;             /* bits; small enough */
    int64_t max_iterations; /* then what was reached is given, with its gap */
    int clusters;           /* of features, for each variable */
    int shuffles;           /* of the labels, for `chance` */
    uint64_t seed;          /* of the clusters and shuffles */
} fy_pid_opts;
FY_API fy_pid_opts
fy_pid_defaults(void); /* sums to 1, gap 1e-6, 500 iterations, 8 clusters, 20 shuffles */

#define FY_PID_MAX_STATES 1024
/* Margins (y, x1) and (y, x2) with a probability other than 0, together. */
#define FY_PID_MAX_MARGINS 2048
/* p [ny, n1, n2]: how probable, or how often, Y = y, X1 = i and X2 = j are. Exact but for out->gap. FY_EINVAL for a table that is
 * negative, not finite, empty, too large, or does not sum to 1; FY_ECANCELED when asked to stop. `o` NULL: defaults. */
FY_API FY_NODISCARD fy_status fy_pid(const double *p, int n1, int n2, int ny, const fy_pid_opts *o,
                                     fy_pid_bits *out);

/* Samples of three variables with few values each. */
typedef struct fy_pid_samples {
    const int32_t *x1, *x2, *y; /* [n], 0 .. n1 - 1 and so on; lent */
    int64_t n;
    int n1, n2, ny;
} fy_pid_samples;
/* Of the frequencies. A finite sample shows information where there is none, by about (n1 n2 - 1)(ny - 1) / (2 n ln 2) bits of both
 * (Miller 1955), most of it as synergy: `chance`, unless NULL, has the means over o->shuffles shuffles of y against the pairs, which
 * is what as many samples of an independent label come to. What does not rise clearly above it is not there. */
FY_API FY_NODISCARD fy_status fy_pid_of_samples(const fy_pid_samples *s, const fy_pid_opts *o,
                                                fy_pid_bits *out, fy_pid_bits *chance);
/* x1 [n, d1] and x2 [n, d2] f32, features or values; y [n] of classes 0 .. ny - 1. Each variable becomes the number of its
 * k-means cluster, of o->clusters: a coarse look, which can only lose information. Values count as they are: standardise
 * columns of different units first. */
FY_API FY_NODISCARD fy_status fy_pid_of_features(const fy_tensor *x1, const fy_tensor *x2,
                                                 const int32_t *y, int ny, const fy_pid_opts *o,
                                                 fy_pid_bits *out, fy_pid_bits *chance);

/* Small tables whose parts are known, to check and to learn by. */
#define FY_PID_GATE_MAX 1024
typedef struct fy_pid_gate {
    const char *name, *text; /* "xor", "y = x1 xor x2" */
    int n1, n2, ny;
    double p[FY_PID_GATE_MAX]; /* [ny, n1, n2] */
} fy_pid_gate;
/* "and", "or", "xor", "copy", "unique", ...; NULL-terminated. */
FY_API const char *const *fy_pid_gate_names(void);
/* FY_EINVAL for an unknown name, naming the nearest. */
FY_API FY_NODISCARD fy_status fy_pid_gate_make(const char *name, fy_pid_gate *out);

/* The parts that the label and modalities m1 and m2 of drawn data have, before noise: known beforehand. What the other
 * modalities see counts for neither. */
FY_API FY_NODISCARD fy_status fy_facts_pid(const fy_facts_opts *o, int m1, int m2, fy_pid_bits *out);

/* ---- Shapley values ---------------------------------------------------------------------------------- */

#define FY_SHAPLEY_MAX 8
/* value[s]: the figure (an accuracy) of the subset s of m modalities, bit i of s for modality i; value[0] without any, such as
 * that of the most frequent class. out [m]: each modality's mean gain over all orders in which they could come (Shapley 1953);
 * they sum to value[all] - value[0]. */
FY_API FY_NODISCARD fy_status fy_shapley(const double *value, int m, double *out);

/* ---- linear probe ------------------------------------------------------------------------------------ */

#define FY_PROBE_MAX_L2 16
typedef struct fy_probe_opts {
    double l2[FY_PROBE_MAX_L2]; /* candidates; the best by the validation part is used for all samples */
    int n_l2;
    double holdout;   /* share of the training samples for that choice */
    bool standardise; /* columns to mean 0 and deviation 1, by the training samples */
    double tolerance; /* of the largest derivative */
    int64_t max_iterations;
    uint64_t seed; /* which are held out */
} fy_probe_opts;
/* l2 1, 0.1 .. 1e-4, a fifth held out, standardised, 1e-5, 1,000 iterations */
FY_API fy_probe_opts fy_probe_defaults(void);

typedef struct fy_probe {
    double accuracy;            /* on the test samples */
    double train_accuracy;      /* on those that it learned from */
    double validation_accuracy; /* of the chosen l2 on the part held out; NaN with one candidate */
    double l2;                  /* chosen: the larger of equals */
    double loss;                /* nats, with the penalty */
    int64_t iterations;         /* of the last fit */
    double gradient; /* the largest derivative at its end; not above the tolerance: it converged */
} fy_probe;

/* Features [n, d] f32 and their labels, 0 .. n_classes - 1. */
typedef struct fy_probe_data {
    const fy_tensor *x;
    const int32_t *y; /* [n] */
} fy_probe_data;
/* Multinomial logistic regression, mean -log p(y) + l2 / 2 |W|^2 with the bias free, to convergence by L-BFGS in double
 * precision; the same bytes whatever the number of threads. FY_ENAN for features that are not finite, FY_EINVAL for labels that
 * are no classes. `o` NULL: defaults. */
FY_API FY_NODISCARD fy_status fy_linear_probe(const fy_probe_data *train, const fy_probe_data *test,
                                              int n_classes, const fy_probe_opts *o, fy_probe *out);

#ifdef __cplusplus
}
#endif
#endif
