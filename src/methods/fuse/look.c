/* look.c: how good a network is on validation samples. */
#include "methods/fuse/fuse.h"

bool fuse_is_better(const fuse_figure *than, const fuse_figure *f)
{
    return f->accuracy > than->accuracy || (f->accuracy == than->accuracy && f->loss < than->loss);
}

/* Samples that have part m, all for m < 0. */
static fy_status count(const fusing *f, const fy_tensor *logits, int m, fy_scores *scores)
{
    const fy_parts *p = f->data->val;
    const float *v = fy_tensor_const_data(logits);
    fy_status st = FY_OK;
    int32_t y;
    for (int64_t i = 0; i < fy_parts_count(p); i++) {
        if (m >= 0 && fy_parts_there(p, m)[i] == 0)
            continue;
        FY_TRY(fy_dataset_label(fy_parts_dataset(p, 0), i, &y));
        FY_TRY(fy_scores_add(scores, v + i * f->n_classes, &y, 1));
    }
done:
    return st;
}

static fy_status figure_of(const fusing *f, const fy_tensor *logits, int m, fuse_figure *out)
{
    const fy_figures *figures;
    fy_scores *scores = NULL;
    fy_status st;
    FY_TRY(fy_scores_new(f->n_classes, &scores));
    FY_TRY(count(f, logits, m, scores));
    FY_TRY(fy_scores_figures(scores, &figures));
    *out = (fuse_figure){ figures->accuracy, figures->nll };
done:
    fy_scores_free(scores);
    return st;
}

static fy_status look_with(const fusing *f, const fuse_net *net, const fy_tensor *z,
                           unsigned subset, int m, fuse_figure *out)
{
    fy_tensor *logits = NULL;
    fy_status st = fy_fused_logits(net->fused, z, subset, &logits);
    if (st == FY_OK)
        st = figure_of(f, logits, m, out);
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
