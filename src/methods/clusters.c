/* clusters.c: k-means over an encoder's features, its clusters named after what a classifier makes of them. */
#include "clusters.h"
#include "freeze.h"

#include <stdlib.h>

fy_status clusters_check(const clusters *c, const char *method)
{
    const int64_t width = fy_shape_numel(fy_model_output(c->encoder)), n = fy_dataset_count(c->data);
    const int64_t most = width < n ? width : n;
    if (c->components >= 1 && c->components <= most)
        return FY_OK;
    return fy_error(
        FY_EINVAL, "%s: %lld components of %lld features of %lld target samples; expected 1 to %lld",
        method, (long long)c->components, (long long)width, (long long)n, (long long)most);
}

/* Clusters get the names that agree with C's predictions on more samples than not: k = 2 swaps, more classes
 * match. */
static fy_status name_clusters(int32_t *cluster, const fy_tensor *logits, int k)
{
    const int64_t n = fy_tensor_shape(logits)->d[0];
    int32_t *predicted = calloc((size_t)n, sizeof *predicted),
            *match = calloc((size_t)k, sizeof *match);
    double agreement;
    fy_status st;
    if (!predicted || !match) {
        st = fy_error(FY_ENOMEM, "no memory to name clusters");
        goto done;
    }
    FY_TRY(fy_classes_of(logits, predicted));
    FY_TRY(fy_matched_accuracy(cluster, predicted, n, k, &agreement, match));
    for (int64_t i = 0; i < n; i++)
        cluster[i] = match[cluster[i]];
done:
    free(match);
    free(predicted);
    return st;
}

/* In whitened principal components of the encoder's features. */
fy_status clusters_find(const clusters *c, int32_t *name)
{
    fy_model *const chain[] = { c->encoder, c->classifier };
    fy_predictor *p = NULL;
    fy_tensor *features = NULL, *logits = NULL, *mean = NULL, *axes = NULL, *dev = NULL, *z = NULL;
    double inertia;
    fy_status st;
    FY_TRY(fy_predictor_new(c->dev, chain, 2, FREEZE_LOOK_BATCH, &p));
    fy_tensor **outs[] = { &features, &logits };
    FY_TRY(fy_predict(p, c->data, outs));
    FY_TRY(fy_pca(features, (int)c->components, c->seed, &mean, &axes, &dev));
    FY_TRY(fy_project(features, mean, axes, dev, true, &z));
    FY_TRY(fy_kmeans(z, c->classes, (int)c->restarts, c->seed, name, NULL, &inertia));
    FY_TRY(name_clusters(name, logits, c->classes));
done:
    fy_tensor_free(z);
    fy_tensor_free(dev);
    fy_tensor_free(axes);
    fy_tensor_free(mean);
    fy_tensor_free(logits);
    fy_tensor_free(features);
    fy_predictor_free(p);
    return st;
}
