/* look.c: how good a network is on validation samples. */
#include "methods/fuse/fuse.h"

#include <math.h>
#include <stdlib.h>

/* Of the samples that have part m, of all for m < 0; NaN: there is none. */
static fy_status accuracy(const fusing *f, const fy_tensor *logits, int m, double *out)
{
    const fy_parts *p = f->data->val;
    const int64_t n = fy_parts_count(p);
    const fy_dataset *d = fy_parts_dataset(p, 0);
    int32_t *classes = calloc((size_t)n, sizeof *classes), y;
    int64_t seen = 0, right = 0;
    fy_status st;
    if (!classes)
        return fy_error(FY_ENOMEM, "no memory for the classes of %lld samples", (long long)n);
    FY_TRY(fy_classes_of(logits, classes));
    for (int64_t i = 0; i < n; i++) {
        FY_TRY(fy_dataset_label(d, i, &y));
        if (m < 0 || fy_parts_there(p, m)[i] != 0) {
            seen++;
            right += classes[i] == y;
        }
    }
    *out = seen > 0 ? (double)right / (double)seen : NAN;
done:
    free(classes);
    return st;
}

static fy_status look_with(const fusing *f, const fuse_net *net, const fy_tensor *z,
                           unsigned subset, int m, double *out)
{
    fy_tensor *logits = NULL;
    fy_status st = fy_fused_logits(net->fused, z, subset, &logits);
    if (st == FY_OK)
        st = accuracy(f, logits, m, out);
    fy_tensor_free(logits);
    return st;
}

fy_status fuse_look_at(const fusing *f, const fuse_net *net, fuse_look *l)
{
    fy_status st;
    *l = (fuse_look){ 0 };
    FY_TRY(fy_fused_features(net->fused, f->data->val, FY_ALL_PARTS, &l->z));
    FY_TRY(look_with(f, net, l->z, FY_ALL_PARTS, -1, &l->fused));
    for (int m = 0; m < f->n; m++)
        FY_TRY(look_with(f, net, l->z, 1u << m, m, &l->branch[m]));
done:
    return st;
}
