/* fused.h: the inside of a model of several modalities. */
#ifndef FYI_FUSED_H
#define FYI_FUSED_H

#include "train/train.h"

#include <ferry/fused.h>

struct fy_fused {
    fy_device *dev;
    int n; /* modalities */
    int64_t width, classes;
    fy_model *encoders[FY_MAX_MODALITIES], *fusion;
    bool is_owner; /* of the models */
    fy_predictor *encode[FY_MAX_MODALITIES], *fuse;
};

/* fused_file.c: fused.json. Names are those of the encoders, in their order. */
#define FYI_FUSED_NAME 64
typedef struct fyi_fused_names {
    int n;
    char v[FY_MAX_MODALITIES][FYI_FUSED_NAME];
} fyi_fused_names;
fy_status fyi_fused_names_read(const char *path, fyi_fused_names *out);
/* From bytes, for which `path` stands in sentences. */
fy_status fyi_fused_names_parse(const char *path, const char *text, size_t bytes,
                                fyi_fused_names *out);

#endif
