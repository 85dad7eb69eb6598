/* crd.c: each sample nearer to its own teacher than to the others'. Y. Tian, D. Krishnan and P. Isola (ICLR 2020),
 * "Contrastive Representation Distillation", section 3.1, equations 10 and 11. Both features are embedded linearly to a common
 * width and brought to length 1, z; then
 *
 *   mean_i -ln (e_ii / (e_ii + sum_j rows_j e_ij))   e_ij = exp(z_s[i] . z_t[j] / tau)
 *
 * with the student's samples against the teacher's, plus the same with the teacher's against the student's; j are the batch's
 * samples of other classes or, without labels, all others. The paper draws 16,384 such samples from a memory of the whole
 * dataset and estimates their sum by noise contrast; here the batch is all there is, which needs no memory and no dataset of
 * known size, and is what later contrastive methods do (InfoNCE, van den Oord et al. 2018). A larger batch is a better one.
 * The usual weight, 0.8, is that of the paper's estimate, which is of another size: nobody has published one for this form. */
#include "train/losses/losses.h"

#define FAR_BELOW (-1e9f)
#define LEAST_WEIGHT 1e-30f

static fy_status check(const fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    (void)g;
    if (!in->y.id || in->student.logits.id)
        return FY_OK;
    return fyi_fail(FY_EINVAL,
                    "loss '%s' of '%s' needs the student's logits beside labels, to know how many "
                    "classes there are; give them, or leave the labels out",
                    k->loss->name, k->name);
}

static fy_node embed(fy_layers *l, const fy_model_opts *o, fy_node x)
{
    return fy_layer_linear(l, "embed", x, o->n_classes, true);
}

static fy_status open(fy_kd *k, const fy_graph *g, const fy_kd_in *in)
{
    FYI_FORWARD(fyi_kd_add_adapter(k, embed, fy_node_shape(g, in->student.features), k->o.width, 0));
    return fyi_kd_add_adapter(k, embed, fy_node_shape(g, in->teacher.features), k->o.width, 0);
}

static fy_node embedded(fy_graph *g, fy_model *m, fy_node x)
{
    return fyi_kd_unit(g, fy_model_apply(g, m, x, FY_TRAIN), FY_NO_NODE);
}

/* ln rows, and far below where it is 0. */
static fy_node log_weights(fy_graph *g, fy_node rows)
{
    const fy_node counts = fy_clip(g, fy_scale(g, rows, 1 / LEAST_WEIGHT), 0, 1);
    return fy_add(g, fy_log(g, fy_clip(g, rows, LEAST_WEIGHT, 1e30f)),
                  fy_affine(g, counts, -FAR_BELOW, FAR_BELOW));
}

/* [n, n] to be added to the logits: which samples are told apart. */
static fy_node contrast(fy_graph *g, const fy_kd_in *in, fy_node off_diagonal)
{
    fy_node x = fy_scale(g, off_diagonal, 0);
    if (in->y.id) {
        const fy_node c = fy_one_hot(g, in->y, fy_node_shape(g, in->student.logits).d[1]);
        x = fy_scale(g, fy_matmul(g, c, false, c, true), FAR_BELOW);
    }
    if (in->rows.id)
        x = fy_add(g, x, log_weights(g, in->rows));
    return fy_mul(g, x, off_diagonal);
}

/* 0, 1, ... n - 1: the right answers. */
static fy_node own(fy_graph *g, int64_t n)
{
    int32_t *v = fyi_calloc((size_t)n, sizeof *v);
    if (!v) {
        fy_graph_fail(g, fyi_enomem((size_t)n * sizeof *v, "pairs of samples"));
        return FY_NO_NODE;
    }
    for (int64_t i = 0; i < n; i++)
        v[i] = (int32_t)i;
    const fy_node x = fy_constant(g, FY_I32, FY_SHAPE(n), v);
    fyi_free(v);
    return x;
}

static fy_node one_way(fy_graph *g, fy_node from, fy_node to, fy_node contrasts, const fy_kd *k,
                       fy_node rows)
{
    const fy_node near = fy_scale(g, fy_matmul(g, from, false, to, true), (float)(1 / k->o.tau));
    const fy_node right = own(g, fy_node_shape(g, from).d[0]);
    return fyi_kd_mean(g, fy_cross_entropy(g, fy_add(g, near, contrasts), right), rows);
}

static fy_node build(fy_graph *g, const fy_kd *k, const fy_kd_in *in)
{
    const fy_node s = embedded(g, k->adapters[0], in->student.features);
    const fy_node t = embedded(g, k->adapters[1], in->teacher.features);
    const int64_t n = fy_node_shape(g, in->student.features).d[0];
    const fy_node contrasts = contrast(g, in, fyi_kd_off_diagonal(g, n));
    return fy_add(g, one_way(g, s, t, contrasts, k, in->rows),
                  one_way(g, t, s, contrasts, k, in->rows));
}

const fyi_kd_loss fyi_kd_crd = {
    .name = "crd",
    .text = "each sample nearer to its own teacher than to others' (CRD, Tian et al. 2020)",
    .needs = FYI_KD_FEATURES | FYI_KD_MAY_LABELS,
    .usual_weight = 0.8,
    .defaults = { .tau = 0.07, .width = 128 },
    .check = check,
    .open = open,
    .build = build,
};
