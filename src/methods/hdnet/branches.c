/* branches.c: stage 2, encoders and heads learn the target, each modality by itself; the fusion stays as it is.
 *
 *   soft     (1 - eta) CE_T(s_m) + eta CE_S(s_m), at M w_m times the rate
 *   hard     CE_T(s_m), and -g l_m of the gradient of CE(D_m(z_m), domain) at z_m
 *   hybrid   both
 *
 * Modality m's loss reaches its own encoder and heads alone, so that w_m can be a learning rate: as a factor of the loss Adam would not
 * notice it. Critics learn first, by the whole of their loss; encoders see them as they are then. */
#include "methods/hdnet/hdnet.h"

#include "methods/losses.h"

/* ---- the labels ------------------------------------------------------------------------------------------- */

static fy_node labels_loss(hdnet_stage *s, int m)
{
    const float eta = s->by->shares ? (float)s->h->o->soft.source : 0;
    const fy_node all = hdnet_branch(s, s->z[m], m, false);
    const fy_node said = hdnet_rows(s, all, HDNET_LABELLED);
    const fy_node loss = hdnet_cross_entropy(s, HDNET_LABELLED, said, m);
    hdnet_watch_branch(s, HDNET_LABELLED, said, m);
    if (!(eta > 0))
        return loss;
    const fy_node of_source =
        hdnet_cross_entropy(s, HDNET_SOURCE, hdnet_rows(s, all, HDNET_SOURCE), m);
    return fy_add(s->g, fy_scale(s->g, loss, 1 - eta), fy_scale(s->g, of_source, eta));
}

/* ---- the domains ------------------------------------------------------------------------------------------ */

/* The target's rows that a critic looks at: those without labels where there are any, since they are more. */
static int seen_of_target(const hdnet_stage *s)
{
    return s->sets[HDNET_UNLABELLED].p ? HDNET_UNLABELLED : HDNET_LABELLED;
}

/* Half of what the critic misses in each domain, over the rows that have the part. */
static fy_node domain_loss(hdnet_stage *s, fy_node said, fy_node y, int m)
{
    const int64_t n = s->sets[HDNET_SOURCE].rows;
    const fy_node each = fy_cross_entropy(s->g, said, y);
    const fy_node source = fy_slice(s->g, each, 0, 0, n);
    const fy_node target = fy_slice(s->g, each, 0, n, fy_node_shape(s->g, each).d[0] - n);
    return fy_scale(s->g,
                    fy_add(s->g, hdnet_mean(s, HDNET_SOURCE, source, m),
                           hdnet_mean(s, seen_of_target(s), target, m)),
                    0.5f);
}

/* What encoder m is to hide: its features of both domains, through which g l_m of the gradient goes back reversed. */
static fy_node reversed(hdnet_stage *s, fy_node source, fy_node target, int m)
{
    const fy_node by = hdnet_scalar(s, "reverse", m);
    if (s->h->o->hard.on_target_only)
        source = fy_detach(s->g, source);
    return fy_grad_reverse(s->g, fy_concat2(s->g, 0, source, target), by);
}

/* Adds to the critics' loss, and gives what encoder m learns from critic m. */
static fy_node oppose(hdnet_stage *s, int m)
{
    fy_graph *g = s->g;
    const fy_node source = hdnet_rows(s, s->z[m], HDNET_SOURCE);
    const fy_node target = hdnet_rows(s, s->z[m], seen_of_target(s));
    const fy_node y =
        loss_domain_labels(g, s->sets[HDNET_SOURCE].rows, s->sets[seen_of_target(s)].rows);
    const fy_node plain = fy_detach(g, fy_concat2(g, 0, source, target));
    const fy_node told = fy_model_apply(g, s->h->critics[m], plain, FY_TRAIN);
    s->critic = loss_sum(g, s->critic, domain_loss(s, told, y, m));
    s->won_watch[m] = hdnet_watch(s, "critic", m, fy_accuracy(g, told, y));
    return domain_loss(s, fy_model_apply_fixed(g, s->h->critics[m], reversed(s, source, target, m)),
                       y, m);
}

void hdnet_build_branches(hdnet_stage *s)
{
    for (int m = 0; m < s->h->n; m++) {
        s->loss = loss_sum(s->g, s->loss, labels_loss(s, m));
        if (s->by->opposes)
            s->loss = fy_add(s->g, s->loss, oppose(s, m));
    }
}
