/* clusters.h: names for unlabelled samples, from where their features lie. Public functions only. */
#ifndef FERRY_METHODS_CLUSTERS_H
#define FERRY_METHODS_CLUSTERS_H

#include <ferry/methods.h>

typedef struct clusters {
    fy_device *dev;
    fy_model *encoder, *classifier; /* one after the other */
    const fy_dataset *data;
    int classes;                  /* as many clusters */
    int64_t components, restarts; /* principal components, whitened; of k-means */
    uint64_t seed;
} clusters;

/* FY_EINVAL for more components than there can be; `method` begins the sentence. */
fy_status clusters_check(const clusters *c, const char *method);
/* name [count of the data]: each sample's cluster, called what the classifier calls most of it. */
fy_status clusters_find(const clusters *c, int32_t *name);

#endif
