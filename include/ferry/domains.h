/* domains.h: losses that bring two domains together, over what a network makes of samples of both: features before the
 * classifier and logits behind it. Each is a scalar, or one number per sample where that is said, made of operators of graph.h;
 * methods/carry shows what methods make of them:
 *
 *   loss = fy_add(g, task, fy_scale(g, fy_coral(g, source_features, target_features), 10));
 *
 * Shapes that do not fit are a mistake of the graph. */
#ifndef FERRY_DOMAINS_H
#define FERRY_DOMAINS_H

#include "graph.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- two clouds of features ------------------------------------------------------------------------------- */

/* Squared distance of the two covariances over 4 d^2; source [n, d], target [m, d] with two samples or more (Sun and Saenko
 * 2016, "Deep CORAL", equations 1 to 3). */
FY_API fy_node fy_coral(fy_graph *g, fy_node source, fy_node target);

/* Squared maximum mean discrepancy by a sum of five Gaussian kernels exp(-|a - b|^2 / (w 2^i)), i = -2 .. 2, over all pairs
 * (Long et al. 2015, section 3; the biased estimate of Gretton et al. 2012, equation 5, which is never negative). w, `width`: a
 * scalar; FY_NO_NODE: the mean squared distance of two samples of the batch, through which no gradient passes. */
FY_API fy_node fy_mmd(fy_graph *g, fy_node source, fy_node target, fy_node width);

#define FY_MAX_JOINT 4
/* What one layer says of both domains, and the kernel that compares it. */
typedef struct fy_joint {
    fy_node source, target; /* [n, d], [m, d] */
    fy_node width;          /* as in fy_mmd */
    bool is_single;         /* one kernel, of that width, instead of five */
} fy_joint;
/* The same for the product of the layers' kernels: a discrepancy of their joint distributions (Long et al. 2017, equation 9).
 * Layers have the same samples; n_layers 1 to FY_MAX_JOINT. */
FY_API fy_node fy_joint_mmd(fy_graph *g, const fy_joint *layers, int n_layers);

/* |x_i| of each row, x [n, d] -> [n]; a row shorter than 1e-8 has length 1e-8 and gets no gradient. */
FY_API fy_node fy_lengths(fy_graph *g, fy_node x);

/* What a critic sees of features f [n, d] and predicted probabilities p [n, k]: their outer product [n, d k], or, for
 * `width` > 0, (f A) (p B) / sqrt(width), [n, width], for fixed A, B of normal numbers drawn from seed, whose products are those
 * of outer products in the mean (Long et al. 2018, equations 5 and 6). */
FY_API fy_node fy_multilinear(fy_graph *g, fy_node f, fy_node p, int64_t width, uint64_t seed);

/* ---- predictions -------------------------------------------------------------------------------------------- */

/* 1 + exp(-H) of each row's softmax, [n, k] -> [n]: 1 for a guess, 2 where it is certain (Long et al. 2018, section 3.3). */
FY_API fy_node fy_certainty(fy_graph *g, fy_node logits);

/* How much classes are confused in softmax(logits / temperature): the mean over classes of what of a class's row of the weighted
 * confusions goes to others (Jin et al. 2020, equations 2 to 7). rows [n]: weights of samples, of any scale, through which no
 * gradient passes; FY_NO_NODE: all alike. */
FY_API fy_node fy_class_confusion(fy_graph *g, fy_node logits, float temperature, fy_node rows);

/* Sum of the singular values of x [n, k]; its gradient is U V^T, found by twenty steps of Newton and Schulz (Higham 2008,
 * section 8.3), good for singular values above a thousandth of the largest; smaller ones count less. Of predicted probabilities it
 * is large where they are certain and of many classes (Cui et al. 2020). */
FY_API fy_node fy_nuclear_norm(fy_graph *g, fy_node x);

/* Mean absolute difference of two classifiers' probabilities for the same samples, logits [n, k] (Saito et al. 2018, equation 3). */
FY_API fy_node fy_discrepancy(fy_graph *g, fy_node a, fy_node b);

/* mean_i H(p_i) - H(mean_i p_i), in nats, of softmax(logits): at least -log k, where each prediction is certain and all classes are
 * predicted alike (Krause et al. 2010; Liang et al. 2020, equation 3). */
FY_API fy_node fy_information_loss(fy_graph *g, fy_node logits);

/* gamma CE(a_s, c_s) - mean log(1 - p(a_t)[c_t]): small where an adversary with logits a agrees with the classes c i32 [n] of the
 * source and denies those of the target (Zhang et al. 2019, equations 28 to 30). Labels behind a gradient reversal make of it the
 * margin disparity discrepancy. */
FY_API fy_node fy_margin_disparity(fy_graph *g, fy_node source, fy_node source_class,
                                   fy_node target, fy_node target_class, float gamma);

#ifdef __cplusplus
}
#endif
#endif
