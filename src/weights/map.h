/* map.h: which tensor of a file goes into which parameter of a model, where their names differ. */
#ifndef FYI_MAP_H
#define FYI_MAP_H

#include "weights/weights.h"

/* "theirs -> ours": two names, or two with a '*' each that stands for the same text. */
typedef struct fyi_map_rule {
    const char *theirs, *ours;
    int n_meant, n_found; /* parameters that it decides about, and tensors for them in the file */
} fyi_map_rule;

typedef struct fyi_map {
    fyi_map_rule *v; /* in an arena, like all texts */
    int n;
    bool is_auto; /* what no name finds a tensor for is paired by order and shape */
} fyi_map;

/* map.c: FY_EINVAL for what is no rule. `text` may be NULL. */
fy_status fyi_map_read(const char *text, fyi_arena *arena, fyi_map *out);
/* The first rule about the model's `ours`; NULL: none is. */
fyi_map_rule *fyi_map_rule_of(const fyi_map *map, const char *ours);
/* What the file calls it, in the arena; NULL when out of memory. */
const char *fyi_map_name(const fyi_map *map, const char *ours, fyi_arena *arena);
/* FY_EINVAL names the first rule that nothing came of. */
fy_status fyi_map_check(const fyi_map *map, const fy_model *m, const fy_weights *w);

/* map_auto.c: i_file[i] of the model's parameters that have none (-1) from tensors that no other has: layers alike are
 * paired in their order where model and file have as many of them. */
fy_status fyi_map_pair(const fy_model *m, const fy_weights *w, int *i_file);

#endif
