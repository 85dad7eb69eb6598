/* clusters.c: do the target's classes lie apart? Its features in as many clusters as there are classes, by k-means, against the predicted
 * classes, by the V-measure (Rosenberg and Hirschberg 2007, with beta 1), as K. Musgrave, S. Belongie and S. Lim (2022) do:
 *
 *   h = 1 - H(class | cluster) / H(class)   c = 1 - H(cluster | class) / H(cluster)   V = 2 h c / (h + c) */
#include "train/validators/validators.h"

#include <math.h>

#define RESTARTS 3

static double entropy_of(const double *n, int k, int step, double all)
{
    double h = 0;

    for (int i = 0; i < k; i++)
        if (n[i * step] > 0)
            h -= n[i * step] / all * log(n[i * step] / all);
    return h;
}

/* table [k + 1, k + 1], the last row and column are sums. */
static double measure(const double *table, int k, double all)
{
    const int w = k + 1;
    const double classes = entropy_of(table + k * w, k, 1, all);
    const double clusters = entropy_of(table + k, k, w, all);
    double both = 0;

    for (int r = 0; r < k; r++)
        both += entropy_of(table + r * w, k, 1, all);
    const double mutual = classes + clusters - both;
    return classes + clusters > 0 ? 2 * mutual / (classes + clusters) : 0;
}

static double agreement(const int32_t *cluster, const int32_t *class, int64_t n, int k,
                        double *table)
{
    const int w = k + 1;

    for (int64_t i = 0; i < n; i++) {
        table[cluster[i] * w + class[i]]++;
        table[cluster[i] * w + k]++;
        table[k * w + class[i]]++;
    }
    return measure(table, k, (double)n);
}

static fy_status value(const fyi_look *l, double *out)
{
    const int64_t n = l->target.n;
    int32_t *cluster = fyi_calloc((size_t)n, sizeof *cluster);
    double *table = fyi_calloc((size_t)(l->k + 1) * (size_t)(l->k + 1), sizeof *table);
    fy_status st = FY_OK;

    *out = (double)NAN;
    if (cluster == NULL || table == NULL) {
        st = fyi_enomem((size_t)n * sizeof *cluster, "clusters");
        goto done;
    }
    if (n < l->k)
        goto done;
    FY_TRY(fy_kmeans(l->target.z, l->k, RESTARTS, 0, cluster, NULL, NULL));
    *out = agreement(cluster, l->target.y, n, l->k, table);
done:
    fyi_free(table);
    fyi_free(cluster);
    return st;
}

const fyi_validator fyi_validator_clusters = {
    .name = "clusters",
    .text = "agreement of predicted classes with clusters of features (class-cluster, Musgrave et "
            "al. 2022)",
    .is_gain = true,
    .votes = true,
    .value = value,
};
