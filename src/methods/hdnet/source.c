/* source.c: stage 1, everything learns the source, and the answers teach each other (deep mutual learning, Zhang et al. 2018):
 *
 *   L = CE(s_0) + a sum_m aux(s_m) + k r mean_m [KD(s_0 -> s_m) + KD(s_m -> s_0)],  r = min(1, epoch / E)
 *   aux   "ce": CE(s_m)    "ce+kd": CE(s_m) + KD(s_0 -> s_m)    "mse": mean over classes of (s_m - s_0)^2, no gradient to s_0 */
#include "methods/hdnet/hdnet.h"

#include "methods/losses.h"

#include <string.h>

static const char *const aux_losses[] = { "ce", "ce+kd", "mse", NULL };

const char *const *fy_hdnet_aux_losses(void)
{
    return aux_losses;
}

static fy_node mean_square(const hdnet_stage *s, fy_node whole, fy_node branch, int m)
{
    static const int classes[] = { 1 };
    const fy_node square = fy_square(s->g, fy_sub(s->g, branch, fy_detach(s->g, whole)));
    return hdnet_mean(s, HDNET_SOURCE, fy_mean(s->g, square, classes, 1, false), m);
}

static fy_node aux_loss(const hdnet_stage *s, fy_node whole, fy_node branch, int m)
{
    const char *kind = s->h->o->aux_loss;
    if (strcmp(kind, "mse") == 0)
        return mean_square(s, whole, branch, m);
    const fy_node loss = hdnet_cross_entropy(s, HDNET_SOURCE, branch, m);
    return strcmp(kind, "ce") == 0
               ? loss
               : fy_add(s->g, loss, hdnet_kd(s, HDNET_SOURCE, whole, branch, m));
}

/* mean_m [KD(s_0 -> s_m) + KD(s_m -> s_0)] of a set's rows. */
static fy_node mutual(hdnet_stage *s, int set, fy_node whole, const fy_node *branches)
{
    fy_node sum = FY_NO_NODE;
    for (int m = 0; m < s->h->n; m++) {
        sum = loss_sum(s->g, sum, hdnet_kd(s, set, whole, branches[m], m));
        sum = loss_sum(s->g, sum, hdnet_kd(s, set, branches[m], whole, m));
    }
    return fy_scale(s->g, sum, 1 / (float)s->h->n);
}

static fy_node mutual_on_target(hdnet_stage *s)
{
    fy_node branches[HDNET_MAX] = { { 0 } };
    for (int m = 0; m < s->h->n; m++)
        branches[m] = hdnet_branch(s, hdnet_rows(s, s->z[m], HDNET_UNLABELLED), m, false);
    return mutual(s, HDNET_UNLABELLED, hdnet_whole(s, HDNET_UNLABELLED), branches);
}

static void add_mutual(hdnet_stage *s, fy_node whole, const fy_node *branches)
{
    if (!(s->h->o->kd_weight > 0))
        return;
    fy_node said = mutual(s, HDNET_SOURCE, whole, branches);
    if (s->sets[HDNET_UNLABELLED].p)
        said = fy_add(s->g, said, mutual_on_target(s));
    (void)hdnet_watch(s, "mutual", -1, said);
    s->loss = fy_add(s->g, s->loss, fy_mul(s->g, hdnet_scalar(s, "kd", -1), said));
}

void hdnet_build_source(hdnet_stage *s)
{
    fy_node branches[HDNET_MAX] = { { 0 } };
    const fy_node whole = hdnet_whole(s, HDNET_SOURCE);
    (void)hdnet_watch(s, "train.fused", -1, fy_accuracy(s->g, whole, s->sets[HDNET_SOURCE].y));
    s->loss = hdnet_cross_entropy(s, HDNET_SOURCE, whole, -1);
    for (int m = 0; m < s->h->n; m++) {
        branches[m] = hdnet_branch(s, hdnet_rows(s, s->z[m], HDNET_SOURCE), m, false);
        hdnet_watch_branch(s, HDNET_SOURCE, branches[m], m);
        const fy_node aux = aux_loss(s, whole, branches[m], m);
        s->loss = fy_add(s->g, s->loss, fy_scale(s->g, aux, (float)s->h->o->aux_weight));
    }
    add_mutual(s, whole, branches);
}

/* What all of this is held against: CE(s_0) moves encoders and fusion, on the source or on the target's labelled samples. */
void hdnet_build_joint(hdnet_stage *s)
{
    const int set = s->target ? HDNET_LABELLED : HDNET_SOURCE;
    const fy_node whole = hdnet_whole(s, set);
    (void)hdnet_watch(s, "train.fused", -1, fy_accuracy(s->g, whole, s->sets[set].y));
    s->loss = hdnet_cross_entropy(s, set, whole, -1);
}
