/* losses.h: what methods teach by. Public functions only. */
#ifndef FERRY_METHODS_LOSSES_H
#define FERRY_METHODS_LOSSES_H

#include <ferry/methods.h>

/* (1 - e) CE(logits, y) + e mean_k -log p_k, a scalar; e is the smoothing, 0 to below 1 (Szegedy et al. 2016,
 * section 7). Against in->y, or against what the labels are worth after mixing where in->q is a node. */
fy_node loss_cross_entropy(fy_graph *g, fy_node logits, const fy_stream *in, double smoothing);

/* i32 [n_source + n_target]: 0 for rows of the source, which come first, 1 for those of the target. */
fy_node loss_domain_labels(fy_graph *g, int64_t n_source, int64_t n_target);

/* a + b; either may be no node. */
fy_node loss_sum(fy_graph *g, fy_node a, fy_node b);

/* sum (now - then)^2, a scalar (L2-SP, Li et al. 2018). No objective moves `then`: plans lend its values, so that it
 * holds those of the beginning for as long as it is left alone. */
fy_node loss_distance(fy_graph *g, fy_param *now, fy_param *then);

#endif
