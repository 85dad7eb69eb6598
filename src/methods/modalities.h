/* modalities.h: what methods for several modalities ask of their samples before anything runs. Sentences begin with the method's name.
 * Public functions only. */
#ifndef FERRY_METHODS_MODALITIES_H
#define FERRY_METHODS_MODALITIES_H

#include <ferry/fuse.h>

/* Their names are to be those of files, and no others of a run's. */
fy_status modalities_check_names(const char *method, const fy_parts *p);
/* Such a name: up to 63 letters, digits, '.', '_' and '-', neither '.' nor '-' first. */
bool modalities_is_name(const char *name);
/* The fusion's family knows what a missing part is. */
fy_status modalities_check_fusion(const char *method, const char *family);
/* p, which may be NULL, can be judged by models that learn from `train`: the same modalities, shapes and classes. */
fy_status modalities_check_side(const char *method, const fy_parts *train, const fy_parts *p);
/* The same but for labels, of which p has none. */
fy_status modalities_check_unlabelled(const char *method, const fy_parts *train, const fy_parts *p);
/* A part that no sample has cannot be learnt, nor its epoch chosen. */
fy_status modalities_check_there(const char *method, const fy_parts *p, const char *side);

#endif
