/* adda_graph.c: the adversarial stage's graph: what the critic sees, and the two objectives over it. */
#include "adda.h"
#include "losses.h"
#include "optim.h"

#include <ferry/domains.h>

/* What the critic sees of features f [n, w] whose logits are s [n, k]: themselves, or one copy per class,
 * weighted by the predicted probability of the class: [n, k w]. No gradient passes the probabilities. */
static fy_node critic_view(const adda *a, fy_graph *g, fy_node f, fy_node s)
{
    return a->o->conditional ? fy_multilinear(g, fy_detach(g, fy_softmax(g, s)), f, 0, 0) : f;
}

/* Where the two domains come to: features or logits, and what of them the critic sees. */
typedef struct meeting {
    fy_node source, target; /* the critic's views */
    fy_node logits;         /* of the target */
} meeting;

static meeting build_meeting(const adda *a, fy_graph *g, const crossing *c)
{
    fy_node fs = fy_model_apply(g, a->source, c->xs, FY_EVAL);
    fy_node ft = fy_model_apply(g, a->target, c->xt, FY_TRAIN);
    const fy_node ss = fy_model_apply(g, a->classifier, fs, FY_EVAL);
    const fy_node tt = fy_model_apply(g, a->target_classifier, ft, FY_TRAIN);
    if (a->o->critic_on_logits) {
        fs = ss;
        ft = tt;
    }
    const fy_node hs = critic_view(a, g, fs, ss), ht = critic_view(a, g, ft, tt);
    return (meeting){ hs, ht, tt };
}

/* Source is 0, target is 1. */
static void teach_critic(const adda *a, fy_graph *g, const meeting *m, const fy_optim *optim,
                         crossing *c)
{
    const int64_t n = a->o->batch;
    const fy_node both =
        fy_model_apply(g, a->critic, fy_concat2(g, 0, m->source, fy_detach(g, m->target)), FY_TRAIN);
    const fy_node is_target = loss_domain_labels(g, n, n);
    c->critic_loss = fy_mean_all(g, fy_cross_entropy(g, both, is_target));
    c->critic_accuracy = fy_accuracy(g, both, is_target);
    const fy_objective critic = fy_objective_add(g, "critic", c->critic_loss, optim);
    fy_objective_moves_model(g, critic, a->critic, "*", NULL);
}

/* The critic should call the target's images source. */
static void teach_target(const adda *a, fy_graph *g, const meeting *m, const fy_optim *optim,
                         crossing *c)
{
    const int64_t n = a->o->batch;
    const fy_node called = fy_model_apply(g, a->critic, m->target, FY_TRAIN);
    fy_node loss = fy_mean_all(g, fy_cross_entropy(g, called, loss_domain_labels(g, n, 0)));
    loss = fy_scale(g, loss, (float)a->o->adversarial_weight);
    if (a->o->pseudo_weight > 0) {
        const fy_node task = fy_mean_all(g, fy_cross_entropy(g, m->logits, c->pseudo));
        loss = fy_add(g, loss, fy_scale(g, task, (float)a->o->pseudo_weight));
    }
    c->target_loss = loss;
    const fy_objective target = fy_objective_add(g, "target", loss, optim);
    fy_objective_moves_model(g, target, a->target, "*", NULL);
    if (a->o->critic_on_logits)
        fy_objective_moves_model(g, target, a->target_classifier, "*", NULL);
}

crossing adda_inputs(const adda *a, fy_graph *g)
{
    const int64_t n = a->o->batch;
    const fy_shape xs = fy_shape_batch(n, fy_dataset_shape(a->data->source)),
                   xt = fy_shape_batch(n, fy_dataset_shape(a->data->target));
    crossing c = { .xs = fy_input(g, "source.x", FY_F32, xs),
                   .xt = fy_input(g, "target.x", FY_F32, xt) };
    if (a->o->pseudo_weight > 0)
        c.pseudo = fy_input(g, "target.cluster", FY_I32, FY_SHAPE(n));
    return c;
}

fy_status adda_build_crossing(const adda *a, fy_graph *g, crossing *c)
{
    fy_optim critic_optim, target_optim;
    fy_status st;
    FY_TRY(optim_of(&a->o->critic_optim, &critic_optim));
    FY_TRY(optim_of(&a->o->target_optim, &target_optim));
    const meeting m = build_meeting(a, g, c);
    teach_critic(a, g, &m, &critic_optim, c);
    teach_target(a, g, &m, &target_optim, c);
    FY_TRY(fy_graph_status(g));
done:
    return st;
}

fy_node adda_critic_of(void *arg, fy_graph *g, bool is_target, fy_node x)
{
    const adda *a = arg;
    const fy_node f = fy_model_apply(g, is_target ? a->target : a->source, x, FY_EVAL);
    const fy_node s =
        fy_model_apply(g, is_target ? a->target_classifier : a->classifier, f, FY_EVAL);
    return fy_model_apply(g, a->critic, critic_view(a, g, a->o->critic_on_logits ? s : f, s),
                          FY_EVAL);
}
