/* encoders.h: the networks that models of several modalities are made of. Public functions only. */
#ifndef FERRY_METHODS_ENCODERS_H
#define FERRY_METHODS_ENCODERS_H

#include <ferry/fuse.h>

typedef struct encoder_how {
    const fy_network_opts *network; /* family NULL: by the samples, as in fy_fuse_opts */
    const fy_dataset *of;
    const fy_pixels *pixels; /* NULL: not said */
    int64_t features;
    uint64_t seed;
} encoder_how;
/* What fits of its weights' file is loaded. */
fy_status encoder_open(const encoder_how *how, const char *name, fy_model **out);
/* The same file again. */
fy_status encoder_load(fy_model *m, const fy_network_opts *o);

typedef struct fusion_how {
    const char *family;
    const fy_parts *train;
    int64_t features, hidden;
    uint64_t seed;
} fusion_how;
/* Knows the classes' names. */
fy_status fusion_open(const fusion_how *how, const char *name, fy_model **out);

#endif
