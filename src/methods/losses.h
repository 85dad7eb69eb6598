/* losses.h: what methods teach by. Public functions only. */
#ifndef FERRY_METHODS_LOSSES_H
#define FERRY_METHODS_LOSSES_H

#include <ferry/methods.h>

/* (1 - e) CE(logits, y) + e mean_k -log p_k, a scalar; e is the smoothing, 0 to below 1 (Szegedy et al. 2016,
 * section 7). Against in->y, or against what the labels are worth after mixing where in->q is a node. */
fy_node loss_cross_entropy(fy_graph *g, fy_node logits, const fy_stream *in, double smoothing);

/* *sum += sum (now - then)^2, with the values that `then` has at this moment (L2-SP, Li et al. 2018). */
fy_status loss_add_distance(fy_graph *g, fy_param *now, fy_param *then, fy_node *sum);

#endif
