/* parts.h: samples that consist of several parts, one of each modality: a picture and a sound, two sensors.
 *
 *   modality   where parts come from; modality m of every sample has its own shape and its own encoder
 *   encoder    a model from a part to d features, the same d for all modalities
 *   fusion     a model from all features to one result; families "fusion_..." of fy_model_open
 *
 * Any part of any sample may be missing. A fusion puts its neutral element there, and what remains is what the other parts
 * say through the same weights: that is how one modality is looked at alone, too. */
#ifndef FERRY_PARTS_H
#define FERRY_PARTS_H

#include "data.h"
#include "nn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FY_MAX_MODALITIES 8

/* What a fusion reads: z [n_modalities], features [n, d] each, and there [n_modalities], f32 [n, 1] each, 1 where the part is
 * there and 0 where it is missing; an entry FY_NO_NODE, or `there` NULL: everywhere. Returns [n, n_modalities, d + 1]; a fusion for it has
 * the input [n_modalities, d + 1]. In each row something should be there. */
FY_API fy_node fy_parts_together(fy_graph *g, const fy_node *z, const fy_node *there,
                                 int n_modalities);

#ifdef __cplusplus
}
#endif
#endif
