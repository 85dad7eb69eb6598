/* map.h: methods on fixed features: the source's are mapped to where the target's are, and the classifier learns them there. Public
 * functions only. */
#ifndef FERRY_METHODS_MAP_H
#define FERRY_METHODS_MAP_H

#include "methods/carry/carry.h"

/* What there is to map: features of both domains by the source model's encoder. */
typedef struct carry_mapping {
    fy_run *run; /* that is told how far it is; NULL: nobody */
    const char *stage;
    fy_tensor *source, *target; /* [n, d], [m, d] */
    fy_tensor *labels;          /* i32 [n], the source's */
    const fy_adapt_opts *o;
    fy_tensor *to;          /* [n, d], the source's features mapped: what a method fills in */
    fy_tensor *mean, *axes; /* subspace: the target's mean [d] and axes [q, d]; else NULL */
} carry_mapping;

/* Looks at both domains, maps, and leaves c->mapped, what the classifier learns. */
fy_status carry_map(carrying *c);
void carry_unmap(carrying *c);
/* FY_EINVAL for an encoder whose result is no vector. */
fy_status carry_check_features(const carrying *c);

/* The methods' own: with `to` made, or made anew, and the rest given. */
fy_status subspace_map(carry_mapping *m);
fy_status transport_map(carry_mapping *m);

#endif
